package org.chronolith.bench.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.chronolith.bench.BenchException;

/** What a figure is worth nothing without: the machine, the JVM and the programs' versions. */
public final class MachineFacts {

  private static final long VERSION_DEADLINE_MS = 10_000;

  private MachineFacts() {}

  /**
   * @param directory where the servers keep their data
   * @param reference the program that Chronolith is compared with
   */
  public static Map<String, String> collect(Path directory, Path reference) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("processor", firstField("/proc/cpuinfo", "model name"));
    facts.put("cores", Integer.toString(Runtime.getRuntime().availableProcessors()));
    facts.put("memory", firstField("/proc/meminfo", "MemTotal"));
    facts.put("kernel", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    facts.put("file system", fileSystem(directory));
    facts.put("load before", loadAverage());
    facts.put(
        "jdk", System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"));
    facts.put("reference", firstLine(List.of(reference.toString(), "--version")));
    return facts;
  }

  private static String firstField(String file, String field) {
    try {
      for (String line : Files.readAllLines(Path.of(file), StandardCharsets.ISO_8859_1)) {
        if (line.startsWith(field)) {
          return line.substring(line.indexOf(':') + 1).trim();
        }
      }
    } catch (IOException e) {
      return "unknown (" + e.getMessage() + ")";
    }
    return "unknown";
  }

  private static String fileSystem(Path directory) {
    try {
      return Files.getFileStore(directory).type();
    } catch (IOException e) {
      return "unknown (" + e.getMessage() + ")";
    }
  }

  private static String loadAverage() {
    try {
      return Files.readString(Path.of("/proc/loadavg")).trim();
    } catch (IOException e) {
      return "unknown (" + e.getMessage() + ")";
    }
  }

  /** The first line that a program prints, or why there is none: a fact that is nice to have. */
  static String firstLine(List<String> command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (!process.waitFor(VERSION_DEADLINE_MS, TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
      }
      return output.lines().findFirst().orElse("unknown");
    } catch (IOException e) {
      return "unknown (" + e.getMessage() + ")";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchException("interrupted while asking for a version", e);
    }
  }
}
