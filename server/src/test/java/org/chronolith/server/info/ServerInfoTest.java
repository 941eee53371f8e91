package org.chronolith.server.info;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.chronolith.server.client.ClientRegistry;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.command.CommandStats;
import org.chronolith.server.command.CommandTable;
import org.chronolith.server.command.ServerCounters;
import org.chronolith.server.config.ConfigLoader;
import org.chronolith.server.config.ConfigSet;
import org.chronolith.server.config.ServerConfig;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ServerInfoTest {

  /** What other parts register, or nobody does: it is left out rather than made up. */
  private static final List<String> OTHERS =
      List.of(
          "expired_keys",
          "sync_full",
          "sync_partial_ok",
          "sync_partial_err",
          "total_net_repl_input_bytes",
          "total_net_repl_output_bytes",
          "instantaneous_input_repl_kbps",
          "instantaneous_output_repl_kbps",
          "lazyfree_pending_objects",
          "lazyfreed_objects",
          "used_memory_overhead",
          "used_memory_dataset",
          "used_memory_dataset_perc");

  private final ServerCounters counters = new ServerCounters();
  private final CommandSpec get =
      CommandSpec.named("get")
          .arity(2)
          .group(CommandGroup.STRING)
          .since("1.0.0")
          .summary("Get")
          .handler(call -> {})
          .build();
  private ServerConfig config;
  private final Info info = new Info();
  private ServerInfo server;

  private static final class Figures implements KeyspaceFigures {
    @Override
    public long usedMemoryBytes() {
      return 3 << 20;
    }

    @Override
    public long reservedMemoryBytes() {
      return 4 << 20;
    }

    @Override
    public int databases() {
      return 16;
    }

    @Override
    public long keys(int db) {
      return db % 2;
    }

    @Override
    public long keysExpiring(int db) {
      return db;
    }

    @Override
    public long averageTtlMs(int db) {
      return 5;
    }
  }

  @BeforeEach
  void build() throws Exception {
    config = ConfigLoader.of();
    server =
        new ServerInfo(
            info,
            config,
            new CommandTable(List.of(get)),
            counters,
            new ClientRegistry(() -> false),
            new Figures(),
            true);
  }

  private Map<String, String> fields(String... sections) {
    Map<String, String> fields = new TreeMap<>();
    for (String line : info.render(List.of(sections)).split("\r\n")) {
      int colon = line.indexOf(':');
      if (colon > 0) {
        fields.put(line.substring(0, colon), line.substring(colon + 1));
      }
    }
    return fields;
  }

  @Test
  void shouldHaveTheFieldsOfRedisInTheirOrder() throws IOException {
    for (String section : List.of("Server", "Clients", "Memory", "Stats", "CPU", "Cluster")) {
      List<String> theirs = redisFields(section);
      List<String> ours =
          info.render(List.of(section))
              .lines()
              .filter(line -> line.contains(":"))
              .map(line -> line.substring(0, line.indexOf(':')))
              .toList();
      List<String> missing = new ArrayList<>(theirs);
      missing.removeAll(ours);
      missing.removeAll(OTHERS);
      assertEquals(List.of(), missing, section);
      theirs.retainAll(ours);
      assertEquals(theirs, ours.stream().filter(theirs::contains).toList(), section);
    }
  }

  private static List<String> redisFields(String section) throws IOException {
    List<String> names = new ArrayList<>();
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(
                ServerInfoTest.class.getResourceAsStream("redis-7.0.15-info-fields.txt"),
                StandardCharsets.UTF_8))) {
      boolean inside = false;
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (line.startsWith("# ")) {
          inside = line.equals("# " + section);
        } else if (inside && !line.isEmpty()) {
          names.add(line);
        }
      }
    }
    return names;
  }

  @Test
  void shouldCountCommandsWithTheirTimes() {
    CommandStats stats = get.stats();
    stats.calls = 4;
    stats.nanos = 10_500;
    stats.rejectedCalls = 2;
    stats.failedCalls = 1;
    counters.errorReply("WRONGTYPE Operation");
    counters.errorReply("ERR x");
    counters.errorReply("ERR y");
    assertEquals(
        "calls=4,usec=10,usec_per_call=2.63,rejected_calls=2,failed_calls=1",
        fields("commandstats").get("cmdstat_get"));
    assertEquals(
        Map.of("errorstat_ERR", "count=2", "errorstat_WRONGTYPE", "count=1"), fields("errorstats"));
    assertEquals("3", fields("stats").get("total_error_replies"));
    info.resetStat();
    assertEquals(Map.of(), fields("commandstats", "errorstats"));
    assertEquals("0", fields("stats").get("total_error_replies"));
  }

  @Test
  void shouldPrintTheDatabasesThatHaveKeys() {
    Map<String, String> databases = fields("keyspace");
    assertEquals(8, databases.size());
    assertEquals("keys=1,expires=3,avg_ttl=5", databases.get("db3"));
  }

  @Test
  void shouldTellRealFiguresOfTheProcess() {
    server.sample();
    Map<String, String> fields = fields("all");
    assertEquals("7.0.15", fields.get("redis_version"));
    assertTrue(fields.get("run_id").matches("[0-9a-f]{40}"));
    assertEquals(Long.toString(ProcessHandle.current().pid()), fields.get("process_id"));
    assertEquals("3.00M", fields.get("used_memory_human"));
    assertEquals("1.33", fields.get("allocator_frag_ratio"));
    assertEquals("100.00%", fields.get("used_memory_peak_perc"));
    assertTrue(Long.parseLong(fields.get("used_memory_rss")) > 10_000_000);
    assertTrue(Double.parseDouble(fields.get("used_cpu_user")) > 0);
    assertEquals("10000", fields.get("maxclients"));
  }

  @Test
  void shouldCountWhatTheNetworkReports() {
    NetworkFigures network = server.network();
    network.accepted();
    network.accepted();
    network.rejected();
    network.bytesRead(10);
    network.bytesWritten(30);
    Map<String, String> stats = fields("stats");
    assertEquals("2", stats.get("total_connections_received"));
    assertEquals("1", stats.get("rejected_connections"));
    assertEquals("10", stats.get("total_net_input_bytes"));
    assertEquals("30", stats.get("total_net_output_bytes"));
    info.resetStat();
    assertEquals("0", fields("stats").get("total_net_output_bytes"));
  }

  @Test
  void shouldFollowLatencyTracking() {
    assertTrue(counters.latencyTracking);
    new ConfigSet(config).set(List.of("latency-tracking", "no"));
    assertTrue(!counters.latencyTracking);
    assertEquals(Map.of(), fields("latencystats"));
  }
}
