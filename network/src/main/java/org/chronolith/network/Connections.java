package org.chronolith.network;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The client connections of one loop: by id in the order they came, and those with held replies.
 */
final class Connections {
  private final Map<Long, Connection> byId = new LinkedHashMap<>();
  private final Set<Connection> holding = new LinkedHashSet<>();
  private long lastId;
  private long releasedOffset = Long.MIN_VALUE;

  long nextId() {
    return ++lastId;
  }

  void add(Connection connection) {
    byId.put(connection.id(), connection);
  }

  void remove(Connection connection) {
    byId.remove(connection.id());
    holding.remove(connection);
  }

  Connection get(long id) {
    return byId.get(id);
  }

  int size() {
    return byId.size();
  }

  void forEach(Consumer<Connection> action) {
    List<Connection> all = new ArrayList<>(byId.values());
    for (Connection connection : all) {
      action.accept(connection);
    }
  }

  long releasedOffset() {
    return releasedOffset;
  }

  void holding(Connection connection) {
    holding.add(connection);
  }

  /** Closes those whose replies are held; these never leave. */
  void closeHolding() {
    for (Connection connection : holding.toArray(Connection[]::new)) {
      connection.close();
    }
  }

  void restartOffsets() {
    releasedOffset = Long.MIN_VALUE;
  }

  void release(long offset) {
    if (offset <= releasedOffset) {
      return;
    }
    releasedOffset = offset;
    if (holding.isEmpty()) {
      return;
    }
    for (Connection connection : holding.toArray(Connection[]::new)) {
      if (connection.released(offset)) {
        holding.remove(connection);
      }
    }
  }

  /** Idle and output limits that depend on time. */
  void housekeeping(long nowMs) {
    if (!byId.isEmpty()) {
      forEach(connection -> connection.housekeeping(nowMs));
    }
  }
}
