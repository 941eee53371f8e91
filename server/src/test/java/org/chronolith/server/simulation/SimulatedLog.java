package org.chronolith.server.simulation;

import io.netty.buffer.ByteBuf;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.LogBranch;
import org.chronolith.replicationlog.LogConfig;
import org.chronolith.replicationlog.LogCopy;
import org.chronolith.replicationlog.LogException;
import org.chronolith.replicationlog.LogListener;
import org.chronolith.replicationlog.LogReader;
import org.chronolith.replicationlog.LogRecord;
import org.chronolith.replicationlog.RecoveryReport;
import org.chronolith.replicationlog.ReplicationLog;
import org.chronolith.replicationlog.ScrubStatus;

/** A log as a process has it open; what it forces is on disk some time later. */
final class SimulatedLog implements ReplicationLog {
  private static final long LONGEST_FORCE_NANOS = 30_000_000;

  private final SimulatedLogs logs;
  private final int process;
  private final LogImage image;
  private final LogConfig config;
  private final LogListener listener;
  private final Timeline time;
  private final RandomGenerator random;
  private final StreamRegistry registry;
  private final RecoveryReport recovery;
  private History history;
  private int lastIdentity;
  private boolean forcing;
  private boolean forceAgain;
  private boolean closed;

  SimulatedLog(
      SimulatedLogs logs,
      int process,
      LogImage image,
      LogConfig config,
      LogListener listener,
      Timeline time,
      RandomGenerator random,
      StreamRegistry registry,
      boolean opened) {
    this.logs = logs;
    this.process = process;
    this.image = image;
    this.config = config;
    this.listener = listener;
    this.time = time;
    this.random = random;
    this.registry = registry;
    if (opened) {
      // What is found is forced before anybody relies on it.
      image.forced(image.entries());
      history = image.history();
    }
    recovery =
        new RecoveryReport(
            image.startOffset(),
            image.endOffset(),
            image.endOffset(),
            opened && image.endsClean(),
            1,
            0,
            0,
            List.of(),
            List.of());
  }

  private boolean isDead() {
    return closed || !logs.isLive(process);
  }

  LogImage image() {
    return image;
  }

  @Override
  public RecoveryReport recovery() {
    return recovery;
  }

  @Override
  public long startOffset() {
    return image.startOffset();
  }

  @Override
  public long endOffset() {
    return image.endOffset();
  }

  @Override
  public long durableOffset() {
    return image.endOffset(image.forced());
  }

  @Override
  public History history() {
    return history;
  }

  @Override
  public long sizeBytes() {
    return endOffset() - startOffset();
  }

  @Override
  public Throwable failure() {
    return null;
  }

  @Override
  public void adopt() {
    // There is one thread.
  }

  /** Always: there is space, and what a dead process appends goes nowhere. */
  @Override
  public boolean canAppend(long bytes) {
    return true;
  }

  @Override
  public boolean hasRoom(long bytes) {
    return true;
  }

  @Override
  public boolean canAppendInternal(long bytes) {
    return true;
  }

  @Override
  public boolean canAppendIdentity() {
    return true;
  }

  @Override
  public long usableBytes() {
    return Long.MAX_VALUE / 2;
  }

  @Override
  public void append(ByteBuf bytes, int from, int length, int dbAtStart, long wallClockMs) {
    if (isDead() || length == 0) {
      return;
    }
    byte[] data = new byte[length];
    bytes.getBytes(from, data);
    registry.appended(history.currentId(), endOffset(), data, config.dir().toString());
    image.append(data, wallClockMs);
  }

  @Override
  public void appendIdentity(History newHistory, int db, long wallClockMs) {
    if (isDead()) {
      return;
    }
    history = newHistory;
    image.identity(newHistory, wallClockMs);
    lastIdentity = image.entries();
  }

  @Override
  public boolean durableIdentity() {
    return image.forced() >= lastIdentity;
  }

  @Override
  public long crowdedBelow(long keepFromOffset) {
    // Its volume has no end.
    return startOffset();
  }

  @Override
  public void trim(long keepFromOffset, long nowMs) {
    if (!isDead()) {
      long keepBytes = config.retentionBytes() > 0 ? config.retentionBytes() : Long.MAX_VALUE / 2;
      long oldestMs = config.retentionMs() > 0 ? nowMs - config.retentionMs() : 0;
      image.trim(keepFromOffset, keepBytes, oldestMs);
    }
  }

  @Override
  public void scrub(boolean all, long bytesPerSecond) {
    // Nothing is ever damaged.
  }

  @Override
  public ScrubStatus scrubStatus() {
    return new ScrubStatus(false, 0, 0, 0, "");
  }

  @Override
  public boolean leaveDamaged(int db, long nowMs) {
    // Nothing is ever damaged.
    return false;
  }

  @Override
  public void dropDamaged(long snapshotOffset) {
    // Nothing is ever damaged.
  }

  @Override
  public LogReader reader(long offset) {
    if (offset < startOffset() || offset > endOffset()) {
      throw new LogException(
          LogException.Kind.OUT_OF_RANGE,
          "offset " + offset + " is outside of [" + startOffset() + ", " + endOffset() + "]");
    }
    return new Reader(offset);
  }

  @Override
  public LogCopy copyTo(Path target) {
    throw new UnsupportedOperationException("there are no backups here");
  }

  @Override
  public Optional<LogBranch> branch(LogConfig to, LogListener toListener, long mostOffset) {
    return logs.branch(image, to, toListener, mostOffset);
  }

  @Override
  public void requestSync() {
    if (isDead()) {
      return;
    }
    if (forcing) {
      forceAgain = true;
      return;
    }
    forcing = true;
    int wanted = image.entries();
    time.after(random.nextLong(LONGEST_FORCE_NANOS), () -> forced(wanted));
  }

  private void forced(int wanted) {
    if (isDead()) {
      return;
    }
    forcing = false;
    image.forced(wanted);
    listener.durable(durableOffset());
    if (forceAgain) {
      forceAgain = false;
      requestSync();
    }
  }

  @Override
  public void sync() {
    if (!isDead()) {
      image.forced(image.entries());
    }
  }

  @Override
  public void markClean(int db, long wallClockMs) {
    if (!isDead()) {
      image.clean(wallClockMs);
    }
  }

  @Override
  public boolean wasClean() {
    return recovery.clean();
  }

  @Override
  public void close() {
    sync();
    closed = true;
  }

  private final class Reader implements LogReader {
    private long offset;

    Reader(long offset) {
      this.offset = offset;
    }

    @Override
    public long offset() {
      return offset;
    }

    @Override
    public int read(ByteBuf dst, int maxBytes) {
      if (offset < startOffset()) {
        throw new LogException(LogException.Kind.TRIMMED, "trimmed to " + startOffset());
      }
      int length = (int) Math.min(maxBytes, endOffset() - offset);
      if (length <= 0) {
        return 0;
      }
      dst.writeBytes(image.read(offset, length));
      offset += length;
      return length;
    }

    @Override
    public boolean next(LogRecord record) {
      throw new UnsupportedOperationException("records are for tools");
    }

    @Override
    public void close() {
      // Nothing is held.
    }
  }
}
