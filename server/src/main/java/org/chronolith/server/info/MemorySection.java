package org.chronolith.server.info;

import io.netty.buffer.PooledByteBufAllocator;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import org.chronolith.server.config.ServerConfig;

/** {@code INFO memory} and {@code INFO keyspace}. Engine thread. */
final class MemorySection {

  private final KeyspaceFigures keyspace;
  private final MemoryMXBean heap = ManagementFactory.getMemoryMXBean();
  private long peakBytes;
  private long rssBytes;

  MemorySection(KeyspaceFigures keyspace) {
    this.keyspace = keyspace;
  }

  void register(Info info, ServerConfig config) {
    long systemBytes = ProcessFigures.totalMemoryBytes();
    info.bytes("used_memory", keyspace::usedMemoryBytes)
        .bytes("used_memory_rss", this::rssBytes)
        .bytes("used_memory_peak", this::peakBytes)
        .text("used_memory_peak_perc", () -> percent(keyspace.usedMemoryBytes(), peakBytes()))
        .number("allocator_allocated", keyspace::usedMemoryBytes)
        .number("allocator_active", keyspace::reservedMemoryBytes)
        .number("allocator_resident", keyspace::reservedMemoryBytes)
        .bytes("total_system_memory", () -> systemBytes)
        .bytes("maxmemory", config::maxMemoryBytes)
        .decimal("allocator_frag_ratio", 2, () -> ratio(reserved(), used()))
        .number("allocator_frag_bytes", () -> reserved() - used())
        .decimal("allocator_rss_ratio", 2, () -> ratio(reserved(), reserved()))
        .number("allocator_rss_bytes", () -> 0)
        .decimal("rss_overhead_ratio", 2, () -> ratio(rssBytes, reserved()))
        .number("rss_overhead_bytes", () -> rssBytes - reserved())
        .decimal("mem_fragmentation_ratio", 2, () -> ratio(rssBytes, used()))
        .number("mem_fragmentation_bytes", () -> rssBytes - used())
        .number("heap_used", () -> heap.getHeapMemoryUsage().getUsed())
        .number("heap_max", () -> heap.getHeapMemoryUsage().getMax())
        .number("network_buffers", () -> PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory())
        .lines(InfoSection.KEYSPACE, this::databases)
        .onReset(() -> peakBytes = used());
  }

  /** Notes the peak; Redis does it as often. */
  void sample() {
    peakBytes = Math.max(peakBytes, used());
  }

  private long used() {
    return keyspace.usedMemoryBytes();
  }

  private long reserved() {
    return keyspace.reservedMemoryBytes();
  }

  private long peakBytes() {
    sample();
    return peakBytes;
  }

  /** Read once for each INFO: the ratios that follow are about the same number. */
  private long rssBytes() {
    rssBytes = ProcessFigures.rssBytes();
    return rssBytes;
  }

  private static double ratio(long of, long to) {
    return to == 0 ? 0 : (double) of / to;
  }

  private static String percent(long of, long to) {
    return InfoText.decimal(ratio(of, to) * 100, 2) + "%";
  }

  private void databases(InfoWriter out) {
    for (int db = 0; db < keyspace.databases(); db++) {
      long keys = keyspace.keys(db);
      if (keys > 0) {
        out.field(
            "db" + db,
            "keys="
                + keys
                + ",expires="
                + keyspace.keysExpiring(db)
                + ",avg_ttl="
                + keyspace.averageTtlMs(db));
      }
    }
  }
}
