package org.chronolith.bench.throughput;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.chronolith.bench.BenchException;
import org.chronolith.bench.process.ServerProcess;
import org.chronolith.bench.resp.RespConnection;

/**
 * Runs the tests on two servers in turn. Each test runs on the one and at once on the other, so
 * that a disturbance of the machine meets both; each round starts from empty servers.
 */
final class Comparison {

  private final ServerProcess reference;
  private final ServerProcess subject;
  private final RedisBenchmark benchmark;
  private final Consumer<String> progress;
  private final Map<String, Figures> figures = new LinkedHashMap<>();
  private final List<String> failures = new ArrayList<>();

  Comparison(
      ServerProcess reference,
      ServerProcess subject,
      RedisBenchmark benchmark,
      Consumer<String> progress) {
    this.reference = reference;
    this.subject = subject;
    this.benchmark = benchmark;
    this.progress = progress;
  }

  /** Runs all tests once; the figures count unless this is a warm-up. */
  void round(List<String> tests, int pipeline, int requests, boolean warmUp) {
    flush(reference);
    flush(subject);
    for (String test : tests) {
      try {
        Map<String, Sample> first = measure(reference, test, requests, pipeline);
        Map<String, Sample> second = measure(subject, test, requests, pipeline);
        if (!warmUp) {
          first.forEach((name, sample) -> add(name, pipeline, sample, second.get(name)));
        }
      } catch (BenchException e) {
        failures.add("-P " + pipeline + " " + test + ": " + e.getMessage());
        progress.accept("FAILED -P " + pipeline + " " + test + ": " + e.getMessage());
        requireAlive(reference);
        requireAlive(subject);
      }
    }
  }

  /** One entry per test and pipeline depth, in the order in which they ran. */
  List<Figures> figures() {
    return List.copyOf(figures.values());
  }

  /** What went wrong; empty when every test ran each time. */
  List<String> failures() {
    return List.copyOf(failures);
  }

  private Map<String, Sample> measure(
      ServerProcess server, String test, int requests, int pipeline) {
    long cpuBefore = server.cpuMicros();
    Map<String, Double> rps = benchmark.run(server.port(), test, requests, pipeline);
    double cpuMicros = server.cpuMicros() - cpuBefore;
    double perRequest = cpuMicros / ((double) requests * rps.size());
    Map<String, Sample> samples = new LinkedHashMap<>();
    rps.forEach((name, value) -> samples.put(name, new Sample(value, perRequest)));
    return samples;
  }

  private void add(String test, int pipeline, Sample referenceSample, Sample subjectSample) {
    if (subjectSample == null) {
      throw new BenchException("redis-benchmark printed " + test + " for one server only");
    }
    figures
        .computeIfAbsent(pipeline + " " + test, key -> new Figures(test, pipeline))
        .addRound(referenceSample, subjectSample);
  }

  private static void flush(ServerProcess server) {
    try (RespConnection connection = server.connect()) {
      connection.call("FLUSHALL");
    }
  }

  private static void requireAlive(ServerProcess server) {
    if (!server.isAlive()) {
      throw new BenchException(server.name() + " ended in the middle:\n" + server.outputTail());
    }
  }
}
