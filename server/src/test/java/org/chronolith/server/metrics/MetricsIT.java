package org.chronolith.server.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The metrics of a real process, beside its INFO. */
@Tag("slow")
class MetricsIT {

  @TempDir Path dir;

  @Test
  void shouldTellTheSameNumbersAsInfo() throws Exception {
    int metricsPort = ChronolithProcess.freePort();
    try (ChronolithProcess server =
            ChronolithProcess.start(
                dir.resolve("data"),
                ChronolithProcess.freePort(),
                "--metrics-port",
                "" + metricsPort);
        RespClient client = server.connect()) {
      for (int i = 0; i < 50; i++) {
        client.call("SET", "key" + i, "value", "EX", "1000");
      }
      client.call("GET", "key1");
      client.call("GET", "nothing");
      Map<String, Double> metrics = awaitSets(metricsPort);
      assertEquals(1.0, metrics.get("redis_up"));
      assertEquals(50.0, metrics.get("redis_db_keys{db=\"db0\"}"));
      assertEquals(50.0, metrics.get("redis_db_keys_expiring{db=\"db0\"}"));
      assertEquals(
          info(client, "stats", "keyspace_hits"), metrics.get("redis_keyspace_hits_total"));
      assertEquals(
          info(client, "stats", "keyspace_misses"), metrics.get("redis_keyspace_misses_total"));
      assertEquals(info(client, "memory", "used_memory"), metrics.get("redis_memory_used_bytes"));
      assertEquals(
          info(client, "replication", "master_repl_offset"),
          metrics.get("redis_master_repl_offset"));
      assertEquals(
          info(client, "stats", "total_connections_received"),
          metrics.get("redis_connections_received_total"));
      assertTrue(metrics.containsKey("chronolith_log_durable_offset"));
      assertTrue(client.info("commandstats", "cmdstat_set").startsWith("calls=50,"));
      assertTrue(client.info("latencystats", "latency_percentiles_usec_set").startsWith("p50="));
    }
  }

  private static Double info(RespClient client, String section, String field) {
    return Double.valueOf(client.info(section, field));
  }

  /** Scrapes until the sets are in: the figures are published once a second. */
  private static Map<String, Double> awaitSets(int port) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (true) {
      Map<String, Double> metrics = scrape(port);
      if (metrics.getOrDefault("redis_commands_total{cmd=\"set\"}", 0.0) == 50.0
          && metrics.getOrDefault("redis_commands_total{cmd=\"get\"}", 0.0) == 2.0) {
        return metrics;
      }
      assertTrue(System.nanoTime() < deadline, () -> "not published: " + metrics);
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  private static Map<String, Double> scrape(int port) throws Exception {
    HttpResponse<String> response =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/metrics")).build(),
                HttpResponse.BodyHandlers.ofString());
    assertEquals(200, response.statusCode());
    Map<String, Double> values = new TreeMap<>();
    for (String line : response.body().split("\n")) {
      if (!line.startsWith("#")) {
        int blank = line.lastIndexOf(' ');
        values.put(line.substring(0, blank), Double.parseDouble(line.substring(blank + 1)));
      }
    }
    return values;
  }
}
