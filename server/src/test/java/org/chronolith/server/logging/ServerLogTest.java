package org.chronolith.server.logging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.LoggerContext;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.chronolith.server.config.ConfigLoader;
import org.chronolith.server.config.ConfigSet;
import org.chronolith.server.config.ServerConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;

class ServerLogTest {

  @TempDir Path dir;

  @Test
  void shouldWriteRedisLinesAndFollowLoglevel() throws Exception {
    LoggerContext context = (LoggerContext) org.slf4j.LoggerFactory.getILoggerFactory();
    Path file = dir.resolve("server.log");
    ServerConfig config =
        ConfigLoader.load(List.of("--logfile", file.toString()), InputStream.nullInputStream());
    ServerLog.start(config);
    try {
      Logger log = context.getLogger("org.chronolith.test");
      Logger library = context.getLogger("net.openhft.chronicle");
      // Another test of this process may have ended as a replica.
      ServerLog.role(ServerLog.Role.MASTER);
      log.info("one {}", 1);
      log.debug("hidden");
      library.info("hidden");
      library.warn("shown");
      ServerLog.role(ServerLog.Role.REPLICA);
      new ConfigSet(config).set(List.of("loglevel", "debug"));
      log.debug("two");
      log.trace("three");
      log.warn("four", new IllegalStateException("why"));
      awaitText(file, "why");
    } finally {
      new ConfigSet(config).set(List.of("loglevel", "notice"));
      ServerLog.role(ServerLog.Role.MASTER);
      ServerLog.start(ConfigLoader.of());
    }
    List<String> lines = Files.readAllLines(file);
    String[] expected = {"M * one 1", "M # shown", "S - two", "S . three", "S # four"};
    String pid = Long.toString(ProcessHandle.current().pid());
    for (int i = 0; i < expected.length; i++) {
      String line = lines.get(i);
      assertTrue(
          line.matches(
              pid + ":[MS] \\d\\d [A-Z][a-z]{2} \\d{4} \\d\\d:\\d\\d:\\d\\d\\.\\d{3} [.*#-] .*"),
          line);
      int mark = pid.length() + 1;
      int time = "24 Nov 2026 02:22:05.696 ".length();
      assertEquals(expected[i], line.substring(mark, mark + 2) + line.substring(mark + 2 + time));
    }
    assertEquals("java.lang.IllegalStateException: why", lines.get(expected.length));
  }

  private static void awaitText(Path file, String text) throws Exception {
    long deadline = System.nanoTime() + 10_000_000_000L;
    while (!Files.readString(file).contains(text)) {
      assertTrue(System.nanoTime() < deadline, "not written in 10 s");
      Thread.onSpinWait();
    }
  }

  @Test
  void shouldKeepThePidFileWhileItIsOpen() throws Exception {
    Path file = dir.resolve("server.pid");
    PidFile pidFile = PidFile.write(file);
    assertEquals(ProcessHandle.current().pid() + "\n", Files.readString(file));
    pidFile.close();
    assertFalse(Files.exists(file));
    PidFile other = PidFile.write(file);
    Files.writeString(file, "1\n");
    other.close();
    assertTrue(Files.exists(file));
  }
}
