package org.chronolith.server.tools;

import java.util.ArrayList;
import java.util.List;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.LogInspector;
import org.chronolith.replicationlog.LogRecord;

/**
 * Verifies a log from end to end: what {@link LogInspector#walk} verifies, and that each identity
 * descends from the one before it.
 */
final class LogCheck implements LogInspector.Visitor {
  private final LogInspector log;
  private final CheckReport report;
  private final Progress progress;
  private final List<LogInspector.Damage> damage = new ArrayList<>();
  private long doneBytes;
  private long records;
  private long groups;
  private long identities;
  private boolean clean;
  private long firstMs;
  private long lastMs;
  private long endOffset;
  private History history;

  private LogCheck(LogInspector log, CheckReport report, Progress progress) {
    this.log = log;
    this.report = report;
    this.progress = progress;
  }

  /** Fills the log's part of {@code report}. */
  static LogCheck run(LogInspector log, CheckReport report, Progress progress) {
    LogCheck check = new LogCheck(log, report, progress);
    progress.begin("log", log.totalBytes());
    log.walk(check);
    for (LogInspector.SegmentInfo segment : log.segments()) {
      if (segment.neverBegun()) {
        report.notes.add(segment.name() + " is prepared and holds nothing yet");
      }
    }
    return check;
  }

  /** All damage, in the order of the log. */
  List<LogInspector.Damage> damage() {
    return damage;
  }

  /** Behind the last commit. */
  long endOffset() {
    return endOffset;
  }

  /** As of the end; null if no identity could be read. */
  History history() {
    return history;
  }

  @Override
  public boolean segment(LogInspector.SegmentInfo segment) {
    records = 0;
    groups = 0;
    identities = 0;
    clean = false;
    firstMs = segment.startMs();
    lastMs = segment.startMs();
    return true;
  }

  @Override
  public boolean record(LogInspector.SegmentInfo segment, LogRecord record, long position) {
    records++;
    clean = record.isClean();
    lastMs = record.wallClockMs();
    if (record.part() > 0 && record.isCommit()) {
      groups++;
    }
    if (record.isIdentity()) {
      identities++;
      identity(segment, record, position);
    }
    progress.at(doneBytes + position);
    return true;
  }

  private void identity(LogInspector.SegmentInfo segment, LogRecord record, long position) {
    History next = record.history();
    long offset = record.startOffset();
    String problem = null;
    if (history != null
        && !next.currentId().equals(history.currentId())
        && next.validTo(history.currentId()) < 0) {
      problem =
          "the identity "
              + next.currentId()
              + " does not descend from "
              + history.currentId()
              + ", which was in force before it";
    }
    for (History.Ancestor ancestor : next.lineage()) {
      if (ancestor.validTo() > offset) {
        problem =
            "the identity says that "
                + ancestor.id()
                + " is valid to "
                + ancestor.validTo()
                + ", beyond its own offset";
      }
    }
    if (problem != null) {
      report.findings.add(
          new CheckReport.Finding(segment.file().toString(), position, offset, problem));
    }
    history = next;
  }

  @Override
  public void damaged(LogInspector.Damage one) {
    damage.add(one);
    report.findings.add(
        new CheckReport.Finding(
            one.file().toString(), one.position(), one.offset(), one.problem()));
  }

  @Override
  public void removed(LogInspector.SegmentInfo segment) {
    report.notes.add(segment.name() + " was removed by the server's retention meanwhile");
  }

  @Override
  public void segmentEnd(LogInspector.SegmentInfo segment, long end, long endPosition) {
    endOffset = end;
    doneBytes += segment.fileBytes();
    progress.at(doneBytes);
    report.segments.add(
        new CheckReport.SegmentPart(
            segment.name(),
            segment.startOffset(),
            end,
            records,
            groups,
            identities,
            clean,
            endPosition,
            segment.fileBytes(),
            firstMs,
            lastMs));
  }
}
