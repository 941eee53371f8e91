package org.chronolith.server.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RedisServerProcess;
import org.chronolith.server.testing.RequiresRedis;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a stock master may send: known here, or on the list of what is missing. */
@Tag("slow")
@RequiresRedis
class WriteCommandsIT {
  @TempDir Path directory;

  @Test
  void shouldKnowEveryWriteCommandOfRedisButThoseThatAreListed() {
    SortedSet<String> missing = new TreeSet<>();
    try (RedisServerProcess redis = RedisServerProcess.start(directory);
        RespClient theirs = new RespClient(redis.port());
        ChronolithProcess node =
            ChronolithProcess.start(directory.resolve("data"), ChronolithProcess.freePort());
        RespClient ours = node.connect()) {
      SortedSet<String> known = names(ours.call("COMMAND", "LIST"));
      for (String command : names(theirs.call("COMMAND", "LIST", "FILTERBY", "ACLCAT", "write"))) {
        if (!known.contains(command)) {
          missing.add(command);
        }
      }
      // The list of the whole has subcommands too: else a container would hide what it lacks.
      assertTrue(known.contains("client|list"));
    }
    assertEquals(MissingCommands.names(), missing, "missing-write-commands.txt");
  }

  private static SortedSet<String> names(Object reply) {
    SortedSet<String> names = new TreeSet<>();
    ((List<?>) reply).forEach(name -> names.add((String) name));
    return names;
  }
}
