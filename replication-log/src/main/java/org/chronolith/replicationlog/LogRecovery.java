package org.chronolith.replicationlog;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds what is valid in a directory of segments.
 *
 * <p>Two offsets decide what is made of a record that is not valid. The <b>bound</b>: everything
 * below it was on disk once, as {@link ForcedEnd} and the segments' first records say. The
 * <b>need</b>: everything from it on must be there, since the newest snapshot ends there.
 *
 * <ul>
 *   <li>Nothing below the bound is missing: a torn tail, as a crash leaves it. It is cut.
 *   <li>Something below the bound is missing, but nothing at or behind the need: the log starts
 *       behind the damage, which is reported.
 *   <li>Otherwise the opening is refused: only a human can decide to go on without what is lost.
 * </ul>
 *
 * <p>Verified is what lies behind the need or the bound, whichever is lower; {@link LogScrub} does
 * the rest. A segment is never appended to again. What lies behind the valid prefix stays in its
 * file, but below the start of the next segment it is not, so no reader ever gets there.
 */
final class LogRecovery {
  /**
   * What was found; the segments are all sealed.
   *
   * @param forced what was recorded of the forced end, or null
   */
  record Result(
      Segment[] segments,
      long nextSequence,
      History history,
      RecoveryReport report,
      ForcedEnd.Slot forced) {}

  private final LogConfig config;
  private final LogNeed need;
  private final List<String> findings = new ArrayList<>();
  private final List<String> damage = new ArrayList<>();
  private final SetAside aside;
  private final RecordCursor cursor;
  private long bound;
  private String boundSource = "";

  /** What {@link ForcedEnd} says; null if nothing. */
  private ForcedEnd.Slot forced;

  private long scannedBytes;

  // Of the scan, as of the last commit.
  private final List<Segment> segments = new ArrayList<>();
  private History history;
  private boolean clean;

  private LogRecovery(LogConfig config, LogNeed need, LogDisk disk, RecordCursor cursor) {
    this.config = config;
    this.need = need;
    this.aside = new SetAside(config.dir(), disk);
    this.cursor = cursor;
  }

  static Result recover(LogConfig config, LogNeed need, LogDisk disk) throws IOException {
    try (RecordCursor cursor = new RecordCursor(config.maxRecordBytes())) {
      LogRecovery recovery = new LogRecovery(config, need, disk, cursor);
      List<SegmentFiles.Entry> entries = recovery.find();
      Segment first = recovery.segments.get(0);
      recovery.aside.apply(first.sequence).ifPresent(recovery.findings::add);
      return recovery.result(entries);
    }
  }

  /** What {@link #recover} would find, or refuse; no file is changed. */
  static Result foresee(LogConfig config, LogNeed need) throws IOException {
    try (RecordCursor cursor = new RecordCursor(config.maxRecordBytes())) {
      LogRecovery recovery = new LogRecovery(config, need, LogDisk.SYSTEM, cursor);
      return recovery.result(recovery.find());
    }
  }

  private Result result(List<SegmentFiles.Entry> entries) {
    Segment last = segments.get(segments.size() - 1);
    RecoveryReport report =
        new RecoveryReport(
            segments.get(0).startOffset,
            last.endOffset,
            bound,
            clean,
            segments.size(),
            scannedBytes,
            aside.bytes(),
            findings,
            damage);
    return new Result(
        segments.toArray(new Segment[0]),
        entries.get(entries.size() - 1).sequence() + 1,
        history.lowerTo(last.endOffset),
        report,
        forced);
  }

  private List<SegmentFiles.Entry> find() throws IOException {
    List<SegmentFiles.Entry> entries = SegmentFiles.list(config.dir());
    if (entries.isEmpty()) {
      throw new LogException(LogException.Kind.DAMAGED, "there is no log in " + config.dir());
    }
    for (Path foreign : SegmentFiles.foreign(config.dir())) {
      findings.add(foreign + ": not a part of the log; left alone");
    }
    List<SegmentHead> heads = new ArrayList<>();
    for (SegmentFiles.Entry entry : entries) {
      heads.add(SegmentHead.read(cursor, entry));
    }
    checkOrder(heads);
    readBound(heads);
    scan(heads, takeUnscanned(heads));
    return entries;
  }

  /**
   * Each segment starts where the one before it ends, or where that one was cut. Where two start at
   * the same offset, the earlier one is read to see that it ends there.
   */
  private void checkOrder(List<SegmentHead> heads) throws IOException {
    SegmentHead before = null;
    for (SegmentHead head : heads) {
      if (!head.usable()) {
        continue;
      }
      if (before != null && head.startOffset() < before.startOffset()) {
        throw misplaced(head);
      }
      if (before != null
          && head.startOffset() == before.startOffset()
          && SegmentScan.findsBytes(before, cursor, config)) {
        throw misplaced(head);
      }
      before = head;
    }
  }

  /** Which one it is, the inspection of all of them tells. */
  private LogException misplaced(SegmentHead head) {
    String what =
        LogInspector.open(config.dir(), false, config.maxRecordBytes())
            .misplaced()
            .map(LogInspector.Damage::toString)
            .orElse(head.file() + " does not belong there");
    return new LogException(LogException.Kind.MISPLACED, what);
  }

  private void readBound(List<SegmentHead> heads) throws IOException {
    forced = ForcedEnd.read(config.dir());
    if (forced != null) {
      bound = forced.offset();
      boundSource = ForcedEnd.NAME;
    } else if (Files.exists(config.dir().resolve(ForcedEnd.NAME))) {
      findings.add(
          config.dir().resolve(ForcedEnd.NAME)
              + ": nothing in it can be read; what was on disk is known from the segments alone, up"
              + " to where the last one begins");
    }
    boolean any = false;
    for (SegmentHead head : heads) {
      any |= head.usable();
      if (head.usable() && head.durable() > bound) {
        bound = head.durable();
        boundSource = head.entry().dir().getFileName().toString();
      }
    }
    if (!any) {
      throw new LogException(
          LogException.Kind.DAMAGED,
          "no segment of " + config.dir() + " can be read: " + heads.get(0).finding());
    }
  }

  /**
   * Takes the segments in that need not be verified, and returns the index of the first one that
   * must be. A segment among them that cannot be used ends what is before it.
   */
  private int takeUnscanned(List<SegmentHead> heads) throws IOException {
    long verifyFrom = Math.min(need.fromOffset(), bound);
    int scanFrom = -1;
    for (int i = 0; i < heads.size(); i++) {
      boolean first = scanFrom < 0;
      if (heads.get(i).usable() && (first || heads.get(i).startOffset() <= verifyFrom)) {
        scanFrom = i;
      }
    }
    for (int i = 0; i < scanFrom; i++) {
      SegmentHead head = heads.get(i);
      if (head.neverBegun()) {
        aside.deleteUnused(head.entry());
      } else if (head.usable()) {
        segments.add(unscanned(head, heads.subList(i + 1, heads.size())));
      } else {
        startBehind(head.finding());
        aside.add(head.entry(), head.file());
      }
    }
    return scanFrom;
  }

  private static Segment unscanned(SegmentHead head, List<SegmentHead> behind) throws IOException {
    Segment segment =
        new Segment(
            head.entry().sequence(),
            head.entry().dir(),
            head.file(),
            head.firstPosition(),
            head.startOffset(),
            null);
    segment.committedPosition = Files.size(head.file());
    for (SegmentHead next : behind) {
      if (next.usable()) {
        segment.newestMs = next.wallClockMs();
        segment.seal(next.startOffset());
        break;
      }
    }
    return segment;
  }

  /** What was taken so far is older than damage: nothing can be read from there to the end. */
  private void startBehind(String problem) throws IOException {
    damage.add(problem + "; the log starts behind it");
    for (Segment older : segments) {
      aside.add(new SegmentFiles.Entry(older.sequence, older.dir), older.file);
    }
    segments.clear();
  }

  private void scan(List<SegmentHead> heads, int from) throws IOException {
    String missing = null;
    SegmentScan.Tail tail = null;
    int end = heads.size();
    for (int i = from; i < end; i++) {
      SegmentHead head = heads.get(i);
      if (head.neverBegun()) {
        aside.deleteUnused(head.entry());
      } else if (!head.usable()) {
        missing = head.finding();
        findings.add(missing + "; set aside");
        aside.add(head.entry(), head.file());
      } else if (tail != null
          && last().endOffset < head.startOffset()
          && !goesOnAt(head, missing == null ? tail.problem() : missing)) {
        end = i;
      } else {
        missing = null;
        tail = scanSegment(head, nextStart(heads, i));
      }
    }
    if (missing != null) {
      clean = false;
    }
    endOfLog(tail, missing == null ? tail.problem() : missing);
    setAsideBehind(heads.subList(end, heads.size()));
  }

  private Segment last() {
    return segments.get(segments.size() - 1);
  }

  private static long nextStart(List<SegmentHead> heads, int index) {
    for (SegmentHead head : heads.subList(index + 1, heads.size())) {
      if (head.usable()) {
        return head.startOffset();
      }
    }
    return Long.MAX_VALUE;
  }

  /** Verifies a segment up to the last commit at or below {@code stopAt}, and takes it in. */
  private SegmentScan.Tail scanSegment(SegmentHead head, long stopAt) throws IOException {
    if (head.notice() != null) {
      findings.add(head.notice());
    }
    try (SegmentScan scan = new SegmentScan(head, cursor, config, stopAt)) {
      scan.run();
      while (scan.endOffset() < Math.min(stopAt, bound)) {
        String problem = scan.problem();
        // Strictly below: whatever names the stream at the need must not be among what is lost.
        if (!scan.goOnBehind(need.fromOffset() - 1)) {
          break;
        }
        startBehind(problem);
        history = need.historyThere() == null ? scan.history() : need.historyThere();
        scan.forgetHistory();
        scan.run();
      }
      scannedBytes += scan.scannedBytes();
      history = scan.history() == null ? history : scan.history();
      clean = scan.clean();
      segments.add(scan.segment());
      return scan.tail();
    }
  }

  /** The log has a gap before {@code next}. Returns whether it starts behind it; else it is cut. */
  private boolean goesOnAt(SegmentHead next, String problem) throws IOException {
    if (last().endOffset >= bound) {
      return false;
    }
    if (next.startOffset() > need.fromOffset()) {
      checkNotNeeded(problem);
      return false;
    }
    startBehind(problem);
    return true;
  }

  /** Refuses a log that ends here although more of what is needed was on disk. */
  private void checkNotNeeded(String problem) {
    long end = last().endOffset;
    if (end < bound && need.fromOffset() < bound) {
      throw new LogException(
          LogException.Kind.DAMAGED,
          problem
              + ". The log is damaged at offset "
              + end
              + ": it was on disk up to "
              + bound
              + " (by "
              + boundSource
              + "), and is needed from "
              + need.fromOffset()
              + " on");
    }
  }

  private void endOfLog(SegmentScan.Tail tail, String problem) throws IOException {
    long end = last().endOffset;
    checkNotNeeded(problem == null ? last().file + " ends at offset " + end : problem);
    if (end < bound) {
      damage.add(
          (problem == null ? last().file.toString() : problem)
              + "; the log ends at offset "
              + end
              + " though it was on disk up to "
              + bound);
      clean = false;
    }
    if (end >= bound && wasForced()) {
      lostWithoutBytes(problem);
    }
    if (tail.problem() != null) {
      clean = false;
      long from = last().committedPosition;
      findings.add(
          tail.problem()
              + "; the log is cut at offset "
              + end
              + " (position "
              + from
              + "), "
              + Math.max(0, tail.junkTo() - from)
              + " bytes of "
              + last().dir.getFileName()
              + " go");
      aside.addTail(last(), tail.junkTo());
    }
  }

  /** Whether a file was on disk beyond where the log ends now. */
  private boolean wasForced() {
    return forced != null
        && (forced.sequence() > last().sequence
            || forced.sequence() == last().sequence
                && forced.position() > last().committedPosition);
  }

  /**
   * No stream byte is missing, but a record that was on disk: an identity, or the marker of a clean
   * close. No crash does that, so nobody knows what else is wrong with the file.
   */
  private void lostWithoutBytes(String problem) {
    long end = last().endOffset;
    String what =
        (problem == null ? last().file + " ends at position " + last().committedPosition : problem)
            + ". The log is damaged at offset "
            + end
            + ": "
            + SegmentFiles.name(forced.sequence())
            + " was on disk up to position "
            + forced.position()
            + " (by "
            + ForcedEnd.NAME
            + ")";
    if (need.fromOffset() < end) {
      throw new LogException(
          LogException.Kind.DAMAGED, what + ", and is needed from " + need.fromOffset() + " on");
    }
    damage.add(what + "; the newest snapshot holds all of the stream");
    clean = false;
  }

  private void setAsideBehind(List<SegmentHead> heads) throws IOException {
    for (SegmentHead head : heads) {
      if (head.neverBegun()) {
        aside.deleteUnused(head.entry());
        continue;
      }
      clean = false;
      findings.add(
          head.usable()
              ? head.file() + ": set aside, since the log is cut before it"
              : head.finding() + "; set aside");
      aside.add(head.entry(), head.file());
    }
  }

  /**
   * Position behind the last byte at or behind {@code from} that is not zero; 0 if there is none.
   */
  static long lastByte(FileChannel channel, long from) throws IOException {
    ByteBuf buffer = ByteBufAllocator.DEFAULT.directBuffer(RecordCursor.WINDOW_BYTES);
    try {
      for (long end = channel.size(); end > from; ) {
        long start = Math.max(from, end - buffer.capacity());
        int length = (int) (end - start);
        int got = 0;
        while (got < length) {
          int n = buffer.setBytes(got, channel, start + got, length - got);
          if (n <= 0) {
            throw new IOException("the file became shorter while it was read");
          }
          got += n;
        }
        for (int i = length - 1; i >= 0; i--) {
          if (buffer.getByte(i) != 0) {
            return start + i + 1;
          }
        }
        end = start;
      }
      return 0;
    } finally {
      buffer.release();
    }
  }
}
