package org.chronolith.server.tools;

import java.util.Optional;
import org.chronolith.engine.Slice;
import org.chronolith.network.Request;
import org.chronolith.server.OfflineDataset;
import org.chronolith.server.command.CommandKeys;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.command.CommandTable;
import org.chronolith.server.command.GlobPattern;

/** Which commands of the stream are wanted. */
final class StreamFilter {
  private final Optional<Point> from;
  private final Optional<Point> to;
  private final Optional<GlobPattern> key;
  private final Optional<Integer> db;
  private final CommandTable commands;
  private final Slice word = new Slice();

  StreamFilter(
      Optional<Point> from, Optional<Point> to, Optional<byte[]> key, Optional<Integer> db) {
    this.from = from;
    this.to = to;
    this.key = key.map(GlobPattern::new);
    this.db = db;
    this.commands = OfflineDataset.commands();
  }

  /** Whether only some keys or one database are wanted: what is no data is then left out. */
  boolean selective() {
    return key.isPresent() || db.isPresent();
  }

  /** Whether what is at {@code offset}, written at {@code ms}, is not before the wanted range. */
  boolean started(long offset, long ms) {
    if (from.isEmpty()) {
      return true;
    }
    return from.get().kind() == Point.Kind.TIME
        ? ms >= from.get().value()
        : offset >= from.get().value();
  }

  /** Whether what is at {@code offset}, written at {@code ms}, is behind the wanted range. */
  boolean ended(long offset, long ms) {
    if (to.isEmpty()) {
      return false;
    }
    return to.get().kind() == Point.Kind.TIME ? ms > to.get().value() : offset >= to.get().value();
  }

  /** Whether nothing wanted can be at or behind {@code offset}: times may go back, offsets not. */
  boolean over(long offset) {
    return to.isPresent() && to.get().kind() == Point.Kind.OFFSET && offset >= to.get().value();
  }

  /** Whether everything below {@code offset} is unwanted. */
  boolean before(long offset) {
    return from.isPresent()
        && from.get().kind() == Point.Kind.OFFSET
        && offset <= from.get().value();
  }

  /** Whether the command is of a wanted database and names a wanted key. */
  boolean wants(int commandDb, Request request) {
    if (db.isPresent() && db.get() != commandDb) {
      return false;
    }
    if (key.isEmpty()) {
      return true;
    }
    CommandSpec spec = commands.find(slice(request, 0));
    if (spec == null || !spec.accepts(request.count())) {
      return false;
    }
    int[] keys = CommandKeys.positions(spec, request.count(), i -> slice(request, i));
    if (keys == null) {
      return false;
    }
    for (int at : keys) {
      if (key.get().matches(slice(request, at))) {
        return true;
      }
    }
    return false;
  }

  private Slice slice(Request request, int i) {
    return word.set(request.buffer(), request.offset(i), request.length(i));
  }
}
