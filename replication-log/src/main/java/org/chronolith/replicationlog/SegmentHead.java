package org.chronolith.replicationlog;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.chronolith.replicationlog.chronicle.QueueFile;

/**
 * A segment as its first record describes it. In front of that record are documents of the queue
 * itself, and the preamble; if they are damaged it is looked for.
 *
 * @param file null if there is none
 * @param firstPosition of its first record
 * @param durable up to which offset all was on disk when the segment was begun
 * @param problem null, or why it cannot be used; see {@link #finding()}
 * @param problemPosition where in the file that is
 * @param notice null, or what is wrong in front of the first record
 * @param neverBegun it was prepared ahead and holds nothing; {@code problem} is then set as well
 * @param mayBeInMaking it looks as one that a running server is just making, or writes the first
 *     record to; {@code problem} is then set as well
 */
record SegmentHead(
    SegmentFiles.Entry entry,
    Path file,
    long firstPosition,
    long startOffset,
    long wallClockMs,
    long durable,
    String problem,
    long problemPosition,
    String notice,
    boolean neverBegun,
    boolean mayBeInMaking) {
  /** What the queue and the preamble take in front of the first record is well below this. */
  private static final long SEARCH_BYTES = 256 * 1024;

  private static final String NO_FILE = "the segment has no file";
  private static final String NO_RECORD = "there is no first record";

  boolean usable() {
    return problem == null;
  }

  /** Why it cannot be used, with file and position. */
  String finding() {
    return file == null ? entry.dir() + ": " + problem : where(file, problemPosition) + problem;
  }

  static SegmentHead read(RecordCursor cursor, SegmentFiles.Entry entry) throws IOException {
    return read(cursor, entry, QueueFile.find(entry.dir()));
  }

  /**
   * @param file of the segment; null if there is none
   */
  static SegmentHead read(RecordCursor cursor, SegmentFiles.Entry entry, Path file)
      throws IOException {
    if (file == null) {
      return unusable(entry, null, NO_FILE, 0, false, true);
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return read(cursor, new RecordHeader(), entry, file, channel);
    }
  }

  private static SegmentHead read(
      RecordCursor cursor,
      RecordHeader header,
      SegmentFiles.Entry entry,
      Path file,
      FileChannel channel)
      throws IOException {
    cursor.reset(channel, 0);
    long size = channel.size();
    RecordCursor.Step step = cursor.next(header, size);
    if (step == RecordCursor.Step.RECORD) {
      return first(cursor, header, entry, file, null);
    }
    long at = Math.min(size, cursor.position());
    boolean damaged = step == RecordCursor.Step.DAMAGED;
    String problem = damaged ? cursor.problem() : NO_RECORD;
    boolean mayBeInMaking = !damaged || cursor.isUnfinished();
    RecordSearch search = new RecordSearch(channel, cursor, header);
    long to = Math.min(size, SEARCH_BYTES);
    long preamble = search.preamble(0, to);
    boolean found;
    if (preamble >= 0) {
      cursor.reset(channel, preamble);
      step = cursor.next(header, size);
      found = step == RecordCursor.Step.RECORD;
    } else {
      found = search.record(0, to, candidate -> candidate.has(RecordHeader.IDENTITY));
    }
    if (found) {
      return first(cursor, header, entry, file, where(file, at) + problem);
    }
    // A wrong length of a document of the queue can lead past all there is: look everywhere.
    boolean neverBegun =
        step == RecordCursor.Step.END
            && at > 0
            && LogRecovery.lastByte(channel, cursor.position()) == 0
            && !search.record(0, size, any -> true);
    return unusable(entry, file, problem, at, neverBegun, mayBeInMaking);
  }

  private static SegmentHead first(
      RecordCursor cursor,
      RecordHeader header,
      SegmentFiles.Entry entry,
      Path file,
      String problemBefore) {
    long position = cursor.documentPosition();
    RecordHeader.Identity identity = identity(cursor, header);
    if (identity == null) {
      return unusable(entry, file, "the first record is not an identity", position, false, false);
    }
    String notice =
        problemBefore == null
            ? null
            : problemBefore + "; the first record, at position " + position + ", is whole";
    return new SegmentHead(
        entry,
        file,
        position,
        header.startOffset,
        header.wallClockMs,
        identity.durableOffset(),
        null,
        0,
        notice,
        false,
        false);
  }

  /** The identity that the cursor's record carries, or null if it is none or makes no sense. */
  static RecordHeader.Identity identity(RecordCursor cursor, RecordHeader header) {
    if (!header.has(RecordHeader.IDENTITY)) {
      return null;
    }
    try {
      return RecordHeader.identityOf(
          cursor.window().nioBuffer(cursor.payloadIndex(), header.payloadLength));
    } catch (LogException e) {
      return null;
    }
  }

  private static SegmentHead unusable(
      SegmentFiles.Entry entry,
      Path file,
      String problem,
      long position,
      boolean neverBegun,
      boolean mayBeInMaking) {
    return new SegmentHead(
        entry, file, 0, 0, 0, 0, problem, position, null, neverBegun, mayBeInMaking);
  }

  static String where(Path file, long position) {
    return file + " at position " + position + ": ";
  }
}
