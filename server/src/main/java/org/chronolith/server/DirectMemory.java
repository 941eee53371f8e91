package org.chronolith.server;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;

/** How much memory outside the heap the process may take. */
final class DirectMemory {
  /** Left for network buffers, RocksDB's iterators, the log's buffers. */
  private static final long OTHERS_BYTES = 128L << 20;

  private DirectMemory() {}

  /** Bytes that the slabs of the data may take: {@code -XX:MaxDirectMemorySize} less the others. */
  static long limitBytes() {
    HotSpotDiagnosticMXBean jvm =
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    long max = Long.parseLong(jvm.getVMOption("MaxDirectMemorySize").getValue());
    if (max == 0) {
      max = Runtime.getRuntime().maxMemory();
    }
    return Math.max(max / 2, max - OTHERS_BYTES);
  }
}
