package org.chronolith.bench.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.chronolith.bench.BenchException;
import org.chronolith.bench.process.FreePort;
import org.chronolith.bench.process.ServerProcess;
import org.chronolith.bench.resp.RespConnection;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where an operator sees that the disk of a real process fails: each place names it. */
@Tag("slow")
final class FaultyServerIT {
  private static final String CAUSE = "Input/output error";
  private static final String MISCONF = "MISCONF Errors writing to the AOF file: ";

  @TempDir Path directory;
  private final int metricsPort = FreePort.next();
  private final HttpClient http = HttpClient.newHttpClient();

  private ServerProcess start(String... directives) {
    List<String> words = new ArrayList<>(List.of("--save", "", "--metrics-port", "" + metricsPort));
    words.addAll(List.of(directives));
    return ServerProcess.start("subject", FaultyServer.command(), directory, words);
  }

  @Test
  void shouldNameAFailedForceToClientsAndInInfoLogAndMetrics() throws Exception {
    try (ServerProcess server = start("--appendfsync", "always");
        RespConnection client = server.connect();
        RespConnection writer = server.connect()) {
      assertEquals("OK", client.call("SET", "a", "1"));
      await("sound metrics", () -> metric("redis_aof_last_write_status") == 1);
      // It comes with the log, maybe a second later.
      await("the log's metrics", () -> metric("chronolith_log_failed") == 0);
      assertEquals(1, metric("redis_rdb_last_bgsave_status"));

      server.tell(FaultyDisk.Order.FAIL_FORCES.name());
      await("a failed force", () -> isCut(writer));

      // 1: the refusal has the cause, and nothing else of the client's fails.
      assertRefused(client, CAUSE);
      // 2: reads go on.
      assertEquals("1", client.call("GET", "a"));
      // 3: INFO persistence.
      assertEquals("err", client.info("persistence", "aof_last_write_status"));
      assertEquals("1", client.info("persistence", "chronolith_log_failed"));
      assertEquals(CAUSE, client.info("persistence", "chronolith_log_failure"));
      // 4: one line of the log, with cause and remedy.
      String failed = "Forcing the log failed: " + CAUSE;
      String remedy = "restart the server once the disk is sound";
      await("the line", () -> hasLine(server, failed, remedy));
      String lines = server.output();
      assertEquals(1, lines.lines().filter(line -> line.contains(failed)).count(), lines);
      // 5: the metrics, which a healed disk does not change.
      server.tell(FaultyDisk.Order.HEAL.name());
      await("the metric", () -> metric("chronolith_log_failed") == 1);
      assertEquals(0, metric("redis_aof_last_write_status"));
      assertRefused(client, CAUSE);

      server.restart(false);
      try (RespConnection again = server.connect()) {
        assertEquals("1", again.call("GET", "a"));
        assertEquals("OK", again.call("SET", "a", "2"));
        assertEquals("ok", again.info("persistence", "aof_last_write_status"));
      }
    }
  }

  @Test
  void shouldTellADiskThatFailsToReserveFromAFullOneAndGoOnWhenItCanAgain() throws Exception {
    try (ServerProcess server = start("--log-headroom-bytes", "4mb");
        RespConnection client = server.connect()) {
      String value = "v".repeat(100_000);
      server.tell(FaultyDisk.Order.FAIL_RESERVATIONS.name());
      await("a refusal", () -> !isDone(client, "SET", "a", value));
      assertRefused(client, CAUSE, "SET", "b", value);
      assertEquals(value, client.call("GET", "a"));
      assertEquals("err", client.info("persistence", "aof_last_write_status"));
      assertEquals("0", client.info("persistence", "chronolith_log_space_refused"));
      assertEquals("0", client.info("persistence", "chronolith_log_failed"));
      String refusal = client.info("persistence", "chronolith_log_refusal");
      assertTrue(refusal.contains("cannot reserve") && refusal.endsWith(CAUSE), refusal);
      await("the line", () -> hasLine(server, "Space for the log cannot be reserved", CAUSE));
      assertFalse(server.output().contains("No space for the log"), server.output());
      await("the metric", () -> metric("redis_aof_last_write_status") == 0);
      assertEquals(0, metric("chronolith_log_space_refused"));

      server.tell(FaultyDisk.Order.HEAL.name());
      await("writes", () -> isDone(client, "SET", "b", value));
      await("the metric", () -> metric("redis_aof_last_write_status") == 1);
      assertEquals("ok", client.info("persistence", "aof_last_write_status"));
    }
  }

  /** The log is written by a thread of its own: a line may come after the reply that says it. */
  private static boolean hasLine(ServerProcess server, String... texts) {
    return server
        .output()
        .lines()
        .anyMatch(line -> List.of(texts).stream().allMatch(line::contains));
  }

  private static void assertRefused(RespConnection client, String cause, String... words) {
    String[] command = words.length == 0 ? new String[] {"SET", "b", "1"} : words;
    BenchException refusal = assertThrows(BenchException.class, () -> client.call(command));
    assertTrue(refusal.getMessage().contains(MISCONF), refusal.getMessage());
    assertTrue(refusal.getMessage().endsWith(cause), refusal.getMessage());
  }

  /** Whether the server, instead of a reply, has closed the connection. */
  private static boolean isCut(RespConnection writer) {
    try {
      writer.call("SET", "unsure", "1");
      return false;
    } catch (BenchException e) {
      return e.getMessage().contains("the connection failed");
    }
  }

  private static boolean isDone(RespConnection client, String... words) {
    try {
      return "OK".equals(client.call(words));
    } catch (BenchException e) {
      assertTrue(e.getMessage().contains(MISCONF), e.getMessage());
      return false;
    }
  }

  /** Of the last second; NaN if there is none of this name. */
  private double metric(String name) {
    try {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + metricsPort + "/metrics"))
              .build();
      HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
      return response
          .body()
          .lines()
          .filter(line -> line.startsWith(name + " "))
          .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
          .findFirst()
          .orElse(Double.NaN);
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void await(String what, BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadline, "within 30 s: " + what);
      TimeUnit.MILLISECONDS.sleep(5);
    }
  }
}
