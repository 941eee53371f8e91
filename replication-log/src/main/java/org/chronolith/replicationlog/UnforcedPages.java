package org.chronolith.replicationlog;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Brings to the disk what a start has verified. A force alone would not: it writes dirty pages, and
 * after a force has failed Linux takes the pages for clean and keeps them. Then a start reads from
 * the cache what is not on disk, and its own force returns at once, as if it were.
 *
 * <p>So what lies behind the {@link ForcedEnd} is written again, in place, with the bytes that are
 * there, which makes its pages dirty; then it is verified once more, since a page that was taken
 * for clean may have gone, and what is on disk may have been read instead of it; then it is forced.
 * A crash in the middle leaves the same bytes. Behind the end there is nothing after a clean stop,
 * and about a second of writes after a crash; without a record of the end it is all that the start
 * verified.
 *
 * <p>A marker of a clean close in the log says nothing here: its own force may have failed.
 *
 * <p>Thread: whoever opens the log.
 */
final class UnforcedPages implements AutoCloseable {
  /** No page and no block is smaller: what is written dirties all of the larger ones. */
  private static final int PAGE_BYTES = 4096;

  private static final int CHUNK_BYTES = 1 << 20;

  private final ForcedEnd.Slot forced;
  private final LogDisk disk;
  private final RecordCursor cursor;
  private final ByteBuf chunk = ByteBufAllocator.DEFAULT.directBuffer(CHUNK_BYTES, CHUNK_BYTES);

  private UnforcedPages(ForcedEnd.Slot forced, LogDisk disk, int maxRecordBytes) {
    this.forced = forced;
    this.disk = disk;
    this.cursor = new RecordCursor(maxRecordBytes);
  }

  /**
   * Has all of {@code segments} on disk that was verified; the others were before.
   *
   * @param forced what is known to be on disk, or null
   * @throws IOException naming the file that cannot be written, read again or forced
   */
  static void force(Segment[] segments, ForcedEnd.Slot forced, LogDisk disk, int maxRecordBytes)
      throws IOException {
    try (UnforcedPages pages = new UnforcedPages(forced, disk, maxRecordBytes)) {
      for (Segment segment : segments) {
        if (segment.index() != null) {
          pages.force(segment);
        }
      }
    }
  }

  private void force(Segment segment) throws IOException {
    long from = firstUnforced(segment);
    try (FileChannel channel =
        FileChannel.open(segment.file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      if (from < segment.committedPosition) {
        // The head has changed with each record, too; nothing depends on how far it got.
        rewrite(channel, segment.file, 0, Math.min(from, PAGE_BYTES));
        rewrite(channel, segment.file, from, segment.committedPosition);
        verify(channel, segment);
      }
      disk.force(channel, segment.file, true);
    } catch (FileSystemException e) {
      throw e;
    } catch (IOException e) {
      throw SegmentFiles.failed(
          segment.file, "cannot be brought to the disk: " + LogException.reasonOf(e), e);
    }
  }

  /** File position from which on nobody knows what is on disk; the end if all is. */
  private long firstUnforced(Segment segment) {
    if (forced == null || forced.sequence() == 0 || segment.sequence > forced.sequence()) {
      return 0;
    }
    boolean whole =
        segment.sequence < forced.sequence() || segment.committedPosition <= forced.position();
    return whole ? segment.committedPosition : forced.position() & -PAGE_BYTES;
  }

  private void rewrite(FileChannel channel, Path file, long from, long to) throws IOException {
    for (long at = from; at < to; ) {
      ByteBuffer bytes = chunk.internalNioBuffer(0, (int) Math.min(CHUNK_BYTES, to - at));
      int start = bytes.position();
      while (bytes.hasRemaining()) {
        if (channel.read(bytes, at + bytes.position() - start) <= 0) {
          throw SegmentFiles.failed(file, "became shorter while it was written again", null);
        }
      }
      int length = bytes.position() - start;
      disk.write(channel, file, bytes.position(start), at);
      at += length;
    }
  }

  /** What is dirty now stays until it is on disk: so this is what will be there. */
  private void verify(FileChannel channel, Segment segment) throws IOException {
    RecordHeader header = new RecordHeader();
    cursor.reset(channel, segment.firstPosition);
    while (cursor.position() < segment.committedPosition) {
      if (cursor.next(header, segment.committedPosition) != RecordCursor.Step.RECORD) {
        throw SegmentFiles.failed(
            segment.file,
            "what was verified at position "
                + cursor.position()
                + " is not there any more: it was never on disk; start again",
            null);
      }
    }
  }

  @Override
  public void close() {
    cursor.close();
    chunk.release();
  }
}
