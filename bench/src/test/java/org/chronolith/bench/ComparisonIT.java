package org.chronolith.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.chronolith.server.testing.RequiresRedis;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs the whole-server benchmarks small, so that they do not rot. Nothing is asserted about speed:
 * a machine that builds is no machine to measure on.
 */
@Tag("slow")
@RequiresRedis({"redis-server", "redis-benchmark"})
final class ComparisonIT {

  private static final List<String> TESTS =
      List.of(
          "PING_INLINE",
          "PING_MBULK",
          "SET",
          "GET",
          "INCR",
          "LPUSH",
          "RPUSH",
          "LPOP",
          "RPOP",
          "SADD",
          "HSET",
          "SPOP",
          "ZADD",
          "MSET \\(10 keys\\)");

  @TempDir Path directory;

  @Test
  void shouldPrintARatioForEveryTestAndPipelineDepth() throws Exception {
    Path json = directory.resolve("figures.json");
    String output =
        run(
            List.of("throughput", "--rounds", "1", "--warm-up-rounds", "0", "--requests", "2000"),
            json);
    for (String test : TESTS) {
      for (String pipeline : List.of("1", "16")) {
        Pattern row = Pattern.compile("(?m)^" + test + " +" + pipeline + " .* \\d+\\.\\d\\d  ");
        assertTrue(row.matcher(output).find(), "no row for " + row + " in\n" + output);
      }
    }
    assertTrue(Files.readString(json).contains("\"ratio_median\""), output);
  }

  @Test
  void shouldPrintMemoryAndPausesOfBothServers() throws Exception {
    Path json = directory.resolve("figures.json");
    String output = run(List.of("memory", "--keys", "50000", "--seconds", "1"), json);
    for (String figure :
        List.of(
            "used_memory bytes per key",
            "overwrite: worst reply, ms",
            "overwrite during BGSAVE: worst reply, ms")) {
      Pattern row = Pattern.compile("(?m)^" + figure + "( +[\\d,]+\\.\\d\\d){2}$");
      assertTrue(row.matcher(output).find(), "no row for " + row + " in\n" + output);
    }
    assertTrue(Files.readString(json).contains("\"used_memory bytes per key\""), output);
  }

  @Test
  void shouldPrintAndPlotResyncsOfBothServers() throws Exception {
    Path json = directory.resolve("figures.json");
    Path plot = directory.resolve("resync.png");
    String output =
        run(
            List.of(
                "resync",
                "--data",
                "2",
                "--lag",
                "1",
                "--rate",
                "1000",
                "--seconds",
                "0.2",
                "--plot",
                plot.toString()),
            json);
    // The lag is within redis-server's default backlog of a mebibyte only just, or not at all.
    for (String row :
        List.of("reference +2 +- +full", "subject +2 +- +full", "subject +2 +1 +partial")) {
      Pattern line = Pattern.compile("(?m)^" + row + " +\\d+\\.\\d\\d  ");
      assertTrue(line.matcher(output).find(), "no row for " + line + " in\n" + output);
    }
    assertTrue(Files.readString(json).contains("\"sync\":\"partial\""), output);
    assertNotNull(ImageIO.read(plot.toFile()), "no picture");
  }

  private String run(List<String> arguments, Path json) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    List<String> all = new ArrayList<>(arguments);
    all.addAll(List.of("--dir", directory.toString(), "--json", json.toString()));
    int exitCode =
        Main.execute(new PrintWriter(out), new PrintWriter(err), all.toArray(new String[0]));
    assertEquals(0, exitCode, out + "\n" + err);
    return out.toString();
  }
}
