package org.chronolith.server.info;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The fields of {@code INFO}, by section, in the order of Redis 7.0. {@code name=value} has that
 * value unless a part registers a source: what it counts does not exist here. The other sections
 * are written by the parts, as their fields vary.
 */
final class InfoFields {

  /**
   * @param fixed the value if no part registers one; null leaves the field out
   */
  record Field(String name, String fixed) {}

  private static final Map<InfoSection, List<Field>> BY_SECTION = new EnumMap<>(InfoSection.class);
  private static final Set<String> NAMES = new HashSet<>();

  static {
    declare(
        InfoSection.SERVER,
        """
        redis_version
        redis_git_sha1=00000000
        redis_git_dirty=0
        redis_build_id
        redis_mode=standalone
        os
        arch_bits=64
        monotonic_clock=POSIX clock_gettime
        multiplexing_api
        atomicvar_api=java-varhandle
        gcc_version=0.0.0
        process_id
        process_supervised=no
        run_id
        tcp_port
        server_time_usec
        uptime_in_seconds
        uptime_in_days
        hz
        configured_hz
        lru_clock
        executable
        config_file
        io_threads_active=0
        chronolith_version
        java_version
        """);
    declare(
        InfoSection.CLIENTS,
        """
        connected_clients
        cluster_connections=0
        maxclients
        client_recent_max_input_buffer
        client_recent_max_output_buffer
        blocked_clients
        tracking_clients=0
        clients_in_timeout_table=0
        """);
    declare(
        InfoSection.MEMORY,
        """
        used_memory
        used_memory_human
        used_memory_rss
        used_memory_rss_human
        used_memory_peak
        used_memory_peak_human
        used_memory_peak_perc
        used_memory_overhead
        used_memory_startup=0
        used_memory_dataset
        used_memory_dataset_perc
        allocator_allocated
        allocator_active
        allocator_resident
        total_system_memory
        total_system_memory_human
        used_memory_lua=0
        used_memory_vm_eval=0
        used_memory_lua_human=0B
        used_memory_scripts_eval=0
        number_of_cached_scripts=0
        number_of_functions=0
        number_of_libraries=0
        used_memory_vm_functions=0
        used_memory_vm_total=0
        used_memory_vm_total_human=0B
        used_memory_functions=0
        used_memory_scripts=0
        used_memory_scripts_human=0B
        maxmemory
        maxmemory_human
        maxmemory_policy=noeviction
        allocator_frag_ratio
        allocator_frag_bytes
        allocator_rss_ratio
        allocator_rss_bytes
        rss_overhead_ratio
        rss_overhead_bytes
        mem_fragmentation_ratio
        mem_fragmentation_bytes
        mem_not_counted_for_evict=0
        mem_replication_backlog=0
        mem_total_replication_buffers=0
        mem_clients_slaves=0
        mem_clients_normal
        mem_cluster_links=0
        mem_aof_buffer=0
        mem_allocator=slabs
        active_defrag_running=0
        lazyfree_pending_objects
        lazyfreed_objects
        heap_used
        heap_max
        network_buffers
        """);
    declare(
        InfoSection.STATS,
        """
        total_connections_received
        total_commands_processed
        instantaneous_ops_per_sec
        total_net_input_bytes
        total_net_output_bytes
        total_net_repl_input_bytes
        total_net_repl_output_bytes
        instantaneous_input_kbps
        instantaneous_output_kbps
        instantaneous_input_repl_kbps
        instantaneous_output_repl_kbps
        rejected_connections
        sync_full
        sync_partial_ok
        sync_partial_err
        repl_verified_blocks
        repl_unverified_blocks
        repl_mismatched_blocks
        repl_mismatch_resyncs
        sync_full_resumed
        expired_keys
        expired_stale_perc=0.00
        expired_time_cap_reached_count=0
        expire_cycle_cpu_milliseconds=0
        evicted_keys=0
        evicted_clients=0
        total_eviction_exceeded_time=0
        current_eviction_exceeded_time=0
        keyspace_hits
        keyspace_misses
        pubsub_channels=0
        pubsub_patterns=0
        pubsubshard_channels=0
        latest_fork_usec=0
        total_forks=0
        migrate_cached_sockets=0
        slave_expires_tracked_keys=0
        active_defrag_hits=0
        active_defrag_misses=0
        active_defrag_key_hits=0
        active_defrag_key_misses=0
        total_active_defrag_time=0
        current_active_defrag_time=0
        tracking_total_keys=0
        tracking_total_items=0
        tracking_total_prefixes=0
        unexpected_error_replies=0
        total_error_replies
        dump_payload_sanitizations=0
        total_reads_processed
        total_writes_processed
        io_threaded_reads_processed=0
        io_threaded_writes_processed=0
        reply_buffer_shrinks=0
        reply_buffer_expands=0
        client_query_buffer_limit_disconnections
        client_output_buffer_limit_disconnections
        """);
    declare(
        InfoSection.CPU,
        """
        used_cpu_sys
        used_cpu_user
        used_cpu_sys_children=0.000000
        used_cpu_user_children=0.000000
        used_cpu_sys_main_thread
        used_cpu_user_main_thread
        """);
    declare(
        InfoSection.CLUSTER,
        """
        cluster_enabled=0
        """);
  }

  private InfoFields() {}

  private static void declare(InfoSection section, String lines) {
    List<Field> fields = new ArrayList<>();
    for (String line : lines.lines().toList()) {
      int equals = line.indexOf('=');
      String name = equals < 0 ? line : line.substring(0, equals);
      fields.add(new Field(name, equals < 0 ? null : line.substring(equals + 1)));
      if (!NAMES.add(name)) {
        throw new IllegalStateException("INFO field is declared twice: " + name);
      }
    }
    BY_SECTION.put(section, Collections.unmodifiableList(fields));
  }

  static List<Field> of(InfoSection section) {
    return BY_SECTION.getOrDefault(section, List.of());
  }

  static boolean isDeclared(String name) {
    return NAMES.contains(name);
  }
}
