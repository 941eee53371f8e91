package org.chronolith.replicationlog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** kill -9 while appending: what was appended is there, and nothing half-done is. */
@Tag("slow")
class CrashIT {
  private static final int ROUNDS = 6;
  @TempDir Path dir;

  @Test
  void shouldKeepEverythingAppendedThroughKills() throws IOException, InterruptedException {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    LogConfig config = LogModel.smallConfig(dir.resolve("log"));
    for (int round = 0; round < ROUNDS; round++) {
      long appended = runAndKill(config.dir(), 200 + random.nextInt(4000));
      try (ReplicationLog log = ReplicationLog.open(config, LogListener.none())) {
        String context = "seed " + seed + ", round " + round + ", " + log.recovery();
        assertTrue(log.endOffset() >= appended, context + ", appended " + appended);
        check(log, context);
      }
    }
  }

  /** Returns the last offset that the process printed. */
  private static long runAndKill(Path logDir, int lines) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    for (String option : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
      if (option.startsWith("--add")
          || option.startsWith("--enable")
          || option.startsWith("--sun")) {
        command.add(option);
      }
    }
    command.add("-Xmx128m");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(CrashWriter.class.getName());
    command.add(logDir.toString());
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    long last = -1;
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII))) {
      String line = out.readLine();
      for (int i = 0; i < lines && line != null; i++) {
        last = Long.parseLong(line);
        line = out.readLine();
      }
      // Through the handle: the process itself would close its output as well.
      process.toHandle().destroyForcibly();
      // The last line may be cut off by the kill; whole ones count.
      while (line != null) {
        String next = out.readLine();
        if (next != null) {
          last = Long.parseLong(line);
        }
        line = next;
      }
    } finally {
      process.destroyForcibly();
    }
    assertTrue(process.waitFor(30, TimeUnit.SECONDS));
    assertTrue(last > 0, "the process wrote nothing");
    return last;
  }

  private static void check(ReplicationLog log, String context) {
    ByteBuf out = ByteBufAllocator.DEFAULT.directBuffer();
    try (LogReader reader = log.reader(log.startOffset())) {
      long offset = log.startOffset();
      long commit = offset;
      int got = reader.read(out, 64 * 1024);
      while (got > 0) {
        for (int i = 0; i < got; i++) {
          if (out.getByte(i) != CrashWriter.at(offset + i)) {
            throw new AssertionError(context + ": wrong byte at " + (offset + i));
          }
        }
        offset += got;
        while (commit < offset) {
          commit += CrashWriter.lengthAt(commit);
        }
        got = reader.read(out.clear(), 64 * 1024);
      }
      assertEquals(log.endOffset(), offset, context);
      assertEquals(commit, offset, context + ": the log ends within an append");
    } finally {
      out.release();
    }
  }
}
