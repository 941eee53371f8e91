package org.chronolith.bench.disk;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import org.chronolith.replicationlog.LogDisk;

/** The real disk, until it is told to fail. Thread: any. */
final class FaultyDisk implements LogDisk {

  /** What the system says of EIO. */
  private static final String CAUSE = "Input/output error";

  /** What it is told. */
  enum Order {
    /** Every force from now on is an I/O error. */
    FAIL_FORCES,
    /** Every reservation from now on is an I/O error. */
    FAIL_RESERVATIONS,
    /** It is sound again. */
    HEAL
  }

  private volatile Order order = Order.HEAL;

  void follow(Order newOrder) {
    order = newOrder;
  }

  @Override
  public void force(FileChannel channel, Path file, boolean metadata) throws IOException {
    failIfForcesFail();
    LogDisk.super.force(channel, file, metadata);
  }

  @Override
  public void forceDir(Path dir) throws IOException {
    failIfForcesFail();
    LogDisk.super.forceDir(dir);
  }

  @Override
  public void reserve(Path file, long from, long to) throws IOException {
    if (order == Order.FAIL_RESERVATIONS) {
      throw new FileSystemException(
          file.toString(), null, "cannot reserve " + (to - from) + " bytes: " + CAUSE);
    }
    LogDisk.super.reserve(file, from, to);
  }

  private void failIfForcesFail() throws IOException {
    if (order == Order.FAIL_FORCES) {
      throw new IOException(CAUSE);
    }
  }
}
