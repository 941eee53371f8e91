package org.chronolith.server.recovery;

import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import java.util.function.LongSupplier;

/**
 * The free space that files which may fail leave on the volume of the data: below it the log is cut
 * short, and absent replicas and running full syncs pay for that.
 *
 * <p>Thread: any that may wait for the disk.
 */
public final class SpaceFloor {
  /** Between two looks at the volume. */
  static final long CHECK_BYTES = 4 << 20;

  private final LongSupplier freeBytes;
  private final LongSupplier leastBytes;

  public SpaceFloor(LongSupplier freeBytes, LongSupplier leastBytes) {
    this.freeBytes = freeBytes;
    this.leastBytes = leastBytes;
  }

  /**
   * @throws IOException if a file of {@code bytes} does not leave enough
   */
  public void require(long bytes) throws IOException {
    long free = freeBytes.getAsLong();
    long least = leastBytes.getAsLong();
    if (free - bytes < least) {
      throw new IOException(
          "the volume has "
              + free
              + " bytes free, and a file of "
              + bytes
              + " bytes more does not leave the "
              + least
              + " bytes that the log needs");
    }
  }

  /** Gives bytes on to the file {@code out} as long as they leave enough; it fails then. */
  public WritableByteChannel above(WritableByteChannel out) {
    return new CheckedChannel(out, new Above());
  }

  private final class Above implements CheckedChannel.Check {
    private long unchecked = CHECK_BYTES;

    @Override
    public void before(int bytes) throws IOException {
      unchecked += bytes;
      if (unchecked >= CHECK_BYTES) {
        require(Math.max(bytes, CHECK_BYTES));
        unchecked = 0;
      }
    }
  }
}
