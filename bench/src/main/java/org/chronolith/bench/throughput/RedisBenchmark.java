package org.chronolith.bench.throughput;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.chronolith.bench.BenchException;

/**
 * One run of redis-benchmark.
 *
 * @param program its path
 * @param clients parallel connections
 * @param dataBytes size of a value
 * @param keyspace how many random keys, members or fields; 0 for one key
 */
record RedisBenchmark(Path program, int clients, int dataBytes, int keyspace) {

  private static final long DEADLINE_S = 600;

  /**
   * Runs one of redis-benchmark's tests.
   *
   * @param port the server's port on the loopback
   * @param test the name as {@code -t} takes it
   * @param requests in all
   * @param pipeline requests sent before a reply is awaited
   * @return requests per second by the name that redis-benchmark prints
   * @throws BenchException if it printed an error or no figure
   */
  Map<String, Double> run(int port, String test, int requests, int pipeline) {
    List<String> words =
        new ArrayList<>(
            List.of(program.toString(), "-h", "127.0.0.1", "-p", Integer.toString(port)));
    words.addAll(List.of("-t", test, "-n", Integer.toString(requests)));
    words.addAll(List.of("-P", Integer.toString(pipeline), "-c", Integer.toString(clients)));
    words.addAll(List.of("-d", Integer.toString(dataBytes), "--csv"));
    if (keyspace > 0) {
      words.addAll(List.of("-r", Integer.toString(keyspace)));
    }
    return parse(test, output(test, words));
  }

  /** Reads {@code --csv} output, whose first line names the columns. */
  static Map<String, Double> parse(String test, String output) {
    Map<String, Double> figures = new LinkedHashMap<>();
    for (String line : output.lines().toList()) {
      String[] cells = line.split("\",\"");
      if (line.startsWith("\"") && cells.length > 1 && !cells[0].equals("\"test")) {
        figures.put(cells[0].substring(1), Double.valueOf(cells[1].replace("\"", "")));
      }
    }
    if (figures.isEmpty()) {
      throw new BenchException("redis-benchmark -t " + test + " printed no figure:\n" + output);
    }
    return figures;
  }

  private static String output(String test, List<String> words) {
    try {
      Path file = Files.createTempFile("redis-benchmark-", ".csv");
      try {
        Process process =
            new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(file.toFile())
                .start();
        await(test, process);
        String output = Files.readString(file, StandardCharsets.UTF_8);
        if (process.exitValue() != 0) {
          throw new BenchException(
              "redis-benchmark -t " + test + " ended with " + process.exitValue() + ":\n" + output);
        }
        return output;
      } finally {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new BenchException("cannot run redis-benchmark: " + e.getMessage(), e);
    }
  }

  private static void await(String test, Process process) {
    try {
      if (!process.waitFor(DEADLINE_S, TimeUnit.SECONDS)) {
        throw new BenchException(
            "redis-benchmark -t " + test + " did not end within " + DEADLINE_S + " s");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchException("interrupted while redis-benchmark ran", e);
    } finally {
      process.destroyForcibly();
    }
  }
}
