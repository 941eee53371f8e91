package org.chronolith.server.write;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class UnsyncedAgeTest {
  private static final long MS = TimeUnit.MILLISECONDS.toNanos(1);

  private final UnsyncedAge age = new UnsyncedAge();

  @Test
  void shouldCountFromWhenAllWasOnDisk() {
    age.reset(0);
    age.note(5_000 * MS, 100, 100);
    assertEquals(10 * MS, age.nanos(5_010 * MS));
    age.note(5_300 * MS, 200, 100);
    assertEquals(400 * MS, age.nanos(5_400 * MS));
  }

  @Test
  void shouldCountFromTheLastMarkThatIsOnDisk() {
    age.reset(0);
    age.note(100 * MS, 10, 0);
    age.note(200 * MS, 20, 0);
    age.note(300 * MS, 30, 0);
    age.note(900 * MS, 40, 20);
    assertEquals(700 * MS, age.nanos(900 * MS));
  }

  /** Against the true age, with forces that take up to 3 s. */
  @RepeatedTest(100)
  void shouldNeverSayTooYoungNorMuchTooOld() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    age.reset(0);
    List<Long> appendedAt = new ArrayList<>();
    long now = 0;
    int durable = 0;
    int forcing = -1;
    long forcedAt = 0;
    for (int turn = 0; turn < 20_000; turn++) {
      now += MS * (1 + random.nextInt(10));
      if (forcing >= 0 && now >= forcedAt) {
        durable = forcing;
        forcing = -1;
      }
      if (forcing < 0 && durable < appendedAt.size()) {
        forcing = appendedAt.size();
        forcedAt = now + MS * random.nextInt(random.nextInt(10) == 0 ? 3_000 : 300);
      }
      age.note(now, appendedAt.size(), durable);
      int more = random.nextInt(20) == 0 ? 0 : random.nextInt(4);
      for (int i = 0; i < more; i++) {
        appendedAt.add(now);
      }
      if (durable < appendedAt.size()) {
        long truth = now - appendedAt.get(durable);
        long said = age.nanos(now);
        String what = "seed " + seed + ", turn " + turn + ": " + said + " for " + truth;
        assertTrue(said >= truth, what);
        // What is older is too old in any case, by whatever it is said to be more.
        assertTrue(truth > 1_000 * MS || said <= truth + 500 * MS, what);
      }
    }
  }
}
