package org.chronolith.bench.throughput;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.chronolith.bench.process.Candidates;
import org.chronolith.bench.process.Programs;
import org.chronolith.bench.process.ServerProcess;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bench throughput}: see {@link Comparison} for how the figures are taken. */
@Command(
    name = "throughput",
    description =
        "Starts redis-server (appendonly yes, appendfsync everysec) and Chronolith, runs"
            + " redis-benchmark on both in turn and prints the median ratio per test.",
    showDefaultValues = true,
    mixinStandardHelpOptions = true)
public final class ThroughputCommand implements Callable<Integer> {

  /** A deeper pipeline is faster, so it gets more requests for the same time, up to this factor. */
  private static final int PIPELINED_REQUESTS_FACTOR = 5;

  /** What both servers are started with: the log on, forced every second, no snapshot rules. */
  private static final List<String> DIRECTIVES =
      List.of("--appendonly", "yes", "--appendfsync", "everysec", "--save", "");

  @Option(names = "--rounds", paramLabel = "N", defaultValue = "5", description = "counted rounds")
  private int rounds;

  @Option(
      names = "--warm-up-rounds",
      paramLabel = "N",
      defaultValue = "1",
      description = "rounds before, not counted, for the JVM's compiler")
  private int warmUpRounds;

  @Option(
      names = "--requests",
      paramLabel = "N",
      defaultValue = "100000",
      description = "requests per test without pipelining; up to 5 times as many with it")
  private int requests;

  @Option(names = "--clients", paramLabel = "N", defaultValue = "50", description = "connections")
  private int clients;

  @Option(
      names = "--tests",
      split = ",",
      paramLabel = "NAME",
      defaultValue =
          "ping_inline,ping_mbulk,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,mset",
      description = "redis-benchmark's tests, in this order")
  private List<String> tests;

  @Option(
      names = "--pipeline",
      split = ",",
      paramLabel = "N",
      defaultValue = "1,16",
      description = "pipeline depths")
  private List<Integer> pipelines;

  @Option(
      names = "--data-bytes",
      paramLabel = "N",
      defaultValue = "100",
      description = "size of a value")
  private int dataBytes;

  @Option(
      names = "--keyspace",
      paramLabel = "N",
      defaultValue = "1000000",
      description = "random keys; 0 for one key")
  private int keyspace;

  @Mixin private Candidates candidates;

  @Option(
      names = "--benchmark",
      paramLabel = "PROGRAM",
      defaultValue = "redis-benchmark",
      description = "redis-benchmark")
  private String benchmark;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    requirePositive();
    Path benchmarkProgram = Programs.find(benchmark);
    Map<String, String> facts = candidates.facts();
    PrintWriter out = candidates.out(spec);
    facts.forEach((name, value) -> out.println(name + ": " + value));
    settings().forEach((name, value) -> out.println(name + ": " + value));
    try (ServerProcess first = candidates.startReference(DIRECTIVES);
        ServerProcess second = candidates.startSubject(DIRECTIVES)) {
      Comparison comparison =
          new Comparison(
              first,
              second,
              new RedisBenchmark(benchmarkProgram, clients, dataBytes, keyspace),
              out::println);
      run(comparison, out);
      out.println();
      out.println(ThroughputReport.table(comparison.figures()));
      candidates.writeJson(ThroughputReport.json(facts, settings(), comparison.figures()));
      comparison.failures().forEach(failure -> out.println("FAILED " + failure));
      return comparison.failures().isEmpty() ? 0 : 1;
    }
  }

  private void run(Comparison comparison, PrintWriter out) {
    for (int round = -warmUpRounds; round < rounds; round++) {
      boolean warmUp = round < 0;
      for (int pipeline : pipelines) {
        int count = requests * Math.min(pipeline, PIPELINED_REQUESTS_FACTOR);
        comparison.round(tests, pipeline, count, warmUp);
      }
      out.println(warmUp ? "warmed up" : "round " + (round + 1) + " of " + rounds);
    }
  }

  private void requirePositive() {
    List<Integer> values = new ArrayList<>(pipelines);
    values.addAll(List.of(rounds, requests, clients, dataBytes));
    boolean valid = values.stream().allMatch(value -> value > 0);
    if (!valid || warmUpRounds < 0 || keyspace < 0) {
      throw new ParameterException(spec.commandLine(), "counts and sizes must be positive");
    }
  }

  private Map<String, String> settings() {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("both with", String.join(" ", DIRECTIVES.subList(0, 4)) + " --save \"\"");
    settings.put("rounds", rounds + " counted after " + warmUpRounds + " of warm-up");
    settings.put(
        "requests",
        requests + " per test, times the pipeline depth but at most " + PIPELINED_REQUESTS_FACTOR);
    settings.put("clients", Integer.toString(clients));
    settings.put("data bytes", Integer.toString(dataBytes));
    settings.put("keyspace", Integer.toString(keyspace));
    return settings;
  }
}
