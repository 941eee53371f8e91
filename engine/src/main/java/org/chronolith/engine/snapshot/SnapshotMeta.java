package org.chronolith.engine.snapshot;

import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a checkpoint says about itself beside its data.
 *
 * @param offset the replication offset S at which the data is complete
 * @param replicationId the replication id under which {@code offset} counts, 40 hex digits
 * @param selectedDb the database that the stream has selected at {@code offset}
 * @param createdMs wall-clock time of the mark, in ms since the epoch
 * @param keys number of keys in all databases at {@code offset}
 * @param attributes further properties that the store keeps and does not read (the lineage); names
 *     of {@code [a-z0-9.-]}, values of any text
 */
public record SnapshotMeta(
    long offset,
    String replicationId,
    int selectedDb,
    long createdMs,
    long keys,
    SortedMap<String, String> attributes) {

  public SnapshotMeta {
    if (offset < 0 || selectedDb < 0 || keys < 0) {
      throw new IllegalArgumentException(
          "offset " + offset + ", selectedDb " + selectedDb + ", keys " + keys);
    }
    if (!replicationId.matches("[0-9a-f]{40}")) {
      throw new IllegalArgumentException("replication id '" + replicationId + "'");
    }
    Objects.requireNonNull(attributes);
    for (Map.Entry<String, String> attribute : attributes.entrySet()) {
      if (!attribute.getKey().matches("[a-z0-9.-]{1,64}")) {
        throw new IllegalArgumentException("attribute name '" + attribute.getKey() + "'");
      }
      Objects.requireNonNull(attribute.getValue(), attribute.getKey());
    }
    attributes = Collections.unmodifiableSortedMap(new TreeMap<>(attributes));
  }
}
