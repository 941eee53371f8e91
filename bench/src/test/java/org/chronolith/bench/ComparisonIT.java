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
import org.junit.jupiter.api.Assumptions;
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

  private static final Pattern AGAIN =
      Pattern.compile("(?m), subject: SETs were done again \\d+\\.\\d s after the end of it$");

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

  @Test
  void shouldPrintAndPlotRestartsOfBothServers() throws Exception {
    Path json = directory.resolve("figures.json");
    Path plot = directory.resolve("recovery.png");
    String output =
        run(List.of("recovery", "--keys", "2000", "--log", "1", "--plot", plot.toString()), json);
    for (String server : List.of("reference", "subject")) {
      for (String row : List.of("kill +2000 +-", "stop +2000 +-", "kill +2000 +1")) {
        Pattern line = Pattern.compile("(?m)^" + server + " +" + row + " +\\d+\\.\\d\\d$");
        assertTrue(line.matcher(output).find(), "no row for " + line + " in\n" + output);
      }
    }
    assertTrue(Files.readString(json).contains("\"log_mib\":1"), output);
    assertNotNull(ImageIO.read(plot.toFile()), "no picture");
  }

  @Test
  void shouldPrintAndPlotWhatClientsSeeOfASlowDisk() throws Exception {
    Path plot = directory.resolve("slow.png");
    String output = diskFailure("slow", plot);
    for (String server : List.of("reference", "subject")) {
      for (String phase : List.of("before", "during", "after")) {
        Pattern line = Pattern.compile("(?m)^slow +" + server + " +" + phase + " +[\\d,]+ +0 ");
        assertTrue(line.matcher(output).find(), "no row for " + line + " in\n" + output);
      }
    }
    assertNotNull(ImageIO.read(plot.toFile()), "no picture");
  }

  @Test
  void shouldPrintAndPlotWhatClientsSeeOfAFullDisk() throws Exception {
    Path plot = directory.resolve("full.png");
    String output = diskFailure("full", plot);
    Pattern during = Pattern.compile("(?m)^full +subject +during +[\\d,]+ +[1-9][\\d,]* ");
    assertTrue(during.matcher(output).find(), "nothing was refused:\n" + output);
    assertTrue(
        output.contains("SETs got 'MISCONF Errors writing to the AOF file: No space"), output);
    assertTrue(AGAIN.matcher(output).find(), "SETs were not done again:\n" + output);
    assertNotNull(ImageIO.read(plot.toFile()), "no picture");
  }

  @Test
  void shouldFindWhatWasAcknowledgedBeforeForcesFailed() throws Exception {
    Path plot = directory.resolve("failing.png");
    String output = diskFailure("failing", plot);
    Pattern during = Pattern.compile("(?m)^failing +subject +during +[\\d,]+ +[1-9][\\d,]* ");
    assertTrue(during.matcher(output).find(), "nothing was refused:\n" + output);
    assertTrue(output.contains("AOF file: Input/output error'"), output);
    Pattern checked =
        Pattern.compile("[1-9][\\d,]* acknowledged, 0 of them lost; [1-9][\\d,]* refused, 0 of");
    assertTrue(checked.matcher(output).find(), output);
    assertTrue(AGAIN.matcher(output).find(), "SETs were not done again:\n" + output);
    assertNotNull(ImageIO.read(plot.toFile()), "no picture");
  }

  @Test
  void shouldPrintAndPlotWhatClientsSeeWhileNoSpaceCanBeReserved() throws Exception {
    Path plot = directory.resolve("refusing.png");
    String output = diskFailure("refusing", plot);
    Pattern during = Pattern.compile("(?m)^refusing +subject +during +[\\d,]+ +[1-9][\\d,]* ");
    assertTrue(during.matcher(output).find(), "nothing was refused:\n" + output);
    assertTrue(AGAIN.matcher(output).find(), "SETs were not done again:\n" + output);
    assertNotNull(ImageIO.read(plot.toFile()), "no picture");
  }

  private String diskFailure(String only, Path plot) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String[] arguments = {
      "disk-failure",
      "--only",
      only,
      "--volume",
      "64",
      "--seconds",
      "2",
      "--plot",
      plot.toString(),
      "--dir",
      directory.toString()
    };
    int exitCode = Main.execute(new PrintWriter(out), new PrintWriter(err), arguments);
    Assumptions.assumeFalse(err.toString().contains("cannot be mounted"), err.toString());
    assertEquals(0, exitCode, out + "\n" + err);
    return out.toString();
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
