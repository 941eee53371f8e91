package org.chronolith.server.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SyncProgressTest {
  private final List<String> lines = new ArrayList<>();

  @Test
  void shouldTellEachTenthButNoMoreThanOnceASecond() {
    SyncProgress progress = new SyncProgress("it", lines::add, 1_000_000, 0, 0);
    progress.add(500_000, 999);
    assertEquals(List.of(), lines);
    progress.add(1_000, 1_000);
    assertEquals(List.of("it: 50 %, 501000 of 1000000 bytes, 0.5 MB/s"), lines);
    progress.add(98_000, 3_000);
    assertEquals(1, lines.size(), "not a tenth more");
    progress.add(1_000, 3_001);
    assertEquals("it: 60 %, 600000 of 1000000 bytes, 0.2 MB/s", lines.get(1));
    assertEquals(600_000, progress.doneBytes());
  }

  @Test
  void shouldTellEveryFiveSecondsHoweverSlowItIs() {
    SyncProgress progress = new SyncProgress("it", lines::add, 1L << 40, 1L << 39, 0);
    for (int second = 1; second <= 20; second++) {
      progress.add(1_000_000, second * 1_000L);
    }
    assertEquals(4, lines.size());
    assertEquals("it: 50 %, 549760813888 of 1099511627776 bytes, 1.0 MB/s", lines.get(0));
  }

  @Test
  void shouldTakeATotalThatIsNotKnown() {
    SyncProgress progress = new SyncProgress("it", lines::add, 0, 0, 0);
    progress.add(10, 5_000);
    assertEquals(List.of("it: 10 bytes, 0.0 MB/s"), lines);
  }
}
