package org.chronolith.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The same bytes sent to a real redis-server and to us get the same answer. */
@Tag("slow")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RedisProtocolIT {
  private Process redis;
  private int redisPort;
  private CommandServer server;

  @BeforeAll
  void start(@TempDir Path dir) throws IOException, InterruptedException {
    boolean found =
        Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
            .anyMatch(path -> new File(path, "redis-server").canExecute());
    assumeTrue(found, "redis-server is not installed");
    redisPort = FreePort.next();
    redis =
        new ProcessBuilder(
                "redis-server", "--port", "" + redisPort, "--save", "", "--dir", dir.toString())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    TestClient.await("redis-server answers", this::redisAnswers);
    server = new CommandServer();
  }

  private boolean redisAnswers() {
    try (TestClient client = new TestClient(redisPort)) {
      client.send("PING\r\n");
      return client.line().equals("+PONG");
    } catch (IOException notYet) {
      return false;
    }
  }

  @AfterAll
  void stop() throws InterruptedException {
    if (server != null) {
      server.close();
    }
    if (redis != null) {
      redis.destroy();
      redis.waitFor(10, TimeUnit.SECONDS);
    }
  }

  @ParameterizedTest
  @MethodSource("org.chronolith.network.RequestDecoderTest#malformed")
  void shouldAnswerMalformedInputAsRedisDoes(String input, String error) throws IOException {
    assertEquals(answer(redisPort, input), answer(server.port(), input));
  }

  @Test
  void shouldSplitInlineCommandsAsRedisDoes() throws IOException {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    String[] pieces = {
      "a", "\"", "'", " ", "\\", "\\x41", "\\n", "\\\"", "\\'", "\t", "\u00ff", "\r", "x4"
    };
    for (int i = 0; i < 2_000; i++) {
      StringBuilder line = new StringBuilder("PING \"\"");
      for (int j = random.nextInt(8); j > 0; j--) {
        line.append(pieces[random.nextInt(pieces.length)]);
      }
      // One more word at most, or the count of the arguments is what is answered.
      String input = line.toString().replace("PING \"\"", "PING ") + "\r\n";
      String expected = answer(redisPort, input);
      if (!expected.contains("wrong number of arguments")) {
        assertEquals(expected, answer(server.port(), input), "seed " + seed + " " + input);
      }
    }
  }

  /** What comes back until the server, which is told that no more follows, closes. */
  private static String answer(int port, String input) throws IOException {
    try (TestClient client = new TestClient(port)) {
      client.send(input);
      client.shutdownOutput();
      return client.readToEnd();
    }
  }
}
