package org.chronolith.server.metrics;

import java.util.Map;
import java.util.TreeMap;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.command.CommandStats;
import org.chronolith.server.command.CommandTable;
import org.chronolith.server.command.ServerCounters;
import org.chronolith.server.info.CommandSpecs;
import org.chronolith.server.info.KeyspaceFigures;

/**
 * A copy of the engine's figures at one moment. Immutable, so that any thread may read it.
 *
 * @param fields the numbers of {@code INFO} by field name
 * @param commands by full command name; only those that were called or refused
 * @param errors error replies by code word
 * @param databases keys and expiring keys by database number; only those that have keys
 */
record Figures(
    Map<String, Double> fields,
    Map<String, Command> commands,
    Map<String, Long> errors,
    Map<Integer, DatabaseKeys> databases) {

  /** One command's statistics. */
  record Command(long calls, long nanos, long rejectedCalls, long failedCalls) {}

  /** One database's keys. */
  record DatabaseKeys(long keys, long expiring) {}

  static final Figures NONE = new Figures(Map.of(), Map.of(), Map.of(), Map.of());

  /** Engine thread. */
  static Figures of(
      Map<String, Double> fields,
      CommandTable table,
      ServerCounters counters,
      KeyspaceFigures keyspace) {
    Map<String, Command> commands = new TreeMap<>();
    CommandSpecs.forEach(table, spec -> addCommand(commands, spec));
    Map<String, Long> errors = new TreeMap<>();
    counters.errorsByCode().forEach((code, count) -> errors.put(code, count[0]));
    Map<Integer, DatabaseKeys> databases = new TreeMap<>();
    for (int db = 0; db < keyspace.databases(); db++) {
      if (keyspace.keys(db) > 0) {
        databases.put(db, new DatabaseKeys(keyspace.keys(db), keyspace.keysExpiring(db)));
      }
    }
    return new Figures(fields, commands, errors, databases);
  }

  private static void addCommand(Map<String, Command> commands, CommandSpec spec) {
    CommandStats stats = spec.stats();
    if (stats.calls > 0 || stats.rejectedCalls > 0) {
      commands.put(
          spec.fullName(),
          new Command(stats.calls, stats.nanos, stats.rejectedCalls, stats.failedCalls));
    }
  }
}
