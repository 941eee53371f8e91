package org.chronolith.server.info;

import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.command.CommandStats;
import org.chronolith.server.command.CommandTable;
import org.chronolith.server.command.ServerCounters;
import org.chronolith.server.config.GeneralDirectives;
import org.chronolith.server.config.ServerConfig;

/** The sections of commands and errors, and the counters of the command path. Engine thread. */
final class CommandSections {

  private final CommandTable table;
  private final ServerCounters counters;
  private final ServerConfig config;
  private final Rate commandRate = new Rate();

  CommandSections(CommandTable table, ServerCounters counters, ServerConfig config) {
    this.table = table;
    this.counters = counters;
    this.config = config;
  }

  void register(Info info) {
    counters.latencyTracking = config.latencyTracking();
    config.onChange(
        GeneralDirectives.LATENCY_TRACKING, tracking -> counters.latencyTracking = tracking);
    info.number("total_commands_processed", () -> counters.commandsProcessed)
        .number("instantaneous_ops_per_sec", () -> Math.round(commandRate.perSecond()))
        .number("total_error_replies", () -> counters.errorReplies)
        .number("keyspace_hits", () -> counters.keyspaceHits)
        .number("keyspace_misses", () -> counters.keyspaceMisses)
        .lines(InfoSection.COMMANDSTATS, this::commandStats)
        .lines(InfoSection.ERRORSTATS, this::errorStats)
        .lines(InfoSection.LATENCYSTATS, this::latencyStats)
        .onReset(this::reset);
  }

  void sample(long nowNanos) {
    commandRate.sample(counters.commandsProcessed, nowNanos);
  }

  private void reset() {
    counters.reset();
    commandRate.reset();
    CommandSpecs.forEach(table, spec -> spec.stats().reset());
  }

  private void commandStats(InfoWriter out) {
    CommandSpecs.forEach(
        table,
        spec -> {
          CommandStats stats = spec.stats();
          if (stats.calls == 0 && stats.rejectedCalls == 0 && stats.failedCalls == 0) {
            return;
          }
          long usec = stats.nanos / 1000;
          double perCall = stats.calls == 0 ? 0 : (double) stats.nanos / 1000 / stats.calls;
          out.field(
              "cmdstat_" + spec.fullName(),
              String.format(
                  Locale.ROOT,
                  "calls=%d,usec=%d,usec_per_call=%.2f,rejected_calls=%d,failed_calls=%d",
                  stats.calls,
                  usec,
                  perCall,
                  stats.rejectedCalls,
                  stats.failedCalls));
        });
  }

  private void errorStats(InfoWriter out) {
    counters
        .errorsByCode()
        .forEach((code, count) -> out.field("errorstat_" + code, "count=" + count[0]));
  }

  private void latencyStats(InfoWriter out) {
    if (!config.latencyTracking()) {
      return;
    }
    List<Double> percentiles = config.get(GeneralDirectives.LATENCY_TRACKING_INFO_PERCENTILES);
    CommandSpecs.forEach(table, spec -> latency(out, spec, percentiles));
  }

  private static void latency(InfoWriter out, CommandSpec spec, List<Double> percentiles) {
    Histogram histogram = spec.stats().histogram();
    if (histogram == null || histogram.getTotalCount() == 0 || percentiles.isEmpty()) {
      return;
    }
    StringBuilder text = new StringBuilder();
    for (double percentile : percentiles) {
      text.append(text.length() > 0 ? ",p" : "p")
          .append(percentileName(percentile))
          .append('=')
          .append(InfoText.decimal(histogram.getValueAtPercentile(percentile) / 1000.0, 3));
    }
    out.field("latency_percentiles_usec_" + spec.fullName(), text.toString());
  }

  private static String percentileName(double percentile) {
    return percentile == Math.rint(percentile)
        ? Long.toString((long) percentile)
        : Double.toString(percentile);
  }
}
