package org.chronolith.server.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.chronolith.network.ProtocolException;
import org.chronolith.replicationlog.History;
import org.junit.jupiter.api.Test;

class DivergenceTest {
  private static String line(History master, long start, long end) {
    return "-" + new Divergence(start, master, end).error();
  }

  @Test
  void shouldFindWhereAPromotionLeftTheOldMaster() {
    History old = History.fresh();
    History promoted = old.newId(1_000);
    assertEquals(1_000, Divergence.parse(line(promoted, 0, 5_000)).from(old, 1_300).offset());
    // After an unclean restart, with and without writes of its own.
    assertEquals(
        1_000, Divergence.parse(line(promoted, 0, 5_000)).from(old.newId(1_200), 1_300).offset());
    assertEquals(
        900, Divergence.parse(line(promoted, 0, 5_000)).from(old.newId(900), 950).offset());
  }

  @Test
  void shouldTakeTheLastNameThatBothKnow() {
    History root = History.fresh();
    History middle = root.newId(500);
    History one = middle.newId(1_000);
    History other = middle.newId(800);
    assertEquals(800, Divergence.parse(line(other, 0, 2_000)).from(one, 3_000).offset());
    History early = root.newId(100);
    assertEquals(100, Divergence.parse(line(early, 0, 2_000)).from(one, 3_000).offset());
  }

  @Test
  void shouldSayUnderWhichNameTheMasterKnowsTheEnd() {
    History first = History.fresh();
    History there = first.withId(History.randomId(), 1_000);
    History back = there.withId(first.currentId(), 1_000);
    History master = first.newId(1_000);
    Divergence.Point point = Divergence.parse(line(master, 0, 2_000)).from(back, 1_000);
    assertEquals(new Divergence.Point(1_000, first.currentId()), point);
  }

  @Test
  void shouldSayNoWithoutAWayOn() {
    History old = History.fresh();
    assertEquals(-1, Divergence.parse(line(History.fresh(), 0, 2_000)).from(old, 3_000).offset());
    assertEquals(
        -1, Divergence.parse(line(old.newId(1_000), 1_001, 2_000)).from(old, 3_000).offset());
    assertEquals(
        1_000, Divergence.parse(line(old.newId(1_000), 1_000, 2_000)).from(old, 3_000).offset());
    // The same stream, and the master has lost its end.
    assertEquals(2_000, Divergence.parse(line(old, 0, 2_000)).from(old, 3_000).offset());
    for (String bad :
        new String[] {"-DIVERGED", "-DIVERGED x", "-DIVERGED 1 abc", "-DIVERGED 1 a:b"}) {
      assertThrows(ProtocolException.class, () -> Divergence.parse(bad), bad);
    }
  }
}
