package org.chronolith.server.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RandomEdits;
import org.chronolith.server.testing.RawRespClient;
import org.chronolith.server.testing.RedisServerProcess;
import org.chronolith.server.testing.RequiresRedis;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random changes of parts of values, to a real redis-server and to Chronolith. */
@Tag("slow")
@RequiresRedis
class EditComparisonIT {
  private static final int COMMANDS = 20_000;
  private static final int DIGEST_EVERY = 1_000;

  @TempDir static Path directory;

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void shouldReplyAndStoreAsRedisDoes(int protocol) throws IOException {
    long seed = Long.getLong("chronolith.seed", System.nanoTime());
    RandomEdits edits = new RandomEdits(new Random(seed));
    Path home = Files.createDirectory(directory.resolve("resp" + protocol));
    try (RedisServerProcess redis =
            RedisServerProcess.start(home, "--enable-debug-command", "yes");
        ChronolithProcess chronolith =
            ChronolithProcess.start(
                home.resolve("data"),
                ChronolithProcess.freePort(),
                "--enable-debug-command",
                "yes");
        RawRespClient theirs = new RawRespClient(redis.port());
        RawRespClient ours = new RawRespClient(chronolith.port())) {
      theirs.call(List.of("HELLO", "" + protocol));
      ours.call(List.of("HELLO", "" + protocol));
      for (List<String> command : edits.large()) {
        assertEquals(theirs.call(command), ours.call(command));
      }
      for (int i = 0; i < COMMANDS; i++) {
        List<String> command = i % DIGEST_EVERY == 0 ? List.of("DEBUG", "DIGEST") : edits.next();
        String expected = theirs.call(command);
        String actual = ours.call(command);
        int number = i;
        assertEquals(
            expected,
            actual,
            () -> "chronolith.seed=" + seed + ", command " + number + ": " + command);
      }
      List<String> digest = List.of("DEBUG", "DIGEST");
      assertEquals(theirs.call(digest), ours.call(digest), "digests with chronolith.seed=" + seed);
    }
  }
}
