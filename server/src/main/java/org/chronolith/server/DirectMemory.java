package org.chronolith.server;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;

/** How much memory outside the heap the process may take. */
final class DirectMemory {
  /** Left for network buffers, RocksDB's iterators, the log's buffers. */
  private static final long OTHERS_BYTES = 128L << 20;

  private static final long LEFT_TO_SERVING_BYTES = 64L << 20;

  private DirectMemory() {}

  /** Bytes that a data set leaves to the one that serves, while it is made beside it. */
  static long leftToServing() {
    return Math.min(LEFT_TO_SERVING_BYTES, limitBytes() / 8);
  }

  /**
   * Bytes that the slabs of all data sets together may take: {@code -XX:MaxDirectMemorySize} less
   * the others.
   */
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
