package org.chronolith.replicationlog;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.chronolith.replicationlog.chronicle.QueueFile;

/**
 * Cuts a log that nobody has open at its first damage, and keeps what it cuts in directories {@code
 * repair-cut-segment-…} beside it, which no start removes. No file is changed in place, since a
 * backup may share it by a hard link: the segment that holds the damage gets a copy of its valid
 * part under its name.
 *
 * <p>A crash in the middle leaves a log that can be cut again: segments go from the newest on, and
 * the damaged file is replaced by one rename.
 *
 * <p>Thread: one at a time, any that may wait for the disk.
 */
public final class LogCut {
  private static final String UNFINISHED = ".repaired";

  private final Path logDir;
  private final LogInspector.Damage damage;

  /** The segment that is cut; null where nothing but the end is missing. */
  private final LogInspector.SegmentInfo damaged;

  private final List<LogInspector.SegmentInfo> behind;
  private final long endOffset;
  private final long cutBytes;

  private LogCut(
      Path logDir,
      LogInspector.Damage damage,
      LogInspector.SegmentInfo damaged,
      List<LogInspector.SegmentInfo> behind,
      long endOffset) {
    this.logDir = logDir;
    this.damage = damage;
    this.damaged = damaged;
    this.behind = List.copyOf(behind);
    this.endOffset = endOffset;
    long bytes = damaged == null ? 0 : damaged.fileBytes() - damage.keptBytes();
    for (LogInspector.SegmentInfo segment : behind) {
      bytes += segment.fileBytes();
    }
    this.cutBytes = bytes;
  }

  /**
   * What must be cut for the log to be whole from {@code fromOffset} on; empty if it is.
   *
   * @param found all damage that {@link LogInspector#walk} told, in its order
   * @param endOffset behind the last commit of the log
   * @throws LogException MISUSE if a segment does not belong where it is: to cut there would take
   *     sound ones, and leave the start refused
   */
  public static Optional<LogCut> plan(
      Path logDir,
      LogInspector log,
      List<LogInspector.Damage> found,
      long fromOffset,
      long endOffset) {
    for (LogInspector.Damage one : found) {
      if (one.kind() == LogInspector.Damage.Kind.ORDER) {
        throw new LogException(LogException.Kind.MISUSE, one.problem());
      }
    }
    for (LogInspector.Damage one : found) {
      boolean reaches = one.nextOffset() < 0 || one.nextOffset() > fromOffset;
      if (reaches || one.offset() >= fromOffset) {
        return Optional.of(plan(logDir, log, one, endOffset));
      }
    }
    return missingEnd(logDir, log, fromOffset, endOffset);
  }

  /** Where the newest segments are gone: there is nothing to cut, but to accept it. */
  private static Optional<LogCut> missingEnd(
      Path logDir, LogInspector log, long fromOffset, long endOffset) {
    try {
      ForcedEnd.Slot forced = ForcedEnd.read(logDir);
      String problem = null;
      if (forced == null) {
        return Optional.empty();
      } else if (forced.offset() > Math.max(fromOffset, endOffset)) {
        problem =
            "the log ends here, but it was on disk up to "
                + forced.offset()
                + ": its newest segments are missing";
      } else if (endOffset > fromOffset && lacksRecords(log, forced)) {
        problem =
            "the log ends here, but "
                + SegmentFiles.name(forced.sequence())
                + " was on disk up to position "
                + forced.position()
                + ": records that hold nothing of the stream are missing";
      }
      if (problem == null) {
        return Optional.empty();
      }
      LogInspector.Damage missing =
          new LogInspector.Damage(logDir.resolve(ForcedEnd.NAME), 0, endOffset, -1, problem, 0);
      return Optional.of(new LogCut(logDir, missing, null, List.of(), endOffset));
    } catch (IOException e) {
      throw LogException.io("cannot read the log in " + logDir, e);
    }
  }

  /** Whether the newest segment is gone, or ends before what was on disk of it. */
  private static boolean lacksRecords(LogInspector log, ForcedEnd.Slot forced) {
    LogInspector.SegmentInfo newest = null;
    for (LogInspector.SegmentInfo segment : log.segments()) {
      newest = segment.usable() ? segment : newest;
    }
    if (newest == null || newest.sequence() != forced.sequence()) {
      return newest != null && newest.sequence() < forced.sequence();
    }
    return log.endOf(newest).position() < forced.position();
  }

  private static LogCut plan(
      Path logDir, LogInspector log, LogInspector.Damage damage, long endOffset) {
    LogInspector.SegmentInfo damaged = null;
    List<LogInspector.SegmentInfo> behind = new ArrayList<>();
    for (LogInspector.SegmentInfo segment : log.segments()) {
      if (damaged != null) {
        behind.add(segment);
      } else if (damage.file().equals(segment.file()) || damage.file().equals(segment.dir())) {
        damaged = segment;
      }
    }
    if (damaged == null) {
      throw new LogException(
          LogException.Kind.MISUSE, damage.file() + " is no segment of " + logDir);
    }
    return new LogCut(logDir, damage, damaged, behind, endOffset);
  }

  /** The damage at which the log is cut. */
  public LogInspector.Damage damage() {
    return damage;
  }

  /** End of the log behind the cut. */
  public long newEndOffset() {
    return damage.offset();
  }

  /** Readable stream bytes that the cut takes from the log, since they follow the damage. */
  public long readableBytesLost() {
    return damage.nextOffset() < 0 ? 0 : Math.max(0, endOffset - damage.nextOffset());
  }

  /** File bytes that are cut, reserved space included. */
  public long cutBytes() {
    return cutBytes;
  }

  /** The segments, by name, that are cut in part or whole, oldest first. */
  public List<String> segments() {
    List<String> names = new ArrayList<>();
    if (damaged != null) {
      names.add(damaged.name());
    }
    behind.forEach(segment -> names.add(segment.name()));
    return names;
  }

  /**
   * Does it.
   *
   * @return where what was cut is kept, newest segment first
   * @throws LogException IO
   */
  public List<Path> apply() {
    List<Path> kept = new ArrayList<>();
    try {
      // First: else a start in between would miss what is cut.
      ForcedEnd.lower(logDir, newEndOffset(), LogDisk.SYSTEM);
      for (int i = behind.size() - 1; i >= 0; i--) {
        kept.add(setAside(behind.get(i).dir()));
      }
      if (damaged != null) {
        kept.add(damage.keptBytes() == 0 ? setAside(damaged.dir()) : keepValidPart());
      }
      SegmentFiles.forceDir(logDir);
      return kept;
    } catch (IOException e) {
      throw LogException.io("cannot cut the log in " + logDir, e);
    }
  }

  private Path setAside(Path segmentDir) throws IOException {
    Path target = SegmentFiles.repairPath(segmentDir);
    Files.move(segmentDir, target, StandardCopyOption.ATOMIC_MOVE);
    SegmentFiles.forceDir(logDir);
    return target;
  }

  private Path keepValidPart() throws IOException {
    Path target = SegmentFiles.repairPath(damaged.dir());
    Files.createDirectory(target);
    Files.createLink(target.resolve(damaged.file().getFileName()), damaged.file());
    SegmentFiles.forceDir(target);
    SegmentFiles.forceDir(logDir);
    Path copy = damaged.file().resolveSibling(damaged.file().getFileName() + UNFINISHED);
    copyPrefix(damaged.file(), copy, damage.keptBytes());
    Files.move(copy, damaged.file(), StandardCopyOption.ATOMIC_MOVE);
    SegmentFiles.forceDir(damaged.dir());
    return target;
  }

  /** Copies the first {@code bytes} of a segment's file, ends it, and forces it. */
  static void copyPrefix(Path from, Path to, long bytes) throws IOException {
    try (FileChannel in = FileChannel.open(from, StandardOpenOption.READ);
        FileChannel out =
            FileChannel.open(
                to,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE)) {
      long at = 0;
      while (at < bytes) {
        long copied = in.transferTo(at, bytes - at, out);
        if (copied <= 0) {
          throw new IOException(from + " became shorter while it was copied");
        }
        at += copied;
      }
      out.write(ByteBuffer.allocate(QueueFile.HEADER_BYTES), bytes);
      out.force(true);
    }
  }
}
