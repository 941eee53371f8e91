package org.chronolith.replicationlog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class HistoryTest {
  @Test
  void shouldAnswerPartialResyncAsRedisDoes() {
    History old = History.fresh();
    History now = old.newId(1000);
    String current = now.currentId();
    // PSYNC counts from 1: byte n is at offset n - 1, and one past the end is fine.
    assertTrue(now.canContinue(current, 501, 500, 2000));
    assertFalse(now.canContinue(current, 500, 500, 2000));
    assertTrue(now.canContinue(current, 2001, 500, 2000));
    assertFalse(now.canContinue(current, 2002, 500, 2000));
    assertTrue(now.canContinue(current.toUpperCase(Locale.ROOT), 2001, 500, 2000));
    // The old id is good up to second_repl_offset.
    assertEquals(old.currentId(), now.secondId());
    assertEquals(1001, now.secondOffset());
    assertTrue(now.canContinue(old.currentId(), 1001, 500, 2000));
    assertFalse(now.canContinue(old.currentId(), 1002, 500, 2000));
    assertFalse(now.canContinue("?", 1, 0, 2000));
    assertFalse(now.canContinue(History.randomId(), 600, 500, 2000));
  }

  @Test
  void shouldLowerEveryEarlierValidToWhenATailWasLost() {
    History history = History.fresh().newId(1000).newId(2000).newId(1500);
    assertEquals(1500, history.lineage().get(0).validTo());
    assertEquals(1500, history.lineage().get(1).validTo());
    assertEquals(1000, history.lineage().get(2).validTo());
    assertEquals(400, history.lowerTo(400).lineage().get(2).validTo());
  }

  @Test
  void shouldBoundTheLineageAndKeepTheNewest() {
    History history = History.fresh();
    int ids = History.MAX_LINEAGE + 24;
    for (int i = 1; i <= ids; i++) {
      history = history.newId(i);
    }
    assertEquals(History.MAX_LINEAGE, history.lineage().size());
    assertEquals(ids, history.lineage().get(0).validTo());
    assertEquals(
        RecordHeader.encodeIdentity(new RecordHeader.Identity(0, history)).length,
        8 + History.MAX_ENCODED_BYTES);
  }

  @Test
  void shouldSurviveEncoding() {
    History history = History.of("A".repeat(40)).newId(7).newId(Long.MAX_VALUE);
    assertEquals(history, History.decode(ByteBuffer.wrap(history.encode())));
    assertEquals("a".repeat(40), history.lineage().get(1).id());
    assertEquals(History.NO_ID, History.fresh().secondId());
    assertEquals(-1, History.fresh().secondOffset());
  }

  @Test
  void shouldTakeTheNameOfAnotherHistoryOnce() {
    History history = History.fresh();
    String other = History.randomId();
    History taken = history.withId(other, 10);
    assertEquals(other, taken.currentId());
    assertEquals(history.currentId(), taken.secondId());
    assertEquals(taken, taken.withId(other, 20));
  }

  @Test
  void shouldRefuseBytesThatAreNoHistory() {
    byte[] good = History.fresh().newId(3).encode();
    for (int length = 0; length < good.length; length++) {
      byte[] cut = Arrays.copyOf(good, length);
      LogException refused =
          assertThrows(LogException.class, () -> History.decode(ByteBuffer.wrap(cut)));
      assertEquals(LogException.Kind.DAMAGED, refused.kind());
    }
    for (int at : new int[] {0, 1, 30, 41, 50}) {
      byte[] bad = good.clone();
      bad[at] = 'x';
      assertThrows(LogException.class, () -> History.decode(ByteBuffer.wrap(bad)));
    }
  }
}
