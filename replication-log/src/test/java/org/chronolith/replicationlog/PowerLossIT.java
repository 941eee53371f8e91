package org.chronolith.replicationlog;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Power failures on a disk that forgets what was not forced. Held against a model: what was
 * acknowledged as durable is there; what is there was appended; and a replica that may go on, by
 * its id and offset, has the very bytes that the log has.
 */
@Tag("slow")
class PowerLossIT {
  private static final long RANDOM_NANOS = TimeUnit.SECONDS.toNanos(15);
  private static final int CRASHES_PER_LIFE = 6;

  @TempDir Path dir;
  private int directories;

  /** What a replica has: it was fed from the page cache, so perhaps more than is on disk. */
  private record Replica(String id, byte[] stream, int length) {}

  /** A node through its crashes. */
  private final class Node {
    final Random random;
    final String context;
    final List<Replica> replicas = new ArrayList<>();
    Path logDir;
    ForgetfulDisk disk;
    ReplicationLog log;
    LogConfig config;

    /** Whether the disk fails a force now and then. */
    boolean forcesFail;

    /** Appended so far; replaced, never changed. */
    volatile byte[] stream = new byte[0];

    volatile long trimmedTo;

    // What the crash found.
    Path image;
    long acknowledged;
    volatile byte[] streamAtCrash;
    boolean everything;
    int lostBytes;
    int failedForces;

    Node(long seed) {
      random = new Random(seed);
      context = "seed " + seed;
      newDirectory();
      log = ReplicationLog.create(config, LogListener.none(), 0, History.fresh(), 0, disk);
    }

    private void newDirectory() {
      logDir = dir.resolve("life-" + directories++).resolve("log");
      disk = new ForgetfulDisk(logDir);
      config = LogModel.smallConfig(logDir).withRetention(200 * 1024, 0);
    }

    void append() {
      int length = 1 + random.nextInt(random.nextInt(8) == 0 ? 60_000 : 2_000);
      byte[] grown = Arrays.copyOf(stream, stream.length + length);
      byte[] added = new byte[length];
      random.nextBytes(added);
      System.arraycopy(added, 0, grown, stream.length, length);
      // First: a crash in the middle of the append may find all of it.
      stream = grown;
      Await.until("space", () -> log.canAppend(length));
      log.append(Unpooled.wrappedBuffer(added), 0, length, 0, 1);
    }

    void work(int operations) {
      for (int i = 0; i < operations && streamAtCrash == null; i++) {
        switch (random.nextInt(forcesFail ? 10 : 9)) {
          case 0 -> log.requestSync();
          case 1 -> log.sync();
          case 2 -> log.trim(log.endOffset(), 2);
          case 3 -> feed();
          case 9 -> failAForce();
          default -> append();
        }
      }
    }

    /** And starts again, with what the page cache holds. */
    void failAForce() {
      append();
      disk.failAForceOfRecords(random.nextInt(2));
      try {
        log.sync();
        // There was nothing to force, or only one segment.
        disk.failAForceOfRecords(-1);
        return;
      } catch (LogException e) {
        assertThrows(LogException.class, log::close, context);
      }
      failedForces++;
      log = ReplicationLog.open(config, LogListener.none(), LogNeed.EVERYTHING, disk);
      assertEquals(stream.length, log.endOffset(), context);
      log.appendIdentity(log.history().newId(log.endOffset()), 0, 3);
      log.sync();
    }

    void feed() {
      if (log.durableIdentity()) {
        replicas.add(new Replica(log.history().currentId(), stream, (int) log.endOffset()));
      }
    }

    /** The power fails now. Any thread, while others go on. */
    void crash() {
      try {
        acknowledged = log == null ? acknowledged : log.durableOffset();
        everything = random.nextInt(4) == 0;
        image = dir.resolve("image-" + directories++).resolve("log");
        disk.crashInto(image, random, everything);
        streamAtCrash = stream;
      } catch (IOException e) {
        throw new AssertionError(context, e);
      }
    }

    /** Goes on with what is left. */
    void restart() throws IOException {
      logDir = image;
      disk = new ForgetfulDisk(logDir);
      disk.allIsForced();
      config = LogModel.smallConfig(logDir).withRetention(200 * 1024, 0);
      byte[] before = streamAtCrash;
      streamAtCrash = null;
      log = ReplicationLog.open(config, LogListener.none(), LogNeed.EVERYTHING, disk);
      String what = context + ", " + log.recovery();
      int end = (int) log.endOffset();
      assertTrue(end >= acknowledged, what + ", acknowledged " + acknowledged);
      assertTrue(end <= before.length, what + ", appended " + before.length);
      lostBytes += before.length - end;
      assertEquals(List.of(), log.recovery().damage(), what);
      stream = Arrays.copyOf(before, end);
      assertArrayEquals(
          Arrays.copyOfRange(stream, (int) log.startOffset(), end),
          LogModel.read(log, log.startOffset(), 10_000),
          what);
      if (!log.wasClean()) {
        log.appendIdentity(log.history().newId(end), 0, 3);
        log.sync();
      }
      checkReplicas(what);
    }

    private void checkReplicas(String what) {
      for (Replica replica : replicas) {
        boolean mayContinue =
            log.history()
                .canContinue(
                    replica.id(), replica.length() + 1L, log.startOffset(), log.endOffset());
        if (mayContinue) {
          assertTrue(
              Arrays.equals(replica.stream(), 0, replica.length(), stream, 0, replica.length()),
              what + ": a replica at " + replica.length() + " of " + replica.id() + " differs");
        }
      }
    }
  }

  @Test
  void shouldFindWhatWasAcknowledgedAfterAnyLossOfWhatWasNotForced() throws IOException {
    long deadline = System.nanoTime() + RANDOM_NANOS;
    int crashes = 0;
    int lost = 0;
    int failedForces = 0;
    while (System.nanoTime() < deadline) {
      Node node = new Node(System.nanoTime());
      node.forcesFail = true;
      for (int i = 0; i < CRASHES_PER_LIFE; i++) {
        node.work(10 + node.random.nextInt(120));
        node.feed();
        node.crash();
        node.log.close();
        node.restart();
        crashes++;
      }
      lost += node.lostBytes;
      failedForces += node.failedForces;
      node.log.close();
      SegmentFiles.delete(dir);
      Files.createDirectories(dir);
    }
    assertTrue(crashes > 20, "only " + crashes + " crashes in the time");
    assertTrue(failedForces > 20, "only " + failedForces + " failed forces");
    assertTrue(lost > 0, "nothing was ever lost: the disk does not forget");
  }

  /** The same life again and again, with a crash before and after each thing done to the disk. */
  @Test
  void shouldSurviveACrashAtEachStepOfALife() throws IOException {
    long seed = System.nanoTime();
    long step = 0;
    long steps = Long.MAX_VALUE;
    for (; step < steps; step++) {
      Node node = new Node(seed);
      // What was done for the creation is on disk; steps count from there.
      node.disk.atStepFromNow(step, node::crash);
      node.work(80);
      if (node.streamAtCrash == null) {
        node.log.markClean(0, 4);
        node.log.close();
      }
      if (node.streamAtCrash == null) {
        steps = step;
        node.log = null;
        node.acknowledged = node.stream.length;
        node.crash();
      } else if (node.log != null) {
        node.log.close();
      }
      node.restart();
      node.append();
      node.log.close();
      assertTrue(step < 2_000, "the life does not end");
    }
    assertTrue(steps > 20, "only " + steps + " steps");
  }

  /** A crash while what an earlier crash has left is being recovered. */
  @Test
  void shouldSurviveACrashAtEachStepOfARecovery() throws IOException {
    long seed = System.nanoTime();
    for (int life = 0; life < 3; life++) {
      boolean ended = false;
      for (long step = 0; !ended; step++) {
        Node node = new Node(seed + life);
        node.work(80);
        node.crash();
        node.log.close();
        Path first = node.image;
        byte[] before = node.streamAtCrash;
        ForgetfulDisk disk = new ForgetfulDisk(first);
        disk.allIsForced();
        node.disk = disk;
        node.log = null;
        disk.atStepFromNow(step, node::crash);
        node.streamAtCrash = null;
        node.stream = before;
        node.image = null;
        LogConfig config = LogModel.smallConfig(first);
        ReplicationLog.open(config, LogListener.none(), LogNeed.EVERYTHING, disk).close();
        ended = node.image == null;
        if (!ended) {
          node.restart();
          node.log.close();
        }
        assertTrue(step < 500, "the recovery does not end");
      }
    }
  }
}
