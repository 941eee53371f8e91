package org.chronolith.server.write;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.concurrent.locks.LockSupport;
import org.chronolith.network.Connection;
import org.chronolith.network.NetworkLoop;
import org.chronolith.replicationlog.ReplicationLog;
import org.chronolith.server.client.Client;

/**
 * Takes the staged effects of a turn to the log with one append, and says which replies must wait
 * for the disk.
 *
 * <p>Order at the end of a turn: append, then wake the feeds and (for {@code appendfsync always})
 * ask for a force and hold the writers' replies; the network flushes connections after this hook
 * has run. So a reply never leaves before its bytes are in the log.
 *
 * <p>Thread: engine.
 */
public final class WritePath {
  private static final long LONGEST_WAIT_NANOS = 5_000_000_000L;
  private static final long ROOM_POLL_NANOS = 100_000;

  private final Effects effects;
  private final NetworkLoop loop;
  private final int turnBytes;
  private final ArrayList<Client> writers = new ArrayList<>();
  private final ArrayList<Runnable> appended = new ArrayList<>();
  private ReplicationLog log;

  /** The log is marked as clean, and is about to be closed by another thread. */
  private boolean ended;

  private boolean syncBeforeReply;

  /**
   * @param turnBytes staged bytes at which the append is made at once instead of at the end of the
   *     turn
   */
  public WritePath(Effects effects, NetworkLoop loop, int turnBytes) {
    this.effects = effects;
    this.loop = loop;
    this.turnBytes = turnBytes;
  }

  /** Goes on with another log: at start, and after a full sync. Nothing may be staged. */
  public void log(ReplicationLog value) {
    if (effects.stagedBytes() != 0) {
      throw new IllegalStateException("staged effects belong to the old log");
    }
    log = value;
  }

  public ReplicationLog log() {
    return log;
  }

  public Effects effects() {
    return effects;
  }

  /** {@code appendfsync always}: replies of writers wait for the force. */
  public void syncBeforeReply(boolean value) {
    syncBeforeReply = value;
  }

  /** Runs {@code listener} on this thread after each append: feeds, {@code WAIT}, snapshots. */
  public void onAppended(Runnable listener) {
    appended.add(listener);
  }

  /** A unit of effects was staged for {@code client}. */
  public void staged(Client client) {
    if (!client.wroteInTurn()) {
      client.wroteInTurn(true);
      writers.add(client);
    }
    staged();
  }

  /** Effects of the server's own (expiry, pings) were staged. */
  public void staged() {
    if (effects.stagedBytes() >= turnBytes) {
      append();
    } else {
      loop.requestEndOfTurn();
    }
  }

  /** Appends what is staged, before the network flushes. */
  public void endOfTurn() {
    append();
    if (writers.isEmpty()) {
      return;
    }
    long end = log.endOffset();
    boolean hold = syncBeforeReply && end > log.durableOffset();
    for (int i = 0; i < writers.size(); i++) {
      Client client = writers.get(i);
      client.wroteInTurn(false);
      client.lastWriteOffset(end);
      if (hold && client.connection() != null) {
        hold(client.connection(), end);
      }
    }
    writers.clear();
    if (hold) {
      log.requestSync();
    }
  }

  /** After a failed force the bytes will never be on disk: the reply must not leave. */
  private void hold(Connection connection, long end) {
    if (log.failure() == null) {
      connection.holdUntil(end);
    } else {
      connection.close();
    }
  }

  /**
   * Appends what is staged, for the last time: the process ends, and what comes later is not
   * logged. Its replies must not leave, so the caller has closed the connections.
   */
  public void end() {
    append();
    ended = true;
  }

  /** Appends what is staged now, so that {@link #endOffset()} covers it. */
  public void append() {
    ByteBuf staged = effects.staged();
    int length = staged.readableBytes();
    if (length == 0) {
      return;
    }
    if (ended) {
      effects.clearStaged();
      return;
    }
    // Before the first SELECT after a start the database is not known; what follows selects one.
    int db = Math.max(0, effects.stagedStartDb());
    awaitRoom(length);
    log.append(staged, staged.readerIndex(), length, db, System.currentTimeMillis());
    effects.clearStaged();
    tellAppended();
  }

  /**
   * The gates have made sure of the space, but for one kind of command: one whose effects are far
   * larger than its request, such as an {@code SPOP} of a million members. It is applied already,
   * so it must be logged: better a pause than a stop.
   */
  private void awaitRoom(int length) {
    long begun = System.nanoTime();
    while (!log.hasSpace(length) && System.nanoTime() - begun < LONGEST_WAIT_NANOS) {
      LockSupport.parkNanos(ROOM_POLL_NANOS);
    }
  }

  /**
   * Appends bytes of a master's stream as they came: complete effects that were applied in this
   * very turn. A replica stages nothing of its own.
   *
   * @param dbAtStart database that the stream has selected at the first of them
   */
  public void appendVerbatim(ByteBuf bytes, int from, int length, int dbAtStart) {
    if (effects.stagedBytes() != 0) {
      throw new IllegalStateException("a replica has staged effects of its own");
    }
    if (ended) {
      return;
    }
    log.append(bytes, from, length, dbAtStart, System.currentTimeMillis());
    tellAppended();
  }

  private void tellAppended() {
    for (int i = 0; i < appended.size(); i++) {
      appended.get(i).run();
    }
  }

  /** Offset after everything that was appended and staged. */
  public long endOffset() {
    return log.endOffset() + effects.stagedBytes();
  }

  /** Whether effects of the server's own of so many bytes may be staged now. */
  public boolean hasInternalRoom(long bytes) {
    return log.canAppendInternal(effects.stagedBytes() + effects.unitBytes() + bytes);
  }

  /**
   * Whether a request of {@code requestBytes} may still be applied: its effects surely fit in the
   * space that the log has reserved.
   */
  public boolean hasRoom(long requestBytes) {
    return log.canAppend(effects.stagedBytes() + requestBytes);
  }
}
