package org.chronolith.server.recovery;

import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.LongUnaryOperator;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.ReplicationLog;
import org.chronolith.server.write.WritePath;

/** The live log, behind the write path. Thread: engine. */
public final class LogStream implements SnapshotStream {
  private final WritePath writePath;
  private final IntSupplier selectedDb;
  private final LongSupplier readFrom;
  private final LongUnaryOperator neededFrom;
  private final LongSupplier minFreeBytes;

  /**
   * @param selectedDb the database that the stream has selected at its end
   * @param readFrom lowest offset that is being read by what ends by itself; {@code Long.MAX_VALUE}
   *     if there is nothing
   * @param neededFrom has those that need the log below an offset let go of it, since it is in the
   *     way of the volume's free space, and gives the lowest offset that replicas and running full
   *     syncs need within their limits; {@code Long.MAX_VALUE} if there are none
   * @param minFreeBytes floor of the volume's free space
   */
  public LogStream(
      WritePath writePath,
      IntSupplier selectedDb,
      LongSupplier readFrom,
      LongUnaryOperator neededFrom,
      LongSupplier minFreeBytes) {
    this.writePath = writePath;
    this.selectedDb = selectedDb;
    this.readFrom = readFrom;
    this.neededFrom = neededFrom;
    this.minFreeBytes = minFreeBytes;
  }

  @Override
  public long appendStaged() {
    writePath.append();
    return writePath.log().endOffset();
  }

  @Override
  public long endOffset() {
    return writePath.log().endOffset();
  }

  @Override
  public long usableBytes() {
    return writePath.log().usableBytes();
  }

  @Override
  public boolean isSpaceLow() {
    return writePath.log().usableBytes() < minFreeBytes.getAsLong();
  }

  @Override
  public long durableOffset() {
    return writePath.log().durableOffset();
  }

  @Override
  public boolean durableIdentity() {
    return writePath.log().durableIdentity();
  }

  @Override
  public long startOffset() {
    return writePath.log().startOffset();
  }

  @Override
  public void requestSync() {
    writePath.log().requestSync();
  }

  @Override
  public History history() {
    return writePath.log().history();
  }

  @Override
  public int selectedDb() {
    return selectedDb.getAsInt();
  }

  @Override
  public boolean leaveDamaged(long nowMs) {
    // What is staged was promised the space of the segment that would be left.
    writePath.append();
    return writePath.log().leaveDamaged(selectedDb.getAsInt(), nowMs);
  }

  @Override
  public long trim(long keepFromOffset, long nowMs) {
    ReplicationLog log = writePath.log();
    log.dropDamaged(keepFromOffset);
    long mayGo = Math.min(keepFromOffset, readFrom.getAsLong());
    long needed = neededFrom.applyAsLong(log.crowdedBelow(mayGo));
    log.trim(Math.min(mayGo, needed), nowMs);
    return log.startOffset();
  }
}
