package org.chronolith.server.metrics;

import java.util.List;

/**
 * One metric that stands for one field of {@code INFO}.
 *
 * @param name as Prometheus sees it; redis_exporter's name where it has one
 * @param counter whether it only grows (until {@code CONFIG RESETSTAT}), rather than a gauge
 * @param field of {@code INFO}
 */
record MetricDeclaration(String name, boolean counter, String field, String help) {

  static final List<MetricDeclaration> ALL =
      List.of(
          gauge("redis_uptime_in_seconds", "uptime_in_seconds", "Seconds since the start"),
          gauge("redis_process_id", "process_id", "Process id"),
          gauge("redis_connected_clients", "connected_clients", "Clients that are connected"),
          gauge("redis_blocked_clients", "blocked_clients", "Clients that wait in a command"),
          gauge("redis_config_maxclients", "maxclients", "Limit of connected clients"),
          gauge("redis_memory_used_bytes", "used_memory", "Bytes of keys, values and index"),
          gauge("redis_memory_used_peak_bytes", "used_memory_peak", "Most bytes used so far"),
          gauge("redis_memory_used_rss_bytes", "used_memory_rss", "Resident bytes of the process"),
          gauge("redis_memory_max_bytes", "maxmemory", "Limit of the bytes used, 0 for none"),
          gauge("redis_mem_fragmentation_ratio", "mem_fragmentation_ratio", "Resident per used"),
          gauge("redis_total_system_memory_bytes", "total_system_memory", "Bytes of the machine"),
          counter("redis_commands_processed_total", "total_commands_processed", "Commands run"),
          counter("redis_connections_received_total", "total_connections_received", "Accepted"),
          counter("redis_rejected_connections_total", "rejected_connections", "Turned away"),
          counter("redis_net_input_bytes_total", "total_net_input_bytes", "Bytes from clients"),
          counter("redis_net_output_bytes_total", "total_net_output_bytes", "Bytes to clients"),
          counter("redis_keyspace_hits_total", "keyspace_hits", "Reads that found their key"),
          counter("redis_keyspace_misses_total", "keyspace_misses", "Reads that found no key"),
          counter("redis_expired_keys_total", "expired_keys", "Keys removed at their time"),
          gauge("redis_instantaneous_ops_per_sec", "instantaneous_ops_per_sec", "Commands/s"),
          // Counters, but redis_exporter's names for them lack the ending that counters must have.
          gauge("redis_replica_resyncs_full", "sync_full", "Full syncs served"),
          gauge("redis_replica_partial_resync_accepted", "sync_partial_ok", "Partial syncs"),
          gauge("redis_replica_partial_resync_denied", "sync_partial_err", "Refused ones"),
          counter(
              "chronolith_repl_verified_blocks_total",
              "repl_verified_blocks",
              "Blocks of the stream found the same on a replica"),
          counter(
              "chronolith_repl_unverified_blocks_total",
              "repl_unverified_blocks",
              "Blocks of a replica that could not be compared: too old, or too many at once"),
          counter(
              "chronolith_repl_mismatched_blocks_total",
              "repl_mismatched_blocks",
              "Blocks that differ between a master and a replica"),
          counter(
              "chronolith_repl_mismatch_resyncs_total",
              "repl_mismatch_resyncs",
              "Full resyncs taken because of such blocks"),
          counter("redis_cpu_sys_seconds_total", "used_cpu_sys", "CPU time in the kernel"),
          counter("redis_cpu_user_seconds_total", "used_cpu_user", "CPU time outside the kernel"),
          gauge("redis_loading_dump_file", "loading", "1 while the data is being loaded"),
          gauge("redis_rdb_changes_since_last_save", "rdb_changes_since_last_save", "Changes"),
          gauge("redis_rdb_bgsave_in_progress", "rdb_bgsave_in_progress", "1 during a snapshot"),
          gauge("redis_rdb_last_save_timestamp_seconds", "rdb_last_save_time", "Last snapshot"),
          gauge("redis_rdb_last_bgsave_duration_sec", "rdb_last_bgsave_time_sec", "Its seconds"),
          gauge(
              "redis_rdb_last_bgsave_status",
              "rdb_last_bgsave_status",
              "1 unless the last snapshot failed"),
          gauge("redis_aof_enabled", "aof_enabled", "1: the log is always written"),
          gauge("redis_aof_current_size_bytes", "aof_current_size", "Bytes of the log's files"),
          gauge(
              "redis_aof_last_write_status",
              "aof_last_write_status",
              "0 while writes are refused since the log has failed or gets no space"),
          gauge("redis_connected_slaves", "connected_slaves", "Replicas that are connected"),
          gauge("redis_master_repl_offset", "master_repl_offset", "End of the stream"),
          gauge("redis_second_repl_offset", "second_repl_offset", "End of the earlier history"),
          gauge("redis_replication_backlog_bytes", "repl_backlog_histlen", "Bytes to resync from"),
          gauge(
              "redis_master_last_io_seconds_ago",
              "master_last_io_seconds_ago",
              "On a replica: seconds since the master was heard"),
          gauge("redis_slave_repl_offset", "slave_repl_offset", "On a replica: its offset"),
          gauge("chronolith_log_start_offset", "chronolith_log_start_offset", "First byte kept"),
          gauge("chronolith_log_end_offset", "chronolith_log_end_offset", "End of the log"),
          gauge(
              "chronolith_log_durable_offset",
              "chronolith_log_durable_offset",
              "End of what is forced to disk"),
          gauge(
              "chronolith_log_unsynced_ms",
              "chronolith_log_unsynced_ms",
              "Age of the oldest write that is not on disk"),
          counter(
              "redis_aof_delayed_fsync_total",
              "aof_delayed_fsync",
              "With everysec: turns whose replies waited for a slow disk"),
          gauge(
              "chronolith_log_failed",
              "chronolith_log_failed",
              "1 once a force has failed: writes are refused until a restart"),
          gauge(
              "chronolith_log_space_refused",
              "chronolith_log_space_refused",
              "1 while the volume has no space for writes: they are refused"),
          gauge(
              "chronolith_volume_free_bytes",
              "chronolith_volume_free_bytes",
              "Free on the volume of the log"),
          gauge(
              "chronolith_scrub_damaged_segments",
              "chronolith_scrub_damaged_segments",
              "Segments of the log that the last scrub found damaged"),
          gauge("chronolith_snapshot_offset", "chronolith_snapshot_offset", "Of the newest one"),
          gauge(
              "chronolith_snapshot_damaged",
              "chronolith_snapshot_damaged",
              "Snapshots found damaged since the start"),
          gauge("chronolith_heap_used_bytes", "heap_used", "Bytes of the JVM's heap"),
          gauge("chronolith_slab_bytes", "allocator_active", "Bytes taken for data"),
          gauge("chronolith_network_buffer_bytes", "network_buffers", "Bytes of network buffers"),
          counter(
              "chronolith_query_buffer_limit_disconnections_total",
              "client_query_buffer_limit_disconnections",
              "Clients closed since their requests piled up"),
          counter(
              "chronolith_output_buffer_limit_disconnections_total",
              "client_output_buffer_limit_disconnections",
              "Clients closed since they did not read their replies"));

  private static MetricDeclaration gauge(String name, String field, String help) {
    return new MetricDeclaration(name, false, field, help);
  }

  private static MetricDeclaration counter(String name, String field, String help) {
    return new MetricDeclaration(name, true, field, help);
  }
}
