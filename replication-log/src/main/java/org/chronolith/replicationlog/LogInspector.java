package org.chronolith.replicationlog;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.chronolith.replicationlog.chronicle.QueueFile;

/**
 * Reads a log's files as they are, changing nothing: for tools, beside a running server too. Unlike
 * a start, it verifies every record of every segment, and goes on behind damage where it can.
 *
 * <p>Thread: one at a time, any that may wait for the disk.
 */
public final class LogInspector {
  /**
   * A segment as its first record describes it.
   *
   * @param name of its directory, which may be one that was set aside
   * @param sequence from the name; 0 if the name has none
   * @param file null if there is none
   * @param firstPosition of its first record in the file
   * @param startOffset of its first record; 0 if that cannot be read
   * @param startMs wall clock of its first record; 0 if that cannot be read
   * @param problem why its first record cannot be read, or null
   * @param neverBegun it was prepared ahead, or is just being made, and holds nothing; {@code
   *     problem} is then set as well
   */
  public record SegmentInfo(
      String name,
      long sequence,
      Path dir,
      Path file,
      long fileBytes,
      long firstPosition,
      long startOffset,
      long startMs,
      String problem,
      boolean neverBegun) {
    /** Whether it has a first record, and so a place in the stream. */
    public boolean usable() {
      return problem == null;
    }

    private SegmentInfo inMaking() {
      return new SegmentInfo(
          name, sequence, dir, file, fileBytes, firstPosition, startOffset, startMs, problem, true);
    }
  }

  /**
   * A place that holds something that is not valid, or nothing where something must be.
   *
   * @param file the file, or the directory if there is none
   * @param position in the file
   * @param offset first stream byte that is lost here
   * @param nextOffset where the stream goes on, as far as it is known; -1 if nothing follows
   * @param keptBytes file bytes before it that end at a commit
   */
  public record Damage(
      Path file,
      long position,
      long offset,
      long nextOffset,
      String problem,
      long keptBytes,
      Kind kind) {
    /** What is wrong. */
    public enum Kind {
      /** What a file holds, or lacks. */
      CONTENT,
      /**
       * A segment does not belong where its name puts it; the problem says which, and the walk
       * leaves it out. If the offsets are equal, nothing of the stream is lost by that, or what is
       * lost is told where it is missing.
       */
      ORDER
    }

    public Damage(
        Path file, long position, long offset, long nextOffset, String problem, long keptBytes) {
      this(file, position, offset, nextOffset, problem, keptBytes, Kind.CONTENT);
    }

    /** Whether this keeps something of the stream of {@code [from, upTo)} from being read. */
    public boolean isBetween(long from, long upTo) {
      boolean losesNothing = kind == Kind.ORDER && nextOffset == offset;
      return !losesNothing && offset < upTo && (nextOffset < 0 || nextOffset > from);
    }

    @Override
    public String toString() {
      return file + " at position " + position + " (offset " + offset + "): " + problem;
    }
  }

  /** Where a walk comes by. The methods that are not overridden go on. */
  public interface Visitor {
    /** A usable segment. Returns whether its records are wanted. */
    default boolean segment(SegmentInfo segment) {
      return true;
    }

    /**
     * A verified record in its place. A part of a group is shown before it is known whether its
     * group is whole: {@link #groupLost} takes it back.
     *
     * @param position of the record in the file
     * @return whether to go on
     */
    boolean record(SegmentInfo segment, LogRecord record, long position);

    /** The parts since the last commit belong to no complete group. */
    default void groupLost(SegmentInfo segment) {}

    /** Something is not valid; the walk goes on behind it. */
    default void damaged(Damage damage) {}

    /**
     * The records of a segment are over.
     *
     * @param endOffset behind its last commit
     * @param endPosition file position behind its last commit
     */
    default void segmentEnd(SegmentInfo segment, long endOffset, long endPosition) {}

    /** The segment was removed by a running server's retention before it was read. */
    default void removed(SegmentInfo segment) {}
  }

  private final List<SegmentInfo> segments;
  private final int maxRecordBytes;
  private final boolean running;
  private SegmentOrder order;

  private LogInspector(List<SegmentInfo> segments, int maxRecordBytes, boolean running) {
    this.segments = List.copyOf(segments);
    this.maxRecordBytes = maxRecordBytes;
    this.running = running;
  }

  /** Whether {@code path} is something that {@link #open} can open. */
  public static boolean isLog(Path path) {
    try {
      return !find(path).isEmpty();
    } catch (IOException e) {
      throw io(path, e);
    }
  }

  /**
   * Opens a log.
   *
   * @param path the directory of the segments, the directory of one segment (one that was set aside
   *     too), one segment's file, or what a start has kept of a segment's end
   * @param running whether a server may be writing to it: an unfinished end is then no damage
   * @throws LogException DAMAGED if there is no segment, IO
   */
  public static LogInspector open(Path path, boolean running) {
    return open(path, running, LogConfig.of(path).maxRecordBytes());
  }

  static LogInspector open(Path path, boolean running, int maxRecordBytes) {
    try (RecordCursor cursor = new RecordCursor(maxRecordBytes)) {
      List<SegmentInfo> infos = new ArrayList<>();
      int inMaking = -1;
      for (SegmentFiles.Entry entry : find(path)) {
        Head head = readHead(cursor, entry, path);
        if (head != null) {
          inMaking = running && head.mayBeInMaking ? infos.size() : inMaking;
          infos.add(head.info);
        }
      }
      if (infos.isEmpty()) {
        throw new LogException(LogException.Kind.DAMAGED, "there is no log in " + path);
      }
      LogInspector log = new LogInspector(infos, maxRecordBytes, running);
      return inMaking < 0 ? log : log.withNewest(inMaking);
    } catch (IOException e) {
      throw io(path, e);
    }
  }

  /**
   * A running server makes a segment behind all others; what stands behind it does not belong
   * there.
   */
  private LogInspector withNewest(int inMaking) {
    if (nextStart(inMaking) != Long.MAX_VALUE) {
      return this;
    }
    List<SegmentInfo> infos = new ArrayList<>(segments);
    infos.set(inMaking, infos.get(inMaking).inMaking());
    return new LogInspector(infos, maxRecordBytes, running);
  }

  private static List<SegmentFiles.Entry> find(Path path) throws IOException {
    if (Files.isRegularFile(path)) {
      return QueueFile.isOne(path) || CutTail.of(path).isPresent()
          ? List.of(new SegmentFiles.Entry(0, path.toAbsolutePath().getParent()))
          : List.of();
    }
    if (Files.isDirectory(path) && (QueueFile.find(path) != null || CutTail.in(path).isPresent())) {
      return List.of(new SegmentFiles.Entry(0, path));
    }
    return SegmentFiles.list(path);
  }

  private record Head(SegmentInfo info, boolean mayBeInMaking) {}

  /** Null if the segment was removed after it was listed. */
  private static Head readHead(RecordCursor cursor, SegmentFiles.Entry entry, Path path)
      throws IOException {
    Path file = Files.isRegularFile(path) ? path : null;
    try {
      Optional<CutTail> tail = file == null ? CutTail.in(entry.dir()) : CutTail.of(file);
      if (tail.isPresent()) {
        return new Head(tailInfo(cursor, entry, tail.get()), false);
      }
      file = file == null ? QueueFile.find(entry.dir()) : file;
      SegmentHead head = SegmentHead.read(cursor, entry, file);
      long bytes = file == null ? 0 : Files.size(file);
      return new Head(info(head, bytes), head.mayBeInMaking());
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  /** It begins where the log was cut; whether anything of it is whole, a walk finds out. */
  private static SegmentInfo tailInfo(RecordCursor cursor, SegmentFiles.Entry entry, CutTail tail)
      throws IOException {
    try (FileChannel channel = FileChannel.open(tail.file(), StandardOpenOption.READ)) {
      RecordHeader header = new RecordHeader();
      cursor.reset(channel, 0);
      boolean whole = cursor.next(header, channel.size()) == RecordCursor.Step.RECORD;
      return new SegmentInfo(
          name(entry) + "/" + tail.file().getFileName(),
          0,
          entry.dir(),
          tail.file(),
          channel.size(),
          0,
          tail.offset(),
          whole ? header.wallClockMs : 0,
          null,
          false);
    }
  }

  private static SegmentInfo info(SegmentHead head, long bytes) {
    return new SegmentInfo(
        name(head.entry()),
        head.entry().sequence(),
        head.entry().dir(),
        head.file(),
        bytes,
        head.firstPosition(),
        head.startOffset(),
        head.wallClockMs(),
        head.problem(),
        head.neverBegun());
  }

  private static String name(SegmentFiles.Entry entry) {
    return entry.dir().getFileName().toString();
  }

  /** In the order of their sequence. */
  public List<SegmentInfo> segments() {
    return segments;
  }

  /** Bytes of all segments' files, the space reserved ahead included. */
  public long totalBytes() {
    return segments.stream().mapToLong(SegmentInfo::fileBytes).sum();
  }

  /**
   * What a start that needs this much of the log in {@code logDir} would find, and the history that
   * it would go on with (before it takes a new id, if it does).
   *
   * @throws LogException DAMAGED if the start would be refused, IO
   */
  public static Foreseen foresee(Path logDir, LogNeed need) {
    try {
      LogRecovery.Result found = LogRecovery.foresee(LogConfig.of(logDir), need);
      return new Foreseen(found.report(), found.history());
    } catch (IOException e) {
      throw io(logDir, e);
    }
  }

  /** See {@link #foresee}. */
  public record Foreseen(RecoveryReport report, History history) {}

  /**
   * Shows every record of every segment to {@code visitor}, in the order of the stream.
   *
   * @throws LogException IO
   */
  public void walk(Visitor visitor) {
    try (SegmentWalk walk = new SegmentWalk(visitor, maxRecordBytes)) {
      boolean more = true;
      for (int i = 0; i < segments.size() && more; i++) {
        SegmentInfo segment = segments.get(i);
        long stopAt = nextStart(i);
        Damage misplaced = order().damage(segment);
        if (misplaced != null) {
          visitor.damaged(misplaced);
        }
        if (!segment.usable()) {
          if (!segment.neverBegun()) {
            tellUnusable(visitor, segment, walk.reachedOffset(), stopAt);
          }
        } else if (order().belongs(segment) && visitor.segment(segment)) {
          try {
            more = walk.run(segment, stopAt, running && stopAt == Long.MAX_VALUE);
          } catch (NoSuchFileException e) {
            visitor.removed(segment);
          }
        }
      }
    } catch (IOException e) {
      throw io(segments.get(0).dir(), e);
    }
  }

  private static void tellUnusable(Visitor visitor, SegmentInfo segment, long offset, long stopAt) {
    Path where = segment.file() == null ? segment.dir() : segment.file();
    long next = stopAt == Long.MAX_VALUE ? -1 : stopAt;
    visitor.damaged(new Damage(where, 0, offset, next, segment.problem(), 0));
  }

  /** Start of the next usable segment: bytes at or beyond it are not this one's to say. */
  private long nextStart(int index) {
    for (int i = index + 1; i < segments.size(); i++) {
      if (order().belongs(segments.get(i))) {
        return segments.get(i).startOffset();
      }
    }
    return Long.MAX_VALUE;
  }

  /** Where the next segment starts that {@link #walk} shows; {@code Long.MAX_VALUE} if none. */
  public long nextStart(SegmentInfo segment) {
    return nextStart(segments.indexOf(segment));
  }

  private SegmentOrder order() {
    if (order == null) {
      order = new SegmentOrder(this);
    }
    return order;
  }

  /** The first segment that does not belong where its name puts it; empty if all do. */
  Optional<Damage> misplaced() {
    return order().isSound() ? Optional.empty() : Optional.of(order().first());
  }

  /**
   * Behind the last commit of a segment, whatever follows it.
   *
   * @param wholeOffset up to which nothing is wrong
   */
  record End(long offset, long position, long wholeOffset) {}

  End endOf(SegmentInfo segment) {
    End[] end = {new End(segment.startOffset(), 0, segment.startOffset())};
    walk(
        segment,
        new Visitor() {
          private long whole = Long.MAX_VALUE;

          @Override
          public boolean record(SegmentInfo of, LogRecord record, long position) {
            return true;
          }

          @Override
          public void damaged(Damage damage) {
            whole = Math.min(whole, damage.offset());
          }

          @Override
          public void segmentEnd(SegmentInfo of, long endOffset, long endPosition) {
            end[0] = new End(endOffset, endPosition, Math.min(whole, endOffset));
          }
        });
    return end[0];
  }

  /** {@link #walk(Visitor)} through one segment, as if it were the only one. */
  void walk(SegmentInfo segment, Visitor visitor) {
    new LogInspector(List.of(segment), maxRecordBytes, running).walk(visitor);
  }

  static LogException io(Path path, IOException e) {
    return LogException.io("cannot read the log in " + path, e);
  }
}
