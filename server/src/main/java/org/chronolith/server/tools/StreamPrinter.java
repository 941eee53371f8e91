package org.chronolith.server.tools;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import org.chronolith.network.ProtocolException;
import org.chronolith.network.Request;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.LogInspector;
import org.chronolith.replicationlog.LogRecord;

/**
 * Prints the commands, identities and clean markers of a log, a line each; with JSON each line is a
 * document. {@code MULTI} and {@code EXEC} are shown around what is shown of a transaction, if they
 * are outside of the wanted range, too: a group of records has all of it.
 */
final class StreamPrinter implements LogInspector.Visitor, AutoCloseable {
  private final LogInspector log;
  private final StreamFilter filter;
  private final PrintWriter out;
  private final PrintWriter err;
  private final boolean json;
  private final Progress progress;
  private final StreamDecoder decoder = new StreamDecoder(this::command);
  private final StringBuilder line = new StringBuilder();

  /** The line of a {@code MULTI} until it is known whether something of it is shown. */
  private String multi;

  private boolean inGroup;
  private boolean damaged;

  /** File bytes of the segments that are over. */
  private long doneBytes;

  StreamPrinter(LogInspector log, StreamFilter filter, CommonOptions common, Progress progress) {
    this.log = log;
    this.filter = filter;
    this.out = common.out();
    this.err = common.err();
    this.json = common.json();
    this.progress = progress;
  }

  boolean damaged() {
    return damaged;
  }

  @Override
  public boolean segment(LogInspector.SegmentInfo segment) {
    boolean wanted = !filter.before(log.nextStart(segment));
    doneBytes += wanted ? 0 : segment.fileBytes();
    return wanted;
  }

  @Override
  public boolean record(LogInspector.SegmentInfo segment, LogRecord record, long position) {
    // A group that begins before the end of what is wanted is decoded once it is whole.
    boolean over = record.part() == 0 && filter.over(record.startOffset());
    if (over || out.checkError()) {
      return false;
    }
    progress.at(doneBytes + position);
    if (record.isIdentity() || record.isClean()) {
      mark(segment, record);
      return true;
    }
    try {
      decoder.record(record);
    } catch (ProtocolException e) {
      decoder.drop();
      damaged(
          new LogInspector.Damage(
              segment.file(),
              position,
              record.startOffset(),
              record.endOffset(),
              "no command: " + e.getMessage(),
              0));
    }
    return true;
  }

  private void mark(LogInspector.SegmentInfo segment, LogRecord record) {
    long offset = record.startOffset();
    long ms = record.wallClockMs();
    if (filter.selective() || !filter.started(offset, ms) || filter.ended(offset, ms)) {
      return;
    }
    if (record.isClean()) {
      print(
          json
              ? JsonText.of(
                  JsonText.object("offset", offset, "time", Point.time(ms), "clean", true))
              : offset + " " + Point.time(ms) + " clean stop");
      return;
    }
    History history = record.history();
    print(
        json
            ? JsonText.of(
                JsonText.object(
                    "offset", offset,
                    "time", Point.time(ms),
                    "identity", history.currentId(),
                    "lineage", CheckReport.lineage(history),
                    "segment", segment.name()))
            : offset
                + " "
                + Point.time(ms)
                + " identity "
                + CheckReport.describe(history)
                + " ("
                + segment.name()
                + ")");
  }

  private void command(long offset, long end, long ms, int db, Request request) {
    boolean inRange = filter.started(offset, ms) && !filter.ended(offset, ms);
    boolean single = request.count() == 1;
    if (single && request.text(0).equalsIgnoreCase("multi")) {
      multi = format(offset, end, ms, db, request);
      inGroup = true;
      if (inRange && !filter.selective()) {
        openGroup();
      }
      return;
    }
    if (single && request.text(0).equalsIgnoreCase("exec")) {
      if (inRange && !filter.selective()) {
        openGroup();
      }
      // A MULTI that was not shown has nothing in it that is.
      if (multi == null && inGroup) {
        print(format(offset, end, ms, db, request));
      }
      multi = null;
      inGroup = false;
      return;
    }
    if (inRange && filter.wants(db, request)) {
      openGroup();
      print(format(offset, end, ms, db, request));
    }
  }

  private void openGroup() {
    if (multi != null) {
      print(multi);
      multi = null;
    }
  }

  private String format(long offset, long end, long ms, int db, Request request) {
    if (json) {
      List<Object> words = new ArrayList<>(request.count());
      for (int i = 0; i < request.count(); i++) {
        words.add(Words.json(request.bytes(i)));
      }
      return JsonText.of(
          JsonText.object(
              "offset", offset,
              "end", end,
              "time", Point.time(ms),
              "ms", ms,
              "db", db,
              "command", words));
    }
    line.setLength(0);
    line.append(offset).append(' ').append(Point.time(ms)).append(" [").append(db).append(']');
    for (int i = 0; i < request.count(); i++) {
      line.append(' ');
      Words.quote(line, request.bytes(i));
    }
    return line.toString();
  }

  private void print(String text) {
    progress.makeWay();
    out.println(text);
  }

  @Override
  public void segmentEnd(LogInspector.SegmentInfo segment, long endOffset, long endPosition) {
    doneBytes += segment.fileBytes();
    progress.at(doneBytes);
  }

  @Override
  public void groupLost(LogInspector.SegmentInfo segment) {
    decoder.drop();
  }

  @Override
  public void damaged(LogInspector.Damage damage) {
    if (filter.over(damage.offset())) {
      return;
    }
    damaged = true;
    decoder.drop();
    progress.makeWay();
    out.flush();
    err.println("damage: " + damage);
    if (json) {
      print(
          JsonText.of(
              JsonText.object(
                  "damage", damage.problem(),
                  "file", damage.file().toString(),
                  "position", damage.position(),
                  "offset", damage.offset(),
                  "next-offset", damage.nextOffset())));
    }
  }

  @Override
  public void removed(LogInspector.SegmentInfo segment) {
    progress.makeWay();
    err.println("note: " + segment.name() + " was removed by the server's retention meanwhile");
  }

  @Override
  public void close() {
    decoder.close();
  }
}
