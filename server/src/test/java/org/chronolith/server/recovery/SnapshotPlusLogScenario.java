package org.chronolith.server.recovery;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.chronolith.engine.keyspace.ExpiryMode;
import org.chronolith.engine.keyspace.Keyspace;
import org.chronolith.engine.keyspace.Snapshot;
import org.chronolith.engine.snapshot.BatchSink;
import org.chronolith.engine.snapshot.SnapshotConfig;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.LogConfig;
import org.chronolith.replicationlog.LogListener;
import org.chronolith.replicationlog.LogStore;
import org.chronolith.replicationlog.ReplicationLog;

/**
 * Snapshot(S) + log[S, end) = state: random commands with snapshots going on in tiny slices, the
 * node stopped at random moments, and recovered by the real recovery.
 */
final class SnapshotPlusLogScenario {
  private static final int KEYS = 400;

  private SnapshotPlusLogScenario() {}

  /** Starts and stops a node so many times, with up to {@code maxCommands} commands each time. */
  static void run(Path directory, int restarts, int maxCommands) throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    byte[] digest = null;
    long end = 0;
    long saves = 0;
    for (int restart = 0; restart < restarts; restart++) {
      String when = "seed " + seed + ", restart " + restart;
      try (Node node = new Node(directory)) {
        assertEquals(end, node.log().endOffset(), when);
        if (digest != null) {
          assertArrayEquals(digest, node.keyspace().digest(), when);
        }
        int commands = random.nextInt(maxCommands);
        for (int i = 0; i < commands; i++) {
          node.run(random);
        }
        boolean isLastChance = restart == restarts - 1 && saves == 0;
        if (isLastChance || random.nextBoolean()) {
          node.finishSnapshot();
        }
        saves += node.duty.statistics().saves();
        digest = node.keyspace().digest();
        end = node.log().endOffset();
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError(when, e);
      }
    }
    assertTrue(saves > 0, "no snapshots with seed " + seed);
  }

  private static final class Node implements AutoCloseable {
    private final DataDirectory data;
    private final CommandStream stream = new CommandStream();
    private final Recovered recovered;
    private final ByteBuf bytes = Unpooled.directBuffer(1 << 20);
    final SnapshotDuty duty;

    Node(Path directory) {
      data = DataDirectory.open(directory);
      duty =
          new SnapshotDuty(
              new SlowSource(stream.dataset.keyspace()),
              new LiveLog(),
              () -> 0,
              stream.executor::appliedCommands,
              List::of,
              () -> 20_000,
              () -> {},
              0);
      Recovery recovery =
          new Recovery(
              data,
              new Recovery.Settings(
                  path ->
                      LogConfig.of(path)
                          .withBlocks(1 << 20, 4096)
                          .withHeadroom(2 << 20, 1 << 20, 0),
                  LogStore.SYSTEM,
                  log -> LogListener.none(),
                  SnapshotConfig::defaults,
                  duty));
      recovered = recovery.start(stream::target, false, 0);
      recovered.log().adopt();
      duty.adopt(recovered);
      bytes.clear();
    }

    ReplicationLog log() {
      return recovered.log();
    }

    Keyspace keyspace() {
      return stream.dataset.keyspace();
    }

    /** One command, or a transaction, and a bit of everything that goes on beside it. */
    void run(Random random) throws InterruptedException {
      bytes.clear();
      if (random.nextInt(20) == 0) {
        CommandStream.write(bytes, "MULTI");
        command(random);
        command(random);
        CommandStream.write(bytes, "EXEC");
      } else {
        command(random);
      }
      int length = bytes.readableBytes();
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
      while (!log().canAppend(length)) {
        assertTrue(System.nanoTime() < deadline, "no room in the log");
        TimeUnit.MILLISECONDS.sleep(1);
      }
      log().append(bytes, 0, length, stream.executor.db(), System.currentTimeMillis());
      assertEquals(length, stream.executor.apply(bytes));
      if (random.nextInt(3) == 0) {
        duty.doWork(0);
      }
      if (random.nextInt(10) == 0) {
        keyspace().begin(System.currentTimeMillis(), ExpiryMode.IGNORE);
        keyspace().freeSlice(20_000);
        keyspace().compactSlice(20_000);
      }
    }

    private void command(Random random) {
      if (random.nextInt(3) == 0) {
        collectionCommand(random);
      } else {
        keyCommand(random);
      }
    }

    /** A few collections, so that they become large ones, and whole ones come and go. */
    private void collectionCommand(Random random) {
      String number = Integer.toString(random.nextInt(3));
      String element = "element:" + random.nextInt(600);
      String text = "x".repeat(random.nextInt(60));
      switch (random.nextInt(12)) {
        case 0 -> CommandStream.write(bytes, "HDEL", "hash:" + number, element);
        case 1 -> CommandStream.write(bytes, "SREM", "set:" + number, element);
        case 2 -> CommandStream.write(bytes, "ZREM", "zset:" + number, element);
        case 3 ->
            CommandStream.write(bytes, random.nextBoolean() ? "LPOP" : "RPOP", "list:" + number);
        case 4 -> CommandStream.write(bytes, "LPUSH", "list:" + number, element, text, text);
        case 5 -> whole(random, number);
        case 6 -> CommandStream.write(bytes, "RPUSH", "list:" + number, element + text);
        case 7 -> CommandStream.write(bytes, "SADD", "set:" + number, element, element + "'");
        case 8, 9 ->
            CommandStream.write(
                bytes, "ZADD", "zset:" + number, "" + random.nextInt(50), element, "7", "always");
        default -> {
          String[] words = new String[2 + 40];
          words[0] = "HSET";
          words[1] = "hash:" + number;
          for (int i = 2; i < words.length; i += 2) {
            words[i] = "element:" + random.nextInt(600);
            words[i + 1] = text;
          }
          CommandStream.write(bytes, words);
        }
      }
    }

    private void whole(Random random, String number) {
      String other = Integer.toString(random.nextInt(3));
      switch (random.nextInt(4)) {
        case 0 -> CommandStream.write(bytes, "DEL", "hash:" + number, "zset:" + other);
        case 1 -> CommandStream.write(bytes, "COPY", "hash:" + number, "hash:c" + other, "REPLACE");
        case 2 -> {
          CommandStream.write(bytes, "RPUSH", "list:" + number, "so that it exists");
          CommandStream.write(bytes, "RENAME", "list:" + number, "list:" + other);
        }
        default ->
            CommandStream.write(bytes, "MOVE", "set:" + number, "" + (4 + random.nextInt(12)));
      }
    }

    private void keyCommand(Random random) {
      String key = "key:" + random.nextInt(KEYS);
      String other = "key:" + random.nextInt(KEYS);
      switch (random.nextInt(24)) {
        case 0 -> CommandStream.write(bytes, "DEL", key, other);
        case 1 -> CommandStream.write(bytes, "APPEND", key, "+" + random.nextInt());
        case 2 -> CommandStream.write(bytes, "SETRANGE", key, "" + random.nextInt(50), "range");
        case 3 -> CommandStream.write(bytes, "PEXPIREAT", key, "" + (1L << 41));
        case 4 -> CommandStream.write(bytes, "PERSIST", key);
        case 5 -> CommandStream.write(bytes, "COPY", key, "copy:" + other, "REPLACE");
        case 6 -> CommandStream.write(bytes, "MOVE", key, "" + (4 + random.nextInt(12)));
        case 7 -> {
          CommandStream.write(bytes, "SET", key, "renamed");
          CommandStream.write(bytes, "RENAME", key, other);
        }
        case 8, 9 -> CommandStream.write(bytes, "SELECT", "" + random.nextInt(4));
        case 10 -> CommandStream.write(bytes, "SET", key, "x".repeat(1 + random.nextInt(30_000)));
        case 11 -> {
          if (random.nextInt(20) == 0) {
            CommandStream.write(bytes, "FLUSHDB");
          } else {
            CommandStream.write(bytes, "SWAPDB", "0", "" + random.nextInt(16));
          }
        }
        default ->
            CommandStream.write(
                bytes, "SET", key, Long.toString(random.nextLong()), "PXAT", "" + (1L << 42));
      }
    }

    void finishSnapshot() throws InterruptedException {
      boolean[] ended = {false};
      duty.request("the test asks", failure -> ended[0] = true);
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
      while (!ended[0]) {
        assertTrue(System.nanoTime() < deadline, "the snapshot does not end");
        duty.doWork(0);
        TimeUnit.MICROSECONDS.sleep(100);
      }
    }

    /** Without a clean marker: as a process that was killed, its log as far as it was appended. */
    @Override
    public void close() {
      bytes.release();
      recovered.close();
      stream.close();
      data.close();
    }

    private final class LiveLog implements SnapshotStream {
      @Override
      public boolean isSpaceLow() {
        return false;
      }

      @Override
      public long usableBytes() {
        return Long.MAX_VALUE;
      }

      @Override
      public long appendStaged() {
        return endOffset();
      }

      @Override
      public long endOffset() {
        return log().endOffset();
      }

      @Override
      public long durableOffset() {
        return log().durableOffset();
      }

      @Override
      public boolean durableIdentity() {
        return log().durableIdentity();
      }

      @Override
      public long startOffset() {
        return log().startOffset();
      }

      @Override
      public void requestSync() {
        log().requestSync();
      }

      @Override
      public History history() {
        return log().history();
      }

      @Override
      public int selectedDb() {
        return stream.executor.db();
      }

      @Override
      public boolean leaveDamaged(long nowMs) {
        return log().leaveDamaged(selectedDb(), nowMs);
      }

      @Override
      public long trim(long keepFromOffset, long nowMs) {
        log().trim(keepFromOffset, nowMs);
        return log().startOffset();
      }
    }
  }

  /** A few items a step, so that commands come between. */
  private static final class SlowSource implements SnapshotSource {
    private final Keyspace keyspace;
    private Snapshot walk;

    SlowSource(Keyspace keyspace) {
      this.keyspace = keyspace;
    }

    @Override
    public boolean prepare(long budgetNanos) {
      return keyspace.canSnapshot();
    }

    @Override
    public void begin(BatchSink sink, boolean everything) {
      walk = keyspace.snapshot(sink, everything);
    }

    @Override
    public Step step(long budgetNanos) {
      if (walk.step(20)) {
        return Step.DONE;
      }
      if (walk.state() == Snapshot.State.ABORTED) {
        return Step.GAVE_WAY;
      }
      return walk.isSinkFull() ? Step.BLOCKED : Step.MORE;
    }

    @Override
    public void abort(String why) {
      walk.abort(why);
    }

    @Override
    public String reason() {
      return walk.reason();
    }

    @Override
    public long itemsExamined() {
      return walk.itemsExamined();
    }

    @Override
    public long keys() {
      return keyspace.database(0).size();
    }
  }
}
