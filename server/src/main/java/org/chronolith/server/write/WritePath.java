package org.chronolith.server.write;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.concurrent.TimeUnit;
import org.chronolith.network.Connection;
import org.chronolith.network.NetworkLoop;
import org.chronolith.replicationlog.ReplicationLog;
import org.chronolith.server.client.Client;
import org.chronolith.server.config.AppendFsync;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes the staged effects of a turn to the log with one append, and says which replies must wait
 * for the disk.
 *
 * <p>Order at the end of a turn: append, then wake the feeds and (as {@code appendfsync} has it)
 * ask for a force and hold the writers' replies; the network flushes connections after this hook
 * has run. So a reply never leaves before its bytes are in the log.
 *
 * <p>Thread: engine.
 */
public final class WritePath {
  private static final Logger LOG = LoggerFactory.getLogger(WritePath.class);

  /** What {@code appendfsync everysec} may lose. */
  private static final long MOST_UNSYNCED_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Effects effects;
  private final NetworkLoop loop;
  private final int turnBytes;
  private final ArrayList<Client> writers = new ArrayList<>();
  private final ArrayList<Runnable> appended = new ArrayList<>();
  private ReplicationLog log;

  /**
   * Bytes that the running unit may stage for its client, as {@link #promise} has found room for.
   * What is promised is appended at once when the unit has ended, or with the turn: nothing else
   * takes the room meanwhile.
   */
  private long promisedBytes;

  /** The log is marked as clean, and is about to be closed by another thread. */
  private boolean ended;

  private AppendFsync policy = AppendFsync.EVERYSEC;

  private final UnsyncedAge unsynced = new UnsyncedAge();

  /** With {@code everysec}: in the last turn of a writer the disk was too slow. */
  private boolean late;

  private long delayedSyncs;

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
    unsynced.reset(loop.clock().nanos());
  }

  public ReplicationLog log() {
    return log;
  }

  public Effects effects() {
    return effects;
  }

  /**
   * When replies of writers wait for a force: with {@code always} each does; with {@code everysec}
   * they do once the oldest write that could be lost is a second old, so that never more than a
   * second of acknowledged writes can be, however slow the disk is.
   */
  public void appendFsync(AppendFsync value) {
    policy = value;
  }

  /** To be called at least twice a second: asks for the forces that the policy wants. */
  public void syncIfDue(boolean evenWithoutPolicy) {
    noteUnsynced();
    if (policy != AppendFsync.NO || evenWithoutPolicy) {
      log.requestSync();
    }
  }

  private void noteUnsynced() {
    unsynced.note(loop.clock().nanos(), log.endOffset(), log.durableOffset());
  }

  /** Age of the oldest write that is not on disk; 0 if all are. */
  public long unsyncedMs() {
    noteUnsynced();
    return log.durableOffset() >= log.endOffset()
        ? 0
        : TimeUnit.NANOSECONDS.toMillis(unsynced.nanos(loop.clock().nanos()));
  }

  /** Turns whose replies waited for a force that took too long for {@code everysec}. */
  public long delayedSyncs() {
    return delayedSyncs;
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
    if (policy == AppendFsync.EVERYSEC && !writers.isEmpty()) {
      noteUnsynced();
    }
    append();
    if (writers.isEmpty()) {
      return;
    }
    long end = log.endOffset();
    boolean hold = repliesWait() && end > log.durableOffset();
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

  private boolean repliesWait() {
    if (policy != AppendFsync.EVERYSEC) {
      return policy == AppendFsync.ALWAYS;
    }
    boolean wasLate = late;
    late = unsynced.nanos(loop.clock().nanos()) >= MOST_UNSYNCED_NANOS;
    if (late) {
      delayedSyncs++;
      if (!wasLate) {
        LOG.warn(
            "Asynchronous AOF fsync is taking too long (disk is busy?). Replies to writes wait for"
                + " it, so that no more than a second of them can be lost.");
      }
    }
    return late;
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
    // Each byte was promised, to a client or to the server itself: so there is room.
    log.append(staged, staged.readerIndex(), length, db, loop.clock().wallMs());
    effects.clearStaged();
    tellAppended();
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
    log.append(bytes, from, length, dbAtStart, loop.clock().wallMs());
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
    long unit = effects.isUnitOpen() ? promisedBytes + effects.expiredBytes() : 0;
    return log.canAppendInternal(effects.stagedBytes() + unit + bytes);
  }

  /**
   * Before a request runs: makes sure that the log has room for {@code bytes} of effects of its
   * client's, and for {@code likelyBytes} more that it will ask for when it knows. The first is
   * what the unit then may stage, whatever else happens.
   *
   * @return whether it has
   */
  public boolean promise(long bytes, long likelyBytes) {
    promisedBytes = bytes;
    return log.canAppend(effects.stagedBytes() + bytes + likelyBytes);
  }

  /** Whether {@link #promise} would say yes. If not, nothing is asked for. */
  public boolean hasRoom(long bytes, long likelyBytes) {
    return log.hasRoom(effects.stagedBytes() + bytes + likelyBytes);
  }

  /** Before a request that does not write: the only effects are those of keys that expire. */
  public void promiseNothing() {
    promisedBytes = 0;
  }

  /**
   * While a request runs: lets it stage {@code bytes} more than was promised, if there is room.
   *
   * @return whether there is; if not, nothing has changed
   */
  public boolean promiseMore(long bytes) {
    long unit = promisedBytes + effects.expiredBytes();
    if (!log.canAppend(effects.stagedBytes() + unit + bytes)) {
      return false;
    }
    promisedBytes += bytes;
    return true;
  }
}
