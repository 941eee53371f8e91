package org.chronolith.server.info;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class RateTest {

  private static final long PERIOD_NANOS = 100_000_000;

  @Test
  void shouldBeTheMeanOfSixteenSamples() {
    Rate rate = new Rate();
    rate.sample(1000, 0);
    assertEquals(0, rate.perSecond());
    for (int i = 1; i <= 16; i++) {
      rate.sample(1000 + i * 5, i * PERIOD_NANOS);
    }
    assertEquals(50, rate.perSecond(), 1e-9);
    rate.sample(1080, 17 * PERIOD_NANOS);
    assertEquals(50 * 15 / 16.0, rate.perSecond(), 1e-9);
  }

  @Test
  void shouldStartAgainWhenTheCounterWasReset() {
    Rate rate = new Rate();
    rate.sample(1000, 0);
    rate.sample(10, PERIOD_NANOS);
    assertEquals(0, rate.perSecond());
    rate.sample(20, 2 * PERIOD_NANOS);
    assertEquals(100 / 16.0, rate.perSecond(), 1e-9);
    rate.reset();
    assertEquals(0, rate.perSecond());
  }
}
