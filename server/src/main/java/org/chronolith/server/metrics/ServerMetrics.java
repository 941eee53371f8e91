package org.chronolith.server.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import org.chronolith.server.command.CommandTable;
import org.chronolith.server.command.ServerCounters;
import org.chronolith.server.config.ServerVersion;
import org.chronolith.server.info.Info;
import org.chronolith.server.info.InfoSection;
import org.chronolith.server.info.KeyspaceFigures;

/**
 * The registry. A command costs no meter call: its counters are plain fields of the engine, copied
 * by {@link #publish} and read from the copy at a scrape. Meters for commands, error codes and
 * databases appear with their first use; their number is bounded by the command table, by {@link
 * ServerCounters}' limit and by {@code databases}.
 */
public final class ServerMetrics implements AutoCloseable {

  /** How often {@link #publish} wants to be called. */
  public static final int PUBLISH_PERIOD_MS = 1000;

  /** What {@link #scrape} returns. */
  public static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private static final Set<InfoSection> SECTIONS =
      EnumSet.of(
          InfoSection.SERVER,
          InfoSection.CLIENTS,
          InfoSection.MEMORY,
          InfoSection.PERSISTENCE,
          InfoSection.STATS,
          InfoSection.REPLICATION,
          InfoSection.CPU);

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Info info;
  private final CommandTable table;
  private final ServerCounters counters;
  private final KeyspaceFigures keyspace;
  private final Set<String> knownCommands = new HashSet<>();
  private final Set<String> knownErrors = new HashSet<>();
  private final Set<Integer> knownDatabases = new HashSet<>();
  private final Set<String> knownFields = new HashSet<>();
  private volatile Figures figures = Figures.NONE;

  public ServerMetrics(
      Info info, CommandTable table, ServerCounters counters, KeyspaceFigures keyspace) {
    this.info = info;
    this.table = table;
    this.counters = counters;
    this.keyspace = keyspace;
    Gauge.builder("redis_up", () -> 1).description("1: the server answers").register(registry);
    Gauge.builder("chronolith_build", () -> 1)
        .tags("version", ServerVersion.CHRONOLITH, "redis_version", ServerVersion.REDIS)
        .description("Versions")
        .register(registry);
  }

  /** Copies the figures, and adds meters for what is new. Engine thread. */
  public void publish() {
    Figures now = Figures.of(info.numbers(SECTIONS), table, counters, keyspace);
    figures = now;
    for (MetricDeclaration declaration : MetricDeclaration.ALL) {
      if (now.fields().containsKey(declaration.field()) && knownFields.add(declaration.name())) {
        add(declaration);
      }
    }
    now.commands().keySet().stream().filter(knownCommands::add).forEach(this::addCommand);
    now.errors().keySet().stream().filter(knownErrors::add).forEach(this::addError);
    now.databases().keySet().stream().filter(knownDatabases::add).forEach(this::addDatabase);
  }

  /** The text for Prometheus, with the figures of the last {@link #publish}. Any thread. */
  public String scrape() {
    return registry.scrape();
  }

  /** For meters of other parts. */
  public PrometheusMeterRegistry registry() {
    return registry;
  }

  @Override
  public void close() {
    registry.close();
  }

  private void add(MetricDeclaration declaration) {
    ToDoubleFunction<ServerMetrics> value =
        self -> self.figures.fields().getOrDefault(declaration.field(), 0.0);
    if (declaration.counter()) {
      counter(declaration.name(), declaration.help(), Tags.empty(), value);
    } else {
      gauge(declaration.name(), declaration.help(), Tags.empty(), value);
    }
  }

  private void addCommand(String name) {
    Tags tags = Tags.of("cmd", name);
    counter("redis_commands_total", "Calls by command", tags, self -> self.command(name).calls());
    counter(
        "redis_commands_duration_seconds_total",
        "Time by command",
        tags,
        self -> self.command(name).nanos() / 1e9);
    counter(
        "redis_commands_rejected_calls_total",
        "Calls refused before they ran, by command",
        tags,
        self -> self.command(name).rejectedCalls());
    counter(
        "redis_commands_failed_calls_total",
        "Calls answered with an error, by command",
        tags,
        self -> self.command(name).failedCalls());
  }

  private Figures.Command command(String name) {
    return figures.commands().getOrDefault(name, new Figures.Command(0, 0, 0, 0));
  }

  private void addError(String code) {
    counter(
        "redis_errors_total",
        "Error replies by code",
        Tags.of("err", code),
        self -> self.figures.errors().getOrDefault(code, 0L));
  }

  private void addDatabase(int db) {
    Tags tags = Tags.of("db", "db" + db);
    gauge("redis_db_keys", "Keys by database", tags, self -> self.database(db).keys());
    gauge(
        "redis_db_keys_expiring",
        "Keys with an expiry by database",
        tags,
        self -> self.database(db).expiring());
  }

  private Figures.DatabaseKeys database(int db) {
    return figures.databases().getOrDefault(db, new Figures.DatabaseKeys(0, 0));
  }

  private void counter(String name, String help, Tags tags, ToDoubleFunction<ServerMetrics> value) {
    FunctionCounter.builder(name, this, value).description(help).tags(tags).register(registry);
  }

  private void gauge(String name, String help, Tags tags, ToDoubleFunction<ServerMetrics> value) {
    Gauge.builder(name, this, value).description(help).tags(tags).register(registry);
  }
}
