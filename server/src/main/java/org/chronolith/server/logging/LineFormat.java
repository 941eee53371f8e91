package org.chronolith.server.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;

/** Redis's log line: {@code PID:M 24 Nov 2026 02:22:05.696 * message}. */
final class LineFormat {

  private static final String[] MONTHS = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
  };

  private final String pid = Long.toString(ProcessHandle.current().pid());
  private final ZoneId zone = ZoneId.systemDefault();

  String line(ILoggingEvent event, char role) {
    StringBuilder out = new StringBuilder(128);
    out.append(pid).append(':').append(role).append(' ');
    time(out, event.getTimeStamp());
    out.append(' ').append(mark(event.getLevel())).append(' ');
    out.append(event.getFormattedMessage()).append('\n');
    IThrowableProxy thrown = event.getThrowableProxy();
    if (thrown != null) {
      out.append(ThrowableProxyUtil.asString(thrown));
    }
    return out.toString();
  }

  private void time(StringBuilder out, long epochMs) {
    LocalDateTime time = LocalDateTime.ofInstant(Instant.ofEpochMilli(epochMs), zone);
    two(out, time.getDayOfMonth());
    out.append(' ').append(MONTHS[time.getMonthValue() - 1]).append(' ').append(time.getYear());
    two(out.append(' '), time.getHour());
    two(out.append(':'), time.getMinute());
    two(out.append(':'), time.getSecond());
    int ms = time.getNano() / 1_000_000;
    two(out.append('.').append(ms / 100), ms % 100);
  }

  private static void two(StringBuilder out, int value) {
    out.append((char) ('0' + value / 10)).append((char) ('0' + value % 10));
  }

  private static char mark(Level level) {
    return switch (level.toInt()) {
      case Level.TRACE_INT -> '.';
      case Level.DEBUG_INT -> '-';
      case Level.INFO_INT -> '*';
      default -> '#';
    };
  }
}
