package org.chronolith.server.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.command.CommandTable;
import org.chronolith.server.command.ServerCounters;
import org.chronolith.server.info.Info;
import org.chronolith.server.info.InfoSection;
import org.chronolith.server.info.KeyspaceFigures;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ServerMetricsTest {

  private final CommandSpec get =
      CommandSpec.named("get")
          .arity(2)
          .group(CommandGroup.STRING)
          .since("1.0.0")
          .summary("Get")
          .handler(call -> {})
          .build();
  private final ServerCounters counters = new ServerCounters();
  private final Info info = new Info();
  private long keys;
  private final ServerMetrics metrics =
      new ServerMetrics(info, new CommandTable(List.of(get)), counters, new Keys());

  private final class Keys implements KeyspaceFigures {
    @Override
    public long usedMemoryBytes() {
      return 0;
    }

    @Override
    public long reservedMemoryBytes() {
      return 0;
    }

    @Override
    public int databases() {
      return 2;
    }

    @Override
    public long keys(int db) {
      return db * keys;
    }

    @Override
    public long keysExpiring(int db) {
      return db * 2;
    }

    @Override
    public long averageTtlMs(int db) {
      return 0;
    }
  }

  @AfterEach
  void close() {
    metrics.close();
  }

  private Map<String, Double> scrape() {
    Map<String, Double> values = new TreeMap<>();
    for (String line : metrics.scrape().split("\n")) {
      if (!line.startsWith("#")) {
        int blank = line.lastIndexOf(' ');
        values.put(line.substring(0, blank), Double.parseDouble(line.substring(blank + 1)));
      }
    }
    return values;
  }

  @Test
  void shouldTellTheNumbersOfInfo() {
    info.number("total_commands_processed", () -> counters.commandsProcessed)
        .number("used_memory", () -> 7)
        .decimal("used_cpu_sys", 6, () -> 0.25)
        .lines(InfoSection.REPLICATION, out -> out.field("connected_slaves", 2));
    counters.commandsProcessed = 5;
    assertEquals(1.0, scrape().get("redis_up"));
    metrics.publish();
    counters.commandsProcessed = 6;
    Map<String, Double> values = scrape();
    assertEquals(5.0, values.get("redis_commands_processed_total"));
    assertEquals(7.0, values.get("redis_memory_used_bytes"));
    assertEquals(0.25, values.get("redis_cpu_sys_seconds_total"));
    assertEquals(2.0, values.get("redis_connected_slaves"));
    assertFalse(values.containsKey("redis_master_last_io_seconds_ago"));
    metrics.publish();
    assertEquals(6.0, scrape().get("redis_commands_processed_total"));
  }

  @Test
  void shouldAddCommandsErrorsAndDatabasesWithTheirFirstUse() {
    metrics.publish();
    assertFalse(scrape().containsKey("redis_commands_total{cmd=\"get\"}"));
    get.stats().calls = 3;
    get.stats().nanos = 2_000_000_000L;
    get.stats().failedCalls = 1;
    counters.errorReply("WRONGTYPE x");
    keys = 9;
    metrics.publish();
    Map<String, Double> values = scrape();
    assertEquals(3.0, values.get("redis_commands_total{cmd=\"get\"}"));
    assertEquals(2.0, values.get("redis_commands_duration_seconds_total{cmd=\"get\"}"));
    assertEquals(1.0, values.get("redis_commands_failed_calls_total{cmd=\"get\"}"));
    assertEquals(0.0, values.get("redis_commands_rejected_calls_total{cmd=\"get\"}"));
    assertEquals(1.0, values.get("redis_errors_total{err=\"WRONGTYPE\"}"));
    assertEquals(9.0, values.get("redis_db_keys{db=\"db1\"}"));
    assertEquals(2.0, values.get("redis_db_keys_expiring{db=\"db1\"}"));
    keys = 0;
    metrics.publish();
    assertEquals(0.0, scrape().get("redis_db_keys{db=\"db1\"}"));
  }

  @Test
  void shouldTellAStatusAsANumber() {
    String[] status = {"ok"};
    info.lines(
        InfoSection.PERSISTENCE,
        out -> {
          out.field("aof_last_write_status", status[0]);
          out.field("rdb_last_bgsave_status", "ok");
        });
    metrics.publish();
    assertEquals(1.0, scrape().get("redis_aof_last_write_status"));
    status[0] = "err";
    metrics.publish();
    assertEquals(0.0, scrape().get("redis_aof_last_write_status"));
    assertEquals(1.0, scrape().get("redis_rdb_last_bgsave_status"));
  }

  @Test
  void shouldDeclareEachMetricOnceUnderItsOwnName() {
    for (MetricDeclaration declaration : MetricDeclaration.ALL) {
      assertTrue(declaration.name().matches("(redis|chronolith)_[a-z0-9_]+"), declaration.name());
    }
    info.lines(
        InfoSection.STATS,
        out -> MetricDeclaration.ALL.forEach(declaration -> out.field(declaration.field(), 1)));
    metrics.publish();
    Map<String, Double> values = scrape();
    for (MetricDeclaration declaration : MetricDeclaration.ALL) {
      assertEquals(1.0, values.get(declaration.name()), declaration.name());
    }
  }
}
