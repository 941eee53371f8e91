package org.chronolith.bench.memory;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.chronolith.bench.BenchException;
import org.chronolith.bench.process.ServerProcess;

/** What the kernel says about the memory of a server and of the processes it forked. */
final class ResidentMemory {

  private static final int KIB = 1024;

  private ResidentMemory() {}

  /**
   * Resident bytes of the server, and what its children have to themselves: after a fork that is
   * what copy-on-write has doubled.
   */
  static long bytes(ServerProcess server) {
    long bytes = serverBytes(server);
    for (long child : server.children()) {
      bytes += childBytes(child);
    }
    return bytes;
  }

  private static long serverBytes(ServerProcess server) {
    try {
      return kibibytes(server.pid(), "status", "VmRSS:") * KIB;
    } catch (IOException e) {
      throw new BenchException(server.name() + " has no memory to measure: " + e.getMessage(), e);
    }
  }

  private static long childBytes(long pid) {
    try {
      return KIB
          * (kibibytes(pid, "smaps_rollup", "Private_Clean:")
              + kibibytes(pid, "smaps_rollup", "Private_Dirty:"));
    } catch (IOException e) {
      // A child that ends between being listed and being read has no memory any more.
      return 0;
    }
  }

  private static long kibibytes(long pid, String file, String field) throws IOException {
    Path path = Path.of("/proc", Long.toString(pid), file);
    for (String line : Files.readAllLines(path, StandardCharsets.ISO_8859_1)) {
      if (line.startsWith(field)) {
        return Long.parseLong(line.replaceAll("[^0-9]", ""));
      }
    }
    return 0;
  }
}
