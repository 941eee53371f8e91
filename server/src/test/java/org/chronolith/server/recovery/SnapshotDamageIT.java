package org.chronolith.server.recovery;

import static org.chronolith.server.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A byte of a table of the newest snapshot changes on the disk, below a real process. */
@Tag("slow")
final class SnapshotDamageIT {
  private static final int KEYS = 2_000;
  private static final int FLIPPED_AT = 100;

  @TempDir Path data;

  private ChronolithProcess start() {
    return ChronolithProcess.start(
        data, ChronolithProcess.freePort(), "--save", "", "--enable-debug-command", "yes");
  }

  /** Two snapshots, and writes after each. */
  private static void fill(RespClient client) {
    for (int round = 1; round <= 2; round++) {
      write(client, round);
      assertEquals("OK", client.call("SAVE"));
    }
    write(client, 3);
  }

  private static void write(RespClient client, int round) {
    for (int i = 0; i < KEYS; i++) {
      client.send("SET", "key:" + round + ":" + i, "value " + i);
    }
    client.send("SET", "round", Integer.toString(round));
    client.flush();
    for (int i = 0; i <= KEYS; i++) {
      assertEquals("OK", client.receive());
    }
  }

  private Path snapshots() {
    return data.resolve("gen-1/snapshot");
  }

  private List<Path> named(String start) {
    try (Stream<Path> entries = Files.list(snapshots())) {
      return entries
          .filter(path -> path.getFileName().toString().startsWith(start))
          .sorted(Comparator.comparingLong(SnapshotDamageIT::offset))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long offset(Path checkpoint) {
    return Long.parseLong(checkpoint.getFileName().toString().split("-")[1].split("\\.")[0]);
  }

  /** Changes a byte in the newest table of the newest snapshot. */
  private Path damageNewest() throws IOException {
    List<Path> checkpoints = named("checkpoint-");
    Path newest = checkpoints.get(checkpoints.size() - 1);
    Path table;
    try (Stream<Path> files = Files.list(newest)) {
      table =
          files
              .filter(path -> path.toString().endsWith(".sst"))
              .max(Comparator.naturalOrder())
              .orElseThrow();
    }
    byte[] bytes = Files.readAllBytes(table);
    bytes[FLIPPED_AT] ^= 1;
    Files.write(table, bytes);
    return table;
  }

  private static String persistence(RespClient client, String field) {
    return client.info("persistence", field);
  }

  private List<Path> setAside() {
    try (Stream<Path> entries = Files.list(snapshots())) {
      return entries
          .filter(path -> path.getFileName().toString().startsWith("damaged-checkpoint-"))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void shouldStartFromTheSnapshotBeforeADamagedOne() throws Exception {
    Object digest;
    try (ChronolithProcess server = start();
        RespClient client = server.connect()) {
      fill(client);
      digest = client.call("DEBUG", "DIGEST");
      server.kill();
    }
    Path table = damageNewest();
    try (ChronolithProcess server = start();
        RespClient client = server.connect()) {
      assertEquals(digest, client.call("DEBUG", "DIGEST"));
      assertEquals("1", persistence(client, "chronolith_snapshot_damaged"));
      String damage = persistence(client, "chronolith_snapshot_last_damage");
      assertTrue(damage.contains(table.getFileName().toString()), damage);
      assertTrue(server.output().contains("is damaged: "), server.output());
      await("it is set aside", () -> setAside().size() == 1);
      assertFalse(Files.exists(table));
      write(client, 4);
      assertEquals("OK", client.call("SAVE"));
      digest = client.call("DEBUG", "DIGEST");
      server.kill();
    }
    try (ChronolithProcess server = start();
        RespClient client = server.connect()) {
      assertEquals(digest, client.call("DEBUG", "DIGEST"));
      assertEquals("0", persistence(client, "chronolith_snapshot_damaged"));
    }
  }

  @Test
  void shouldMakeAFullSnapshotWhenAScrubFindsDamageInTheNewest() throws Exception {
    Object digest;
    try (ChronolithProcess server = start();
        RespClient client = server.connect()) {
      fill(client);
      digest = client.call("DEBUG", "DIGEST");
      Path table = damageNewest();
      assertEquals("OK", client.call("DEBUG", "SCRUB"));
      await("it is found", () -> "1".equals(persistence(client, "chronolith_snapshot_damaged")));
      String damage = persistence(client, "chronolith_snapshot_last_damage");
      assertTrue(damage.contains(table.toString()), damage);
      await("a new one", () -> setAside().size() == 1);
      assertEquals("ok", persistence(client, "rdb_last_bgsave_status"));
      assertTrue(server.output().contains("Snapshot damaged: "), server.output());
      assertTrue(server.output().contains("(the newest one is damaged, full)"), server.output());
      server.kill();
    }
    try (ChronolithProcess server = start();
        RespClient client = server.connect()) {
      assertEquals(digest, client.call("DEBUG", "DIGEST"));
      assertEquals("0", persistence(client, "chronolith_snapshot_damaged"));
    }
  }
}
