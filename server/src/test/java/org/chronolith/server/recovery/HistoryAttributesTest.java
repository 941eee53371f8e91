package org.chronolith.server.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.chronolith.engine.snapshot.SnapshotMeta;
import org.chronolith.replicationlog.History;
import org.junit.jupiter.api.Test;

class HistoryAttributesTest {
  @Test
  void shouldReadBackTheHistoryWithItsLineage() {
    History history = History.fresh().newId(100).newId(250);
    assertEquals(
        history, HistoryAttributes.read(meta(history.currentId(), HistoryAttributes.of(history))));
  }

  @Test
  void shouldKnowTheIdAloneWithoutTheAttribute() {
    String id = History.randomId();
    assertEquals(History.of(id), HistoryAttributes.read(meta(id, new TreeMap<>())));
  }

  @Test
  void shouldRefuseWhatIsNoHistoryOrAnotherOnes() {
    String id = History.randomId();
    for (String value : new String[] {"", "xx", "00", "0102"}) {
      assertThrows(
          RecoveryException.class,
          () -> HistoryAttributes.read(meta(id, new TreeMap<>(Map.of("history", value)))),
          value);
    }
    RecoveryException e =
        assertThrows(
            RecoveryException.class,
            () -> HistoryAttributes.read(meta(id, HistoryAttributes.of(History.fresh()))));
    assertTrue(e.getMessage().contains(id), e.getMessage());
  }

  private static SnapshotMeta meta(String id, SortedMap<String, String> attributes) {
    return new SnapshotMeta(300, id, 0, 1, 1, attributes);
  }
}
