package org.chronolith.server.capture;

import com.moilioncircle.redis.replicator.Configuration;
import com.moilioncircle.redis.replicator.RedisReplicator;
import com.moilioncircle.redis.replicator.Replicator;
import com.moilioncircle.redis.replicator.cmd.Command;
import com.moilioncircle.redis.replicator.cmd.CommandName;
import com.moilioncircle.redis.replicator.cmd.impl.AbstractCommand;
import com.moilioncircle.redis.replicator.cmd.impl.DefaultCommand;
import com.moilioncircle.redis.replicator.cmd.impl.SelectCommand;
import com.moilioncircle.redis.replicator.cmd.parser.DefaultCommandParser;
import com.moilioncircle.redis.replicator.event.Event;
import com.moilioncircle.redis.replicator.event.PostRdbSyncEvent;
import com.moilioncircle.redis.replicator.event.PreRdbSyncEvent;
import com.moilioncircle.redis.replicator.rdb.datatype.AuxField;
import com.moilioncircle.redis.replicator.rdb.datatype.KeyValuePair;
import com.moilioncircle.redis.replicator.util.type.Tuple2;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/**
 * A program that captures changes with redis-replicator, as the documentation describes it: it
 * keeps its position, reconnects by itself, and insists that each effect begins where the one
 * before has ended.
 *
 * <p>Thread: {@code stream-reader} for the events; the rest is for the test's.
 */
final class StreamReader implements AutoCloseable {
  private static final long DEADLINE_S = 60;
  private static final int RETRY_MS = 50;
  private static final int GETACK_BYTES =
      "*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n".length();

  /** Read as the words that came, whatever the library knows of them. */
  private static final List<String> DATA_COMMANDS =
      List.of(
          "SET",
          "DEL",
          "INCR",
          "RPUSH",
          "HSET",
          "SADD",
          "SREM",
          "ZADD",
          "PEXPIREAT",
          "MULTI",
          "EXEC");

  /** All that is needed to go on: {@code offset} bytes have been read, {@code db} is selected. */
  record Position(String replicationId, long offset, int db) {}

  /** An effect, and where the stream is after it. */
  record Change(int db, List<String> words, Position after) {}

  private final Replicator replicator;
  private final Thread thread;
  private Snapshot snapshot;
  private boolean snapshotComplete;
  private final List<Change> changes = new ArrayList<>();
  private Throwable failure;
  private int snapshotsBegun;
  private int db;
  private long offset;

  /**
   * @param from where to go on, or null for the data set first
   */
  StreamReader(int port, Position from) {
    Configuration configuration =
        Configuration.defaultSetting().setRetries(-1).setRetryTimeInterval(RETRY_MS);
    if (from == null) {
      offset = -1;
    } else {
      configuration.setReplId(from.replicationId()).setReplOffset(from.offset());
      configuration.setReplStreamDB(from.db());
      offset = from.offset();
      db = from.db();
    }
    replicator = new RedisReplicator("127.0.0.1", port, configuration);
    for (String name : DATA_COMMANDS) {
      replicator.addCommandParser(CommandName.name(name), new DefaultCommandParser());
    }
    replicator.addEventListener((source, event) -> received(event));
    replicator.addExceptionListener((source, cause, event) -> failed(cause));
    thread = new Thread(this::run, "stream-reader");
    thread.start();
  }

  private void run() {
    try {
      replicator.open();
    } catch (IOException | RuntimeException e) {
      failed(e);
    }
  }

  private synchronized void failed(Throwable cause) {
    if (failure == null) {
      failure = cause;
    }
    notifyAll();
  }

  private synchronized void received(Event event) {
    if (event instanceof PreRdbSyncEvent) {
      snapshot = new Snapshot();
      snapshotsBegun++;
    } else if (event instanceof AuxField field) {
      snapshot.add(field);
    } else if (event instanceof KeyValuePair<?, ?> pair) {
      snapshot.add(pair);
    } else if (event instanceof PostRdbSyncEvent) {
      snapshotComplete = true;
      db = Integer.parseInt(snapshot.auxiliary.get("repl-stream-db"));
      offset = Long.parseLong(snapshot.auxiliary.get("repl-offset"));
    } else if (event instanceof Command command) {
      received(command);
    }
    notifyAll();
  }

  private void received(Command command) {
    Tuple2<Long, Long> offsets = ((AbstractCommand) command).getContext().getOffsets();
    if (offsets == null) {
      // The library repeats what is selected when it has connected; no bytes of the stream.
      int selected = ((SelectCommand) command).getIndex();
      if (selected != db) {
        throw new AssertionError(selected + " is selected instead of " + db);
      }
      return;
    }
    // The library answers REPLCONF GETACK by itself, and says nothing of it.
    long gap = offsets.getV1() - offset;
    if (gap < 0 || gap % GETACK_BYTES != 0) {
      throw new AssertionError("an effect at " + offsets.getV1() + " follows " + offset);
    }
    offset = offsets.getV2();
    if (command instanceof SelectCommand select) {
      db = select.getIndex();
    } else if (command instanceof DefaultCommand effect) {
      List<String> words = new ArrayList<>();
      words.add(Snapshot.text(effect.getCommand()));
      for (byte[] argument : effect.getArgs()) {
        words.add(Snapshot.text(argument));
      }
      String id = replicator.getConfiguration().getReplId();
      changes.add(new Change(db, List.copyOf(words), new Position(id, offset, db)));
    }
  }

  /** Waits for the whole data set. */
  synchronized Snapshot awaitSnapshot() {
    await(() -> snapshotComplete);
    return snapshot;
  }

  /** Waits until the last change is one that {@code last} accepts; all of them so far. */
  synchronized List<Change> awaitChange(Predicate<Change> last) {
    await(() -> !changes.isEmpty() && last.test(changes.get(changes.size() - 1)));
    return List.copyOf(changes);
  }

  /** How many data sets it has been sent. */
  synchronized int snapshotsBegun() {
    return snapshotsBegun;
  }

  private void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_S);
    while (failure == null && !condition.getAsBoolean()) {
      long leftMs = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      if (leftMs <= 0) {
        throw new AssertionError("too late; " + changes.size() + " changes, offset " + offset);
      }
      try {
        wait(leftMs);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
    if (failure != null) {
      throw new AssertionError(failure);
    }
  }

  /** Ends it, as a process that is stopped. */
  @Override
  public void close() {
    try {
      replicator.close();
      thread.join(TimeUnit.SECONDS.toMillis(DEADLINE_S));
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
    if (thread.isAlive()) {
      throw new AssertionError("the reader does not end");
    }
  }
}
