package org.chronolith.server.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.List;
import org.chronolith.server.config.SaveRule;
import org.junit.jupiter.api.Test;

class SaveTriggersTest {
  private static final List<SaveRule> RULES = List.of(new SaveRule(3600, 1), new SaveRule(60, 100));

  @Test
  void shouldBeDueWhenOneRuleHoldsWholly() {
    assertNull(SaveTriggers.due(RULES, 0, 9_999_999, 0, 0, false));
    assertNull(SaveTriggers.due(RULES, 99, 61_000, 0, 0, false));
    assertNull(SaveTriggers.due(RULES, 100, 60_000, 0, 0, false));
    assertEquals("100 changes in 60 seconds", SaveTriggers.due(RULES, 100, 60_001, 0, 0, false));
    assertEquals("1 changes in 3600 seconds", SaveTriggers.due(RULES, 1, 3_600_001, 0, 0, false));
  }

  @Test
  void shouldBeDueWhenTheLogGrew() {
    assertNull(SaveTriggers.due(List.of(), 5, 0, 1023, 1024, false));
    assertEquals(
        "the log grew by 1024 bytes", SaveTriggers.due(List.of(), 5, 0, 1024, 1024, false));
    assertNull(SaveTriggers.due(List.of(), 5, 0, 1L << 50, 0, false));
  }

  @Test
  void shouldBeDueWhenTheVolumeIsNearlyFullAndTheLogCouldGiveWay() {
    long least = SaveTriggers.LEAST_LOG_BYTES;
    assertNull(SaveTriggers.due(List.of(), 5, 0, least - 1, 0, true));
    assertEquals(
        "the volume is nearly full, and the log grew by " + least + " bytes",
        SaveTriggers.due(List.of(), 5, 0, least, 0, true));
  }

  @Test
  void shouldWaitLongerAfterEachFailure() {
    assertEquals(5_000, SaveTriggers.retryAfterMs(1));
    assertEquals(10_000, SaveTriggers.retryAfterMs(2));
    assertEquals(300_000, SaveTriggers.retryAfterMs(50));
  }
}
