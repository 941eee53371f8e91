package org.chronolith.bench.jmh;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collection;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs each micro-benchmark for a moment, small, so that none rots; says nothing about speed. */
@Tag("slow")
final class MicroBenchmarksIT {

  @Test
  void shouldRunEachMicroBenchmark() throws RunnerException {
    Collection<RunResult> results =
        new Runner(
                new OptionsBuilder()
                    .include("org.chronolith.bench.jmh")
                    .param("blocks", "1000")
                    .param("elements", "1000")
                    .param("entries", "1000")
                    .param("keys", "1000")
                    .param("turnBytes", "100")
                    .forks(0)
                    .warmupIterations(0)
                    .measurementIterations(1)
                    .measurementTime(TimeValue.milliseconds(10))
                    .shouldFailOnError(true)
                    .verbosity(VerboseMode.SILENT)
                    .build())
            .run();
    assertFalse(results.isEmpty());
    for (RunResult result : results) {
      double score = result.getPrimaryResult().getScore();
      assertTrue(score > 0, result.getParams().getBenchmark() + " measured " + score);
    }
  }
}
