package org.chronolith.server.recovery;

import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import org.chronolith.replicationlog.History;
import org.chronolith.server.write.WritePath;

/** The live log, behind the write path. Thread: engine. */
public final class LogStream implements SnapshotStream {
  private final WritePath writePath;
  private final IntSupplier selectedDb;
  private final LongSupplier neededFrom;
  private final LongSupplier minFreeBytes;

  /**
   * @param selectedDb the database that the stream has selected at its end
   * @param neededFrom lowest offset that replicas and running full syncs need within their limits;
   *     {@code Long.MAX_VALUE} if there are none
   * @param minFreeBytes floor of the volume's free space
   */
  public LogStream(
      WritePath writePath,
      IntSupplier selectedDb,
      LongSupplier neededFrom,
      LongSupplier minFreeBytes) {
    this.writePath = writePath;
    this.selectedDb = selectedDb;
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
  public long trim(long keepFromOffset, long nowMs) {
    writePath.log().dropDamaged(keepFromOffset);
    writePath.log().trim(Math.min(keepFromOffset, neededFrom.getAsLong()), nowMs);
    return writePath.log().startOffset();
  }
}
