package org.chronolith.replicationlog;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.chronolith.replicationlog.chronicle.QueueFile;
import org.chronolith.replicationlog.chronicle.SegmentAppender;

/**
 * The engine thread's side of the log: makes records, keeps groups together, goes on to the next
 * segment. All that can take time was done ahead by {@link LogPrepare}; if it was not, nothing is
 * written.
 */
final class LogWriter {
  /** Space for one identity at a segment's start and for the queue's own index blocks. */
  private static final long SLACK_BYTES = 32 * 1024;

  /** Header, framing and padding of one record. */
  private static final int RECORD_OVERHEAD_BYTES =
      QueueFile.HEADER_BYTES + RecordHeader.BYTES + QueueFile.HEADER_BYTES;

  private final LogConfig config;
  private final LogState state;
  private final LogPrepare prepare;
  private final LogSync sync;
  private final RecordHeader header = new RecordHeader();
  private final ByteBuffer headerBytes = ByteBuffer.allocateDirect(RecordHeader.BYTES);
  private final CRC32C checksum = new CRC32C();
  private final long signalEveryBytes;

  private Thread owner;
  private SegmentAppender appender;
  private Segment segment;
  private long signalledAt;
  private boolean endsClean;

  /** The last one that was left for its damage, and the count of identities with the one behind. */
  private Segment left;

  private long leftWith;

  LogWriter(LogConfig config, LogState state, LogPrepare prepare, LogSync sync, boolean endsClean) {
    this.config = config;
    this.state = state;
    this.prepare = prepare;
    this.sync = sync;
    this.endsClean = endsClean;
    this.signalEveryBytes =
        Math.max(4096, Math.min(config.headroomBytes() / 4, config.touchAheadBytes() / 4));
  }

  void adopt() {
    owner = Thread.currentThread();
  }

  /** The next caller becomes the owner. */
  void disown() {
    owner = null;
  }

  private void checkOwner() {
    Thread caller = Thread.currentThread();
    if (owner != caller) {
      if (owner != null) {
        throw new LogException(
            LogException.Kind.MISUSE,
            "the log belongs to thread " + owner.getName() + ", not to " + caller.getName());
      }
      owner = caller;
    }
  }

  boolean canAppend(long bytes, long reserveBytes) {
    checkOwner();
    return state.failure() == null && hasSpace(bytes, reserveBytes);
  }

  /** As {@link #canAppend}, but asks for no space. */
  boolean hasRoom(long bytes, long reserveBytes) {
    checkOwner();
    return state.failure() == null && target(cost(bytes) + reserveBytes) != null;
  }

  private boolean hasSpace(long bytes, long reserveBytes) {
    checkOwner();
    long needed = cost(bytes) + reserveBytes;
    if (target(needed) != null) {
      return true;
    }
    want(needed);
    return false;
  }

  private void want(long bytes) {
    prepare.want(bytes, appender == null ? 0 : appender.position());
  }

  /** File bytes that an append of so many stream bytes takes at most. */
  private long cost(long bytes) {
    long records = bytes / config.maxRecordBytes() + 1;
    return bytes + records * RECORD_OVERHEAD_BYTES + SLACK_BYTES;
  }

  /**
   * Where the next record goes that takes so many file bytes: to the next segment once this one is
   * full, but only if that has the space. For what was found in this one is promised to somebody,
   * and must be there though the next one, with less, becomes ready meanwhile.
   *
   * @return null if neither has it
   */
  private SegmentAppender target(long needed) {
    if (appender == null || appender.position() >= config.segmentBytes()) {
      LogPrepare.Prepared next = prepare.next();
      if (next != null && fits(next.appender(), needed)) {
        return next.appender();
      }
    }
    return appender != null && fits(appender, needed) ? appender : null;
  }

  private static boolean fits(SegmentAppender target, long needed) {
    return target.position() + needed <= target.reservedBytes();
  }

  void append(ByteBuf bytes, int from, int length, int db, long nowMs) {
    if (length <= 0) {
      throw new LogException(LogException.Kind.MISUSE, "an append of " + length + " bytes");
    }
    begin(length, state.history(), db, nowMs);
    int max = config.maxRecordBytes();
    try {
      if (length <= max) {
        write(RecordHeader.COMMIT, 0, state.endOffset(), db, nowMs, bytes, from, length);
      } else {
        int part = 0;
        for (int done = 0; done < length; part++) {
          int size = Math.min(max, length - done);
          int commit = done + size == length ? RecordHeader.COMMIT : 0;
          write(
              RecordHeader.PART | commit,
              part,
              state.endOffset() + done,
              db,
              nowMs,
              bytes,
              from + done,
              size);
          done += size;
        }
      }
    } catch (RuntimeException | Error e) {
      throw failed(e);
    }
    commit(state.endOffset() + length, nowMs);
  }

  void appendIdentity(History history, int db, long nowMs) {
    boolean rolled = begin(0, history, db, nowMs);
    if (!rolled) {
      writeIdentity(history, db, nowMs);
      commit(state.endOffset(), nowMs);
    }
    state.identity(history);
  }

  void markClean(int db, long nowMs) {
    checkOwner();
    if (endsClean) {
      return;
    }
    begin(0, state.history(), db, nowMs);
    try {
      write(
          RecordHeader.CLEAN | RecordHeader.COMMIT,
          0,
          state.endOffset(),
          db,
          nowMs,
          Unpooled.EMPTY_BUFFER,
          0,
          0);
    } catch (RuntimeException | Error e) {
      throw failed(e);
    }
    commit(state.endOffset(), nowMs);
    endsClean = true;
  }

  /** Checks that the append can be done and goes on to the next segment if this one is full. */
  private boolean begin(long bytes, History history, int db, long nowMs) {
    checkOwner();
    if (db < 0) {
      throw new LogException(LogException.Kind.MISUSE, "database " + db);
    }
    if (state.broken()) {
      Throwable failure = state.failure();
      throw new LogException(LogException.Kind.IO, "the log failed: " + failure, failure);
    }
    SegmentAppender target = target(cost(bytes));
    if (target == null) {
      want(cost(bytes));
      throw new LogException(
          LogException.Kind.NO_SPACE, "no space is reserved for " + bytes + " bytes of the log");
    }
    if (target == appender) {
      return false;
    }
    try {
      roll(history, db, nowMs);
    } catch (RuntimeException | Error e) {
      throw failed(e);
    }
    return true;
  }

  private void roll(History history, int db, long nowMs) {
    LogPrepare.Prepared next = prepare.next();
    SegmentAppender full = appender;
    Segment old = segment;
    long offset = state.endOffset();
    appender = next.appender();
    segment =
        new Segment(
            next.sequence(),
            next.dir(),
            appender.file(),
            appender.position(),
            offset,
            new OffsetIndex(config.indexEveryBytes()));
    writeIdentity(history, db, nowMs);
    segment.committedPosition = appender.position();
    segment.newestMs = nowMs;
    // Who forces looks at the commits first, and at the segments then: it must find this one there.
    // So must readers once the old one is sealed.
    state.add(segment);
    state.committed(offset);
    // Before the old file is handed over to be closed: nobody must take that for the active one.
    prepare.taken(appender);
    if (old != null) {
      old.verified = true;
      old.seal(offset);
      prepare.retire(full, old.file, old.committedPosition);
    }
    signalledAt = appender.position();
    endsClean = false;
  }

  private void writeIdentity(History history, int db, long nowMs) {
    byte[] identity =
        RecordHeader.encodeIdentity(new RecordHeader.Identity(sync.durableOffset(), history));
    write(
        RecordHeader.IDENTITY | RecordHeader.COMMIT,
        0,
        state.endOffset(),
        db,
        nowMs,
        Unpooled.wrappedBuffer(identity),
        0,
        identity.length);
  }

  private void write(
      int flags, int part, long offset, int db, long nowMs, ByteBuf bytes, int from, int length) {
    header.flags = flags;
    header.part = part;
    header.startOffset = offset;
    header.db = db;
    header.wallClockMs = nowMs;
    header.payloadLength = length;
    header.write(headerBytes);
    RecordHeader.begin(checksum, headerBytes);
    if (length > 0) {
      checksum.update(bytes.internalNioBuffer(from, length));
    }
    RecordHeader.seal(headerBytes, (int) checksum.getValue());
    long position = appender.append(headerBytes, bytes, from, length);
    segment.index().add(offset, position);
  }

  private void commit(long endOffset, long nowMs) {
    long position = appender.position();
    segment.newestMs = nowMs;
    segment.committedPosition = position;
    state.committed(endOffset);
    endsClean = false;
    if (position - signalledAt >= signalEveryBytes) {
      signalledAt = position;
      prepare.moved(position);
    }
  }

  /** After this nothing is appended any more: a half-written group must stay the last thing. */
  private LogException failed(Throwable cause) {
    state.fail(cause);
    return new LogException(LogException.Kind.IO, "cannot append to the log: " + cause, cause);
  }

  void trim(long keepFromOffset, long nowMs) {
    checkOwner();
    Segment[] all = state.segments();
    long total = fileBytes(all);
    long durable = sync.durableOffset();
    long missing = missingBytes();
    prepare.measure();
    int count = 0;
    while (count < all.length - 1 && mayGo(all[count], keepFromOffset, durable)) {
      Segment oldest = all[count];
      boolean tooMuch = config.retentionBytes() > 0 && total > config.retentionBytes();
      boolean tooOld = config.retentionMs() > 0 && oldest.newestMs < nowMs - config.retentionMs();
      boolean tooFull = isCrowded(oldest, missing, total);
      if (!tooMuch && !tooOld && !tooFull) {
        break;
      }
      total -= oldest.committedPosition;
      missing -= oldest.committedPosition;
      count++;
    }
    if (count > 0) {
      prepare.remove(state.removeFirst(count));
    }
  }

  private static long fileBytes(Segment[] all) {
    long total = 0;
    for (Segment one : all) {
      total += one.committedPosition;
    }
    return total;
  }

  /** What has to come free on the volume; not positive if there is enough. */
  private long missingBytes() {
    return config.lowFreeBytes() - prepare.usableSoonBytes();
  }

  /** Whether the oldest segment of {@code total} file bytes has to go for what is missing. */
  private boolean isCrowded(Segment oldest, long missing, long total) {
    return missing > 0 && total - oldest.committedPosition >= config.leastBytes();
  }

  long crowdedBelow(long keepFromOffset) {
    checkOwner();
    Segment[] all = state.segments();
    long total = fileBytes(all);
    long durable = sync.durableOffset();
    long missing = missingBytes();
    int count = 0;
    while (count < all.length - 1
        && mayGo(all[count], keepFromOffset, durable)
        && isCrowded(all[count], missing, total)) {
      total -= all[count].committedPosition;
      missing -= all[count].committedPosition;
      count++;
    }
    return count == 0 ? state.startOffset() : all[count - 1].endOffset;
  }

  /**
   * Whether a segment that is followed by another is needed no more. Something behind its end must
   * be on disk: then so is the next one's first record, without which there would be no log.
   */
  private static boolean mayGo(Segment segment, long keepFromOffset, long durable) {
    return segment.sealed && segment.endOffset <= keepFromOffset && segment.endOffset < durable;
  }

  boolean leaveDamaged(int db, long nowMs) {
    checkOwner();
    if (!state.isNewestDamaged() || state.failure() != null) {
      return false;
    }
    LogPrepare.Prepared next = prepare.next();
    if (next == null || !fits(next.appender(), SLACK_BYTES)) {
      // It sees what has to be made, and makes it.
      prepare.measure();
      return false;
    }
    Segment[] all = state.segments();
    left = all[all.length - 1];
    try {
      roll(state.history(), db, nowMs);
    } catch (RuntimeException | Error e) {
      throw failed(e);
    }
    state.identity(state.history());
    leftWith = state.identities();
    return true;
  }

  /** As {@link #mayGo}, for what was left without a byte behind it: an identity was appended. */
  private boolean wasLeft(Segment segment, long snapshotOffset) {
    return segment == left
        && segment.endOffset <= snapshotOffset
        && sync.durableIdentities() >= leftWith;
  }

  void dropDamaged(long snapshotOffset) {
    checkOwner();
    Segment[] all = state.segments();
    long durable = sync.durableOffset();
    int count = 0;
    for (int i = 0; i < all.length - 1; i++) {
      if (!mayGo(all[i], snapshotOffset, durable) && !wasLeft(all[i], snapshotOffset)) {
        break;
      }
      if (all[i].damage() != null) {
        count = i + 1;
      }
    }
    if (count > 0) {
      prepare.remove(state.removeFirst(count));
    }
  }

  /** Closes the file that is appended to. REQUIRES: log-prepare has ended. */
  void close() throws IOException {
    if (appender != null) {
      appender.close();
      SegmentAppender.giveBack(segment.file, segment.committedPosition);
      appender = null;
    }
  }
}
