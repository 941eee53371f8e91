package org.chronolith.engine.keyspace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.chronolith.engine.types.list.ListValue;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The digest against the real redis-server's, of equal data. */
@Tag("slow")
class DigestIT {
  @Test
  void shouldEqualThatOfRedisServer(@TempDir Path directory) throws Exception {
    Assumptions.assumeTrue(hasRedis(), "redis-server is not installed");
    Path address = directory.resolve("redis.sock");
    Process redis =
        new ProcessBuilder(
                "redis-server",
                "--port",
                "0",
                "--unixsocket",
                address.toString(),
                "--save",
                "",
                "--dir",
                directory.toString(),
                "--enable-debug-command",
                "yes")
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("redis.log").toFile())
            .start();
    try (SocketChannel channel = connect(address);
        KeyspaceFixture fixture = new KeyspaceFixture(16)) {
      fixture.keyspace.begin(System.currentTimeMillis(), ExpiryMode.DELETE);
      compare(new Redis(channel), fixture);
    } finally {
      redis.destroy();
      redis.waitFor(10, TimeUnit.SECONDS);
    }
  }

  private static void compare(Redis redis, KeyspaceFixture fixture) throws IOException {
    assertEquals("0".repeat(40), HexFormat.of().formatHex(fixture.keyspace.digest()));
    checkEqual(redis, fixture, "nothing");
    for (int i = 0; i < 50; i++) {
      fixture.set(0, "s" + i, "v" + i);
      redis.call("SET", "s" + i, "v" + i);
    }
    checkEqual(redis, fixture, "strings");
    fixture.set(0, "long", "y".repeat(200_000));
    redis.call("SET", "long", "y".repeat(200_000));
    checkEqual(redis, fixture, "a long string");
    Database db = fixture.db(0);
    long farMs = System.currentTimeMillis() + 1_000_000;
    db.expireAt(db.find(KeyspaceFixture.slice("s7")), farMs);
    redis.call("PEXPIREAT", "s7", "" + farMs);
    checkEqual(redis, fixture, "an expiry");
    fixture.set(3, "other", "x");
    redis.call("SELECT", "3");
    redis.call("SET", "other", "x");
    redis.call("SELECT", "0");
    checkEqual(redis, fixture, "a second database");
    for (int size : new int[] {3, 300}) {
      collections(redis, fixture, db, size);
      checkEqual(redis, fixture, "collections of " + size);
    }
  }

  private static void collections(Redis redis, KeyspaceFixture fixture, Database db, int size)
      throws IOException {
    ListValue list = fixture.collections.lists();
    for (int i = 0; i < size; i++) {
      String element = "e" + i;
      list.find(db, KeyspaceFixture.slice("list" + size));
      list.pushLast(KeyspaceFixture.slice(element));
      list.store();
      redis.call("RPUSH", "list" + size, element);
      fixture.collections.sets().find(db, KeyspaceFixture.slice("set" + size));
      fixture.collections.sets().add(KeyspaceFixture.slice(element));
      fixture.collections.sets().store();
      redis.call("SADD", "set" + size, element);
      fixture.collections.hashes().find(db, KeyspaceFixture.slice("hash" + size));
      fixture
          .collections
          .hashes()
          .set(KeyspaceFixture.slice(element), KeyspaceFixture.slice("v" + i));
      fixture.collections.hashes().store();
      redis.call("HSET", "hash" + size, element, "v" + i);
      double score =
          switch (i % 4) {
            case 0 -> i;
            case 1 -> i / 10.0;
            case 2 -> -i * 1e20;
            default -> i * 1e-7;
          };
      fixture.collections.zsets().find(db, KeyspaceFixture.slice("zset" + size));
      fixture.collections.zsets().set(KeyspaceFixture.slice(element), score);
      fixture.collections.zsets().store();
      redis.call("ZADD", "zset" + size, String.format(Locale.ROOT, "%s", score), element);
    }
  }

  private static void checkEqual(Redis redis, KeyspaceFixture fixture, String after)
      throws IOException {
    assertEquals(
        redis.call("DEBUG", "DIGEST"),
        "+" + HexFormat.of().formatHex(fixture.keyspace.digest()),
        "after " + after);
  }

  /** Just enough of a client. */
  private static final class Redis {
    private final OutputStream out;
    private final BufferedReader in;

    Redis(SocketChannel channel) {
      out = Channels.newOutputStream(channel);
      in =
          new BufferedReader(
              new InputStreamReader(Channels.newInputStream(channel), StandardCharsets.ISO_8859_1));
    }

    String call(String... words) throws IOException {
      StringBuilder request = new StringBuilder("*" + words.length + "\r\n");
      for (String word : words) {
        request.append('$').append(word.length()).append("\r\n").append(word).append("\r\n");
      }
      out.write(request.toString().getBytes(StandardCharsets.ISO_8859_1));
      out.flush();
      String reply = in.readLine();
      assertTrue(reply.charAt(0) == '+' || reply.charAt(0) == ':', reply);
      return reply;
    }
  }

  private static SocketChannel connect(Path address) throws IOException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (true) {
      try {
        return SocketChannel.open(UnixDomainSocketAddress.of(address));
      } catch (IOException e) {
        if (System.nanoTime() > deadline) {
          throw e;
        }
        Thread.onSpinWait();
      }
    }
  }

  private static boolean hasRedis() throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder("redis-server", "--version")
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor() == 0;
    } catch (IOException e) {
      // Not on the path: the test says that it was skipped.
      return false;
    }
  }
}
