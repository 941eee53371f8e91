package org.chronolith.server.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.chronolith.replicationlog.LogException;
import org.chronolith.server.config.GeneralDirectives;
import org.chronolith.server.config.LogLevel;
import org.chronolith.server.config.ServerConfig;
import org.slf4j.LoggerFactory;

/**
 * The process's log. Redis's levels are SLF4J's {@code trace}, {@code debug}, {@code info} and
 * {@code warn}. What libraries log below a warning is never shown.
 */
public final class ServerLog {

  /** Who is speaking, in each line. */
  public enum Role {
    MASTER('M'),
    REPLICA('S');

    private final char mark;

    Role(char mark) {
      this.mark = mark;
    }
  }

  private static final String OURS = "org.chronolith";

  private static volatile char role = Role.MASTER.mark;

  /** Set once, when SLF4J initialises. */
  private static volatile LogWriter writer;

  private ServerLog() {}

  /** The letter in the lines from now on. Any thread. */
  public static void role(Role value) {
    role = value.mark;
  }

  /**
   * Follows {@code logfile} and {@code loglevel}, later changes included. Before the server starts.
   *
   * @throws IOException if the log file cannot be opened
   */
  public static void start(ServerConfig config) throws IOException {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    level(context, config.logLevel());
    config.onChange(GeneralDirectives.LOGLEVEL, level -> level(context, level));
    Optional<Path> file = config.logFile().map(Path::toAbsolutePath);
    if (file.isPresent()) {
      try {
        Files.newOutputStream(file.get(), StandardOpenOption.CREATE, StandardOpenOption.APPEND)
            .close();
      } catch (IOException e) {
        throw new IOException("Can't open the log file: " + LogException.reasonOf(e), e);
      }
    }
    writer.file(file);
  }

  /** For tools, whose output is their own: nothing is logged. */
  public static void silence() {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).setLevel(Level.OFF);
    context.getLogger(OURS).setLevel(Level.OFF);
  }

  /** Writes what is still queued. The last thing that a process does; later lines are lost. */
  public static void close() {
    ((LoggerContext) LoggerFactory.getILoggerFactory()).stop();
  }

  /** Configures Logback, without looking for a file. */
  static void configure(LoggerContext context) {
    LogWriter lines = new LogWriter(new FileOutputStream(FileDescriptor.out));
    RedisAppender appender = new RedisAppender(lines);
    appender.setContext(context);
    appender.setName("log");
    appender.start();
    Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.WARN);
    root.addAppender(appender);
    level(context, LogLevel.NOTICE);
    writer = lines;
  }

  private static void level(LoggerContext context, LogLevel level) {
    context
        .getLogger(OURS)
        .setLevel(
            switch (level) {
              case DEBUG -> Level.TRACE;
              case VERBOSE -> Level.DEBUG;
              case NOTICE -> Level.INFO;
              case WARNING -> Level.WARN;
            });
  }

  /** Formats on the logging thread and leaves the writing to the writer's. */
  private static final class RedisAppender extends AppenderBase<ILoggingEvent> {
    private final LineFormat format = new LineFormat();
    private final LogWriter lines;

    RedisAppender(LogWriter lines) {
      this.lines = lines;
    }

    @Override
    protected void append(ILoggingEvent event) {
      lines.offer(format.line(event, role));
    }

    @Override
    public void stop() {
      super.stop();
      lines.close();
    }
  }
}
