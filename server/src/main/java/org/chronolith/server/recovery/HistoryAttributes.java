package org.chronolith.server.recovery;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.chronolith.engine.snapshot.SnapshotMeta;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.LogException;

/** The history as an attribute of a checkpoint, so that a checkpoint alone can be started from. */
public final class HistoryAttributes {
  private static final String HISTORY = "history";

  private HistoryAttributes() {}

  /** Attributes for {@link SnapshotMeta#attributes()}. */
  public static SortedMap<String, String> of(History history) {
    return new TreeMap<>(Map.of(HISTORY, HexFormat.of().formatHex(history.encode())));
  }

  /**
   * The history that {@code meta} was made under; without lineage if it carries none.
   *
   * @throws RecoveryException if the attribute is no history, or of another id
   */
  public static History read(SnapshotMeta meta) {
    String hex = meta.attributes().get(HISTORY);
    if (hex == null) {
      return History.of(meta.replicationId());
    }
    try {
      History history = History.decode(ByteBuffer.wrap(HexFormat.of().parseHex(hex)));
      if (!history.currentId().equals(meta.replicationId())) {
        throw new RecoveryException(
            "checkpoint of id " + meta.replicationId() + " carries the history " + history);
      }
      return history;
    } catch (IllegalArgumentException | LogException e) {
      throw new RecoveryException("the history of a checkpoint cannot be read: " + e, e);
    }
  }
}
