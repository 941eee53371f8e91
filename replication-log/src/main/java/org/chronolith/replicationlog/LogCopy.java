package org.chronolith.replicationlog;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A copy of a log that is in use: sealed segments, which never change, are shared by hard links;
 * the valid part of the newest one is copied. Where the target is on another file system, all of it
 * is copied.
 *
 * @param startOffset first byte that the copy holds
 * @param endOffset behind the last commit in it
 * @param linkedFiles segments shared by a hard link
 * @param copiedBytes of the others
 */
public record LogCopy(
    long startOffset,
    long endOffset,
    int linkedFiles,
    long linkedBytes,
    int copiedFiles,
    long copiedBytes) {

  /** Makes the copy in {@code target}, an empty directory. Everything in it is forced. */
  static LogCopy make(LogState state, int maxRecordBytes, Path target) throws IOException {
    List<Segment> segments = List.of(state.segments());
    // Read before the file: what is committed by then is in the copy.
    long lastBytes = segments.get(segments.size() - 1).committedPosition;
    LogCopy made = make(segments, lastBytes, maxRecordBytes, target);
    if (made == null) {
      throw new IOException("the log was replaced while it was copied");
    }
    return made;
  }

  /**
   * The same of the sealed segments that end at or below {@code mostOffset}; null if there are
   * none.
   */
  static LogCopy ofSealed(LogState state, int maxRecordBytes, Path target, long mostOffset)
      throws IOException {
    List<Segment> segments = new ArrayList<>();
    for (Segment segment : state.segments()) {
      if (segment.sealed && segment.endOffset <= mostOffset) {
        segments.add(segment);
      }
    }
    if (segments.isEmpty()) {
      return null;
    }
    Segment last = segments.get(segments.size() - 1);
    LogCopy made;
    try {
      made = make(segments, endPosition(last, maxRecordBytes), maxRecordBytes, target);
    } catch (NoSuchFileException e) {
      // Retention has taken all of them.
      return null;
    }
    if (made != null && made.endOffset != last.endOffset) {
      throw new LogException(
          LogException.Kind.DAMAGED, last.file + " ends at offset " + made.endOffset);
    }
    return made;
  }

  /**
   * Behind the last stream byte of a sealed segment: what follows there may be what a recovery has
   * cut, if no start has read the segment since.
   */
  private static long endPosition(Segment segment, int maxRecordBytes) throws IOException {
    RecordHeader header = new RecordHeader();
    try (FileChannel channel = FileChannel.open(segment.file);
        RecordCursor cursor = new RecordCursor(maxRecordBytes)) {
      cursor.reset(channel, segment.firstPosition);
      long offset = segment.startOffset;
      // Its first record in any case: without an identity it would be none.
      do {
        if (cursor.next(header, segment.committedPosition) != RecordCursor.Step.RECORD) {
          throw new LogException(
              LogException.Kind.DAMAGED,
              SegmentHead.where(segment.file, cursor.position())
                  + "no record at offset "
                  + offset
                  + ", before the segment's end at "
                  + segment.endOffset);
        }
        offset = header.endOffset();
      } while (offset < segment.endOffset);
      return cursor.position();
    }
  }

  /**
   * Returns null if retention has taken all of them.
   *
   * @param lastBytes of the last segment
   */
  private static LogCopy make(
      List<Segment> segments, long lastBytes, int maxRecordBytes, Path target) throws IOException {
    int linkedFiles = 0;
    long linkedBytes = 0;
    int copiedFiles = 0;
    long copiedBytes = 0;
    Segment first = null;
    for (Segment segment : segments) {
      // The newest one is copied even if nothing will be appended to it: bytes that a recovery has
      // cut may lie behind its end.
      boolean isLast = segment == segments.get(segments.size() - 1);
      boolean shared = segment.sealed && !isLast;
      long bytes = isLast ? lastBytes : segment.committedPosition;
      try {
        Path dir = target.resolve(segment.dir.getFileName());
        Path file = dir.resolve(segment.file.getFileName());
        Files.createDirectory(dir);
        if (shared && link(segment.file, file)) {
          SegmentFiles.forceFile(file, LogDisk.SYSTEM);
          linkedFiles++;
          linkedBytes += bytes;
        } else {
          LogCut.copyPrefix(segment.file, file, bytes);
          copiedFiles++;
          copiedBytes += bytes;
        }
        SegmentFiles.forceDir(dir);
        first = first == null ? segment : first;
      } catch (NoSuchFileException e) {
        if (first != null) {
          throw e;
        }
        // Retention took an oldest segment; the copy begins behind it.
        SegmentFiles.delete(target.resolve(segment.dir.getFileName()));
      }
    }
    if (first == null) {
      return null;
    }
    SegmentFiles.forceDir(target);
    long endOffset = endOf(target, maxRecordBytes);
    try (ForcedEnd forced = ForcedEnd.open(target, LogDisk.SYSTEM)) {
      forced.record(endOffset, segments.get(segments.size() - 1).sequence, 0);
      forced.forceNow();
    }
    return new LogCopy(
        first.startOffset, endOffset, linkedFiles, linkedBytes, copiedFiles, copiedBytes);
  }

  /** False if the two are on different file systems, or theirs has no links. */
  private static boolean link(Path existing, Path name) throws IOException {
    try {
      Files.createLink(name, existing);
      return true;
    } catch (NoSuchFileException e) {
      throw e;
    } catch (FileSystemException | UnsupportedOperationException e) {
      return false;
    }
  }

  /** Reads the newest segment of the copy: it must be sound, and it tells where the copy ends. */
  private static long endOf(Path target, int maxRecordBytes) throws IOException {
    List<SegmentFiles.Entry> entries = SegmentFiles.list(target);
    LogInspector newest =
        LogInspector.open(entries.get(entries.size() - 1).dir(), false, maxRecordBytes);
    long[] end = {-1};
    newest.walk(
        new LogInspector.Visitor() {
          @Override
          public boolean record(LogInspector.SegmentInfo segment, LogRecord record, long position) {
            return true;
          }

          @Override
          public void damaged(LogInspector.Damage damage) {
            throw new LogException(LogException.Kind.DAMAGED, damage.toString());
          }

          @Override
          public void segmentEnd(
              LogInspector.SegmentInfo segment, long endOffset, long endPosition) {
            end[0] = endOffset;
          }
        });
    return end[0];
  }
}
