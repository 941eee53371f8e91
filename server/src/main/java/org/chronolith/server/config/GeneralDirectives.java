package org.chronolith.server.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Directives about the process: logging, metrics, start and stop. */
public final class GeneralDirectives {

  public static final Directive<Boolean> DAEMONIZE =
      new Directive<>("daemonize", ValueTypes.yesNo(), false)
          .immutable()
          .refuseIf(
              yes ->
                  yes
                      ? "daemonize yes is not supported: the server stays in the foreground. Remove"
                          + " the line, and start it from a supervisor such as systemd, or with '&'"
                          + " from a shell"
                      : null)
          .doc("Only `no`: run the server under a supervisor, or in the background of a shell.");

  public static final Directive<LogLevel> LOGLEVEL =
      new Directive<>("loglevel", ValueTypes.oneOf(LogLevel.class), LogLevel.NOTICE)
          .doc("How much is logged.");

  public static final Directive<Optional<Path>> LOGFILE =
      new Directive<>("logfile", ValueTypes.path(), Optional.empty())
          .immutable()
          .doc("File that log lines are appended to; `\"\"` for standard output.");

  public static final Directive<Optional<Path>> PIDFILE =
      new Directive<>("pidfile", ValueTypes.path(), Optional.empty())
          .immutable()
          .doc("File that holds the process id while the server runs.");

  public static final Directive<Integer> METRICS_PORT =
      new Directive<>("metrics-port", ValueTypes.integer(0, 65535), 0)
          .immutable()
          .ours()
          .doc("Port on 127.0.0.1 that serves `/metrics` in Prometheus text; 0 for none.");

  public static final Directive<Integer> HZ =
      new Directive<>("hz", ValueTypes.clamped(1, 500), 10)
          .doc("How often per second periodic work runs.");

  public static final Directive<Integer> DATABASES =
      new Directive<>("databases", ValueTypes.integer(1, 16384), 16)
          .immutable()
          .doc("Number of databases.");

  public static final Directive<Set<String>> SHUTDOWN_ON_SIGTERM =
      new Directive<>("shutdown-on-sigterm", new ManyWordTypes.ShutdownFlags(), Set.of("default"))
          .doc(
              "How SIGTERM and SIGINT stop the server: with `save` or `nosave`; `default` makes a"
                  + " snapshot if there are `save` rules. With `now` a master does not wait for its"
                  + " replicas, see `shutdown-timeout`. `force` adds nothing: a snapshot that fails"
                  + " never keeps the server from ending.");

  public static final Directive<Boolean> LATENCY_TRACKING =
      new Directive<>("latency-tracking", ValueTypes.yesNo(), true)
          .doc("Keep a histogram of each command's time, for `INFO latencystats`.");

  public static final Directive<List<Double>> LATENCY_TRACKING_INFO_PERCENTILES =
      new Directive<>(
              "latency-tracking-info-percentiles",
              new ManyWordTypes.Percentiles(),
              List.of(50.0, 99.0, 99.9))
          .doc("Percentiles that `INFO latencystats` prints.");

  public static final Directive<Long> SLOWLOG_LOG_SLOWER_THAN =
      new Directive<>("slowlog-log-slower-than", ValueTypes.number(-1, Long.MAX_VALUE), 10_000L)
          .doc("Microseconds from which on a command is kept for `SLOWLOG`; -1 for none.");

  public static final Directive<Long> SLOWLOG_MAX_LEN =
      new Directive<>("slowlog-max-len", ValueTypes.number(0, Long.MAX_VALUE), 128L)
          .doc("Commands that are kept for `SLOWLOG`.");

  public static final Directive<Long> LATENCY_MONITOR_THRESHOLD =
      new Directive<>("latency-monitor-threshold", ValueTypes.number(0, Long.MAX_VALUE), 0L)
          .doc("Milliseconds from which on a command is an event of `LATENCY`; 0 for none.");

  private GeneralDirectives() {}

  static List<Directive<?>> all() {
    return List.of(
        DAEMONIZE,
        LOGLEVEL,
        LOGFILE,
        PIDFILE,
        METRICS_PORT,
        HZ,
        DATABASES,
        SHUTDOWN_ON_SIGTERM,
        LATENCY_TRACKING,
        LATENCY_TRACKING_INFO_PERCENTILES,
        SLOWLOG_LOG_SLOWER_THAN,
        SLOWLOG_MAX_LEN,
        LATENCY_MONITOR_THRESHOLD);
  }
}
