package org.chronolith.server.tools;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * A bar on the standard error output for work that takes long. On a terminal one line is written
 * over and over, elsewhere a line every {@value #LINE_PERIOD_S} seconds, and a last one.
 */
final class Progress {
  private static final int CELLS = 30;
  private static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long LINE_PERIOD_S = 2;
  private static final String CLEAR = "\r\u001b[K";

  private final PrintWriter err;
  private final boolean shown;
  private final boolean terminal;
  private String stage = "";
  private long total;
  private long done;
  private boolean waits;
  private long begunNanos;
  private long shownNanos;
  private boolean drawn;

  Progress(PrintWriter err, boolean shown, boolean terminal) {
    this.err = err;
    this.shown = shown;
    this.terminal = terminal;
  }

  /** A part of the work begins, of so many bytes; 0 if that is not known. */
  void begin(String newStage, long totalBytes) {
    stage = newStage;
    total = totalBytes;
    done = 0;
    waits = false;
    begunNanos = System.nanoTime();
    shownNanos = begunNanos;
  }

  /** A part of the work begins that somebody else does: the time that it takes is shown. */
  void beginWaiting(String newStage) {
    begin(newStage, 0);
    waits = true;
  }

  /** It is still waited for. */
  void waiting() {
    at(0);
  }

  /** So many more bytes are done. */
  void add(long bytes) {
    at(done + bytes);
  }

  /** So many bytes of the part are done. */
  void at(long bytes) {
    done = bytes;
    long now = System.nanoTime();
    long period = terminal ? PERIOD_NANOS : TimeUnit.SECONDS.toNanos(LINE_PERIOD_S);
    if (shown && now - shownNanos >= period) {
      shownNanos = now;
      drawn = true;
      err.print(terminal ? CLEAR + line() : line() + System.lineSeparator());
      err.flush();
    }
  }

  /**
   * A line is about to be printed, perhaps where the bar is: it makes way, and comes back later.
   */
  void makeWay() {
    if (shown && terminal) {
      end();
      shownNanos = System.nanoTime();
    }
  }

  /** Takes the bar away. */
  void end() {
    if (shown && terminal && drawn) {
      err.print(CLEAR);
      err.flush();
      drawn = false;
    } else if (shown && !terminal && !stage.isEmpty()) {
      err.println(line());
      stage = "";
    }
  }

  private String line() {
    if (waits) {
      return stage + " " + TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begunNanos) + " s";
    }
    if (total <= 0) {
      return stage + " " + size(done);
    }
    double share = Math.min(1, (double) done / total);
    int filled = (int) (share * CELLS);
    return String.format(
        Locale.ROOT,
        "%s [%s%s] %3d %%  %s of %s",
        stage,
        "#".repeat(filled),
        " ".repeat(CELLS - filled),
        (int) (share * 100),
        size(done),
        size(total));
  }

  /** Bytes for people. */
  static String size(long bytes) {
    String[] units = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = bytes;
    int unit = 0;
    while (value >= 1024 && unit < units.length - 1) {
      value /= 1024;
      unit++;
    }
    return String.format(Locale.ROOT, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
  }
}
