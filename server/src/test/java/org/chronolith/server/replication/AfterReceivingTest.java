package org.chronolith.server.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AfterReceivingTest {
  private final AfterReceiving after = new AfterReceiving();
  private final List<String> ran = new ArrayList<>();

  @Test
  void shouldRunAllOnceAndThePromotionLast() {
    after.promotion(() -> ran.add("promotion"));
    after.add(() -> ran.add("first"));
    after.add(() -> ran.add("second"));
    assertTrue(after.hasPromotion());
    after.run();
    after.run();
    assertEquals(List.of("first", "second", "promotion"), ran);
    assertFalse(after.hasPromotion());
  }

  @Test
  void shouldForgetAPromotionThatIsNotWantedAnyMore() {
    after.add(() -> ran.add("other"));
    after.promotion(() -> ran.add("promotion"));
    after.promotion(null);
    after.run();
    assertEquals(List.of("other"), ran);
  }

  @Test
  void shouldPromoteOnceHoweverOftenItIsAskedAndKeepWhatIsAddedMeanwhile() {
    after.promotion(() -> ran.add("promotion"));
    after.promotion(() -> ran.add("promotion again"));
    after.add(() -> after.add(() -> ran.add("later")));
    after.run();
    assertEquals(List.of("promotion again"), ran);
    after.run();
    assertEquals(List.of("promotion again", "later"), ran);
  }
}
