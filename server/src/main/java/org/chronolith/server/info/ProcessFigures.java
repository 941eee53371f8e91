package org.chronolith.server.info;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What the kernel says of this process, from {@code /proc}; no disk is touched. Any thread. Where
 * there is no such file (not Linux), the figures are -1.
 */
final class ProcessFigures {

  /** CPU time in seconds. */
  record CpuSeconds(double user, double system) {}

  /** The unit of {@code /proc/…/stat}: USER_HZ, 100 on every Linux platform that a JDK runs on. */
  private static final double TICKS_PER_SECOND = 100;

  /** Of {@code utime} after the process's name, counted from 0. */
  private static final int UTIME_FIELD = 11;

  private ProcessFigures() {}

  /** Resident memory in bytes. */
  static long rssBytes() {
    return kibLine("/proc/self/status", "VmRSS:");
  }

  /** The machine's memory in bytes. */
  static long totalMemoryBytes() {
    return kibLine("/proc/meminfo", "MemTotal:");
  }

  /** Of the whole process. */
  static CpuSeconds processCpu() {
    return cpu("/proc/self/stat");
  }

  /** Of the calling thread. */
  static CpuSeconds threadCpu() {
    return cpu("/proc/thread-self/stat");
  }

  private static long kibLine(String file, String name) {
    for (String line : read(file).split("\n")) {
      if (line.startsWith(name)) {
        String digits = line.substring(name.length()).replace("kB", "").trim();
        return Long.parseLong(digits) * 1024;
      }
    }
    return -1;
  }

  private static CpuSeconds cpu(String file) {
    String stat = read(file);
    if (stat.isEmpty()) {
      return new CpuSeconds(-1, -1);
    }
    // The name may hold blanks and parentheses; what follows the last one is numbers.
    String[] words = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    return new CpuSeconds(
        Long.parseLong(words[UTIME_FIELD]) / TICKS_PER_SECOND,
        Long.parseLong(words[UTIME_FIELD + 1]) / TICKS_PER_SECOND);
  }

  private static String read(String file) {
    try {
      return Files.readString(Path.of(file), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      // Not Linux: the callers say -1.
      return "";
    }
  }
}
