package org.chronolith.server.commands.admin;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.HdrHistogram.Histogram;
import org.chronolith.network.RespWriter;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandFlag;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.command.CommandTable;
import org.chronolith.server.command.Handler;
import org.chronolith.server.command.SubcommandHelp;
import org.chronolith.server.config.GeneralDirectives;
import org.chronolith.server.config.ServerConfig;

/**
 * Events that took longer than {@code latency-monitor-threshold}, and {@code LATENCY}. The events
 * are {@code command} and, for commands declared fast, {@code fast-command}.
 *
 * <p>Thread: engine.
 */
public final class LatencyMonitor {
  /** Samples kept of each event, at most one for each second. */
  private static final int HISTORY = 160;

  /** The first boundary of {@code LATENCY HISTOGRAM} in ns; each further one is twice as large. */
  private static final long FIRST_BOUNDARY_NANOS = 1024;

  private final Supplier<CommandTable> table;
  private final Map<String, Event> events = new TreeMap<>();
  private long thresholdMs;

  private static final class Event {
    final Deque<long[]> samples = new ArrayDeque<>();
    long maxMs;

    void add(long second, long ms) {
      maxMs = Math.max(maxMs, ms);
      long[] last = samples.peekLast();
      if (last != null && last[0] == second) {
        last[1] = Math.max(last[1], ms);
        return;
      }
      if (samples.size() == HISTORY) {
        samples.removeFirst();
      }
      samples.addLast(new long[] {second, ms});
    }
  }

  /**
   * Follows {@code latency-monitor-threshold}.
   *
   * @param table the commands whose histograms are shown
   */
  public LatencyMonitor(ServerConfig config, Supplier<CommandTable> table) {
    this.table = table;
    thresholdMs = config.get(GeneralDirectives.LATENCY_MONITOR_THRESHOLD);
    config.onChange(GeneralDirectives.LATENCY_MONITOR_THRESHOLD, value -> thresholdMs = value);
  }

  /** A command has run. */
  public void ran(Call call, long nanos) {
    long ms = nanos / 1_000_000;
    if (thresholdMs > 0 && ms >= thresholdMs) {
      boolean fast = call.spec().flags().contains(CommandFlag.FAST);
      events
          .computeIfAbsent(fast ? "fast-command" : "command", name -> new Event())
          .add(call.nowMs() / 1000, ms);
    }
  }

  /** The declarations. */
  public List<CommandSpec> specs() {
    return List.of(
        new SubcommandHelp()
            .build(
                CommandSpec.named("latency")
                    .arity(-2)
                    .group(CommandGroup.SERVER)
                    .since("2.8.13")
                    .summary("A container for latency diagnostics commands")
                    .complexity("Depends on subcommand.")
                    .subcommand(
                        sub("latest", 2, "", "The latest sample of each event", this::latest))
                    .subcommand(
                        sub("history", 3, "event", "The samples of an event", this::history))
                    .subcommand(
                        sub("reset", -2, "[event [event ...]]", "Forget samples", this::reset))
                    .subcommand(
                        sub(
                                "histogram",
                                -2,
                                "[command [command ...]]",
                                "The cumulative distribution of commands' times",
                                this::histogram)
                            .since("7.0.0"))));
  }

  private static CommandSpec.Builder sub(
      String name, int arity, String arguments, String summary, Handler handler) {
    return CommandSpec.named(name)
        .arity(arity)
        .flags(CommandFlag.ADMIN, CommandFlag.NOSCRIPT, CommandFlag.LOADING, CommandFlag.STALE)
        .since("2.8.13")
        .arguments(arguments)
        .summary(summary)
        .handler(handler);
  }

  private void latest(Call call) {
    RespWriter reply = call.reply();
    reply.array(events.size());
    events.forEach(
        (name, event) -> {
          long[] last = event.samples.getLast();
          reply.array(4);
          reply.bulk(name);
          reply.integer(last[0]);
          reply.integer(last[1]);
          reply.integer(event.maxMs);
        });
  }

  private void history(Call call) {
    Event event = events.get(call.text(2));
    RespWriter reply = call.reply();
    if (event == null) {
      reply.array(0);
      return;
    }
    reply.array(event.samples.size());
    for (long[] sample : event.samples) {
      reply.array(2);
      reply.integer(sample[0]);
      reply.integer(sample[1]);
    }
  }

  private void reset(Call call) {
    long forgotten = 0;
    if (call.argc() == 2) {
      forgotten = events.size();
      events.clear();
    }
    for (int i = 2; i < call.argc(); i++) {
      if (events.remove(call.text(i)) != null) {
        forgotten++;
      }
    }
    call.reply().integer(forgotten);
  }

  private void histogram(Call call) {
    List<CommandSpec> shown = new ArrayList<>();
    if (call.argc() == 2) {
      table.get().all().forEach(spec -> addMeasured(shown, spec));
    }
    for (int i = 2; i < call.argc(); i++) {
      String[] words = call.text(i).toLowerCase(Locale.ROOT).split("\\|", 2);
      CommandSpec spec = table.get().find(words[0]);
      if (spec != null && words.length == 2) {
        spec = spec.subcommands().get(words[1]);
      }
      if (spec != null) {
        addMeasured(shown, spec);
      }
    }
    call.reply().map(shown.size());
    shown.forEach(spec -> distribution(call.reply(), spec));
  }

  private static void addMeasured(List<CommandSpec> shown, CommandSpec spec) {
    if (spec.stats().histogram() != null) {
      shown.add(spec);
    }
    spec.subcommands().values().forEach(sub -> addMeasured(shown, sub));
  }

  private static void distribution(RespWriter reply, CommandSpec spec) {
    Histogram histogram = spec.stats().histogram();
    long total = histogram.getTotalCount();
    reply.bulk(spec.fullName());
    reply.map(2);
    reply.bulk("calls");
    reply.integer(total);
    reply.bulk("histogram_usec");
    long mark = reply.defer();
    long pairs = 0;
    long before = 0;
    for (long boundary = FIRST_BOUNDARY_NANOS; before < total; boundary *= 2) {
      long nanos = histogram.highestEquivalentValue(boundary);
      long count = histogram.getCountBetweenValues(0, nanos);
      if (count > before) {
        reply.integer(nanos / 1000);
        reply.integer(count);
        pairs++;
      }
      before = count;
    }
    reply.deferredMap(mark, pairs);
  }
}
