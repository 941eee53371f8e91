package org.chronolith.bench.throughput;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Map;
import org.chronolith.bench.BenchException;
import org.junit.jupiter.api.Test;

final class RedisBenchmarkTest {

  private static final String HEADER = "\"test\",\"rps\",\"avg_latency_ms\"\n";

  @Test
  void shouldReadTheFiguresOfEveryTest() {
    String output =
        "WARNING: Could not fetch server CONFIG\n"
            + HEADER
            + "\"PING_INLINE\",\"144000.50\",\"1.4\"\n\"MSET (10 keys)\",\"503.97\",\"1.2\"\n";
    assertEquals(
        Map.of("PING_INLINE", 144000.5, "MSET (10 keys)", 503.97),
        RedisBenchmark.parse("ping,mset", output));
  }

  @Test
  void shouldShowTheOutputWhereThereIsNoFigure() {
    String message =
        assertThrows(
                BenchException.class,
                () -> RedisBenchmark.parse("set", HEADER + "Error from server: OOM"))
            .getMessage();
    assertTrue(message.contains("-t set") && message.contains("OOM"), message);
  }

  @Test
  void shouldReportAProgramThatFails() {
    RedisBenchmark failing = new RedisBenchmark(Path.of("/bin/false"), 1, 3, 0);
    assertThrows(BenchException.class, () -> failing.run(1, "set", 1, 1));
  }
}
