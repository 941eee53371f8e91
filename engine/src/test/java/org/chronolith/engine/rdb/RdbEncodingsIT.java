package org.chronolith.engine.rdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The same RDBs read by a real redis-server: equal data, equal digests. */
@Tag("slow")
class RdbEncodingsIT {
  private static final long DEADLINE_S = 30;
  @TempDir Path directory;

  @Test
  void shouldReadWhatRedisServerReads() throws Exception {
    assumeRedis();
    Path file = directory.resolve("dump.rdb");
    Files.write(file, RdbSamples.upTo10().end());
    try (RdbFixture fixture = new RdbFixture()) {
      fixture.read(Files.readAllBytes(file));
      assertEquals(fixture.digest(), new Redis().call("DEBUG", "DIGEST"));
    }
  }

  /** Of those that it knows: 11 is of its successor. */
  @ParameterizedTest
  @ValueSource(ints = {5, 6, 7, 8, 9, 10})
  void shouldReadEveryVersionAsRedisServerDoes(int version) throws Exception {
    assumeRedis();
    byte[] rdb = RdbSamples.ofVersion(version).end();
    Files.write(directory.resolve("dump.rdb"), rdb);
    try (RdbFixture fixture = new RdbFixture()) {
      fixture.read(rdb);
      assertEquals(fixture.digest(), new Redis().call("DEBUG", "DIGEST"));
    }
  }

  @ParameterizedTest
  @EnumSource(RdbVersion.class)
  void shouldReadWhatRedisServerWritesAndTheOtherWayRound(RdbVersion version) throws Exception {
    assumeRedis();
    Path file = directory.resolve("dump.rdb");
    String digest;
    try (RdbFixture fixture = new RdbFixture()) {
      fixture.read(RdbSamples.upTo10().end());
      digest = fixture.digest();
      try (FileChannel out =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
        RdbWriter writer = new RdbWriter(out, version);
        writer.begin(Map.of("redis-ver", "7.0.15"));
        writer.part(fixture.keyspace, fixture.strings, fixture.collections);
        writer.end();
        writer.close();
      }
    }
    byte[] written = Files.readAllBytes(file);
    assertEquals(
        "REDIS000" + version.number(), new String(written, 0, 9, StandardCharsets.US_ASCII));
    try (RdbFixture own = new RdbFixture()) {
      own.read(written);
      assertEquals(digest, own.digest());
    }
    assertEquals(0, run("redis-check-rdb", file.toString()).exit());
    // Once more through it, packed as it likes and as small as it can.
    Redis redis = new Redis("--list-max-listpack-size", "-1", "--rdbcompression", "yes");
    assertEquals(digest, redis.call("DEBUG", "DIGEST", "AND", "SAVE"));
    try (RdbFixture again = new RdbFixture()) {
      again.read(Files.readAllBytes(file));
      assertEquals(digest, again.digest());
    }
  }

  /** A redis-server that loads the file, answers one command and is gone. */
  private final class Redis {
    private final String[] directives;

    Redis(String... directives) {
      this.directives = directives;
    }

    /** {@code DEBUG DIGEST}, and with more words a {@code SAVE} behind it. */
    String call(String... words) throws IOException, InterruptedException {
      String address = directory.resolve("redis.sock").toString();
      List<String> command = new ArrayList<>(List.of("redis-server", "--port", "0"));
      command.addAll(List.of("--unixsocket", address));
      command.addAll(List.of("--dir", directory.toString(), "--save", ""));
      command.addAll(List.of("--enable-debug-command", "yes"));
      command.addAll(List.of(directives));
      Process redis =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(directory.resolve("redis.log").toFile())
              .start();
      try {
        awaitAnswer(address);
        String digest = run("redis-cli", "-s", address, words[0], words[1]).output().strip();
        if (words.length > 2) {
          assertEquals("OK", run("redis-cli", "-s", address, "SAVE").output().strip());
        }
        return digest;
      } finally {
        redis.destroyForcibly();
        redis.waitFor(DEADLINE_S, TimeUnit.SECONDS);
      }
    }

    private void awaitAnswer(String address) throws IOException, InterruptedException {
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_S);
      while (!run("redis-cli", "-s", address, "PING").output().contains("PONG")) {
        assertTrue(System.nanoTime() < deadline, Files.readString(directory.resolve("redis.log")));
      }
    }
  }

  private record Ran(int exit, String output) {}

  private Ran run(String... command) throws IOException, InterruptedException {
    Path output = directory.resolve("output.txt");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    assertTrue(process.waitFor(DEADLINE_S, TimeUnit.SECONDS), command[0]);
    return new Ran(process.exitValue(), Files.readString(output));
  }

  private static void assumeRedis() throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder("redis-server", "--version")
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      process.waitFor();
    } catch (IOException e) {
      Assumptions.abort("redis-server is not installed");
    }
  }
}
