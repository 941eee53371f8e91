package org.chronolith.server.replication;

import java.util.ArrayList;
import java.util.List;
import org.chronolith.network.ProtocolException;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.LogException;

/**
 * What a master tells a Chronolith replica whose {@code PSYNC} it refuses: from which offset on it
 * has the stream, and under which names up to where. {@code -DIVERGED <start> <id>:<validTo> …},
 * the current id, valid to the end, first. Immutable.
 *
 * @param startOffset first byte of the master's log
 * @param names ids that the master knows, each with the offset up to which its stream is that one
 */
record Divergence(long startOffset, List<History.Ancestor> names) {
  static final String WORD = "-DIVERGED";

  /**
   * @param history of the master
   * @param endOffset of the master's log
   */
  Divergence(long startOffset, History history, long endOffset) {
    this(startOffset, names(history, endOffset));
  }

  private static List<History.Ancestor> names(History history, long endOffset) {
    List<History.Ancestor> names = new ArrayList<>();
    names.add(new History.Ancestor(history.currentId(), endOffset));
    names.addAll(history.lineage());
    return names;
  }

  /** The line, without its end, and without the sign that makes it an error. */
  String error() {
    StringBuilder line = new StringBuilder(WORD.substring(1));
    line.append(' ').append(startOffset);
    for (History.Ancestor name : names) {
      line.append(' ').append(name.id()).append(':').append(name.validTo());
    }
    return line.toString();
  }

  /**
   * Where two histories part.
   *
   * @param offset the highest one up to which both have the same bytes under one name; -1 if they
   *     have no name in common, or the master's log begins behind that offset
   * @param name that both know there; empty if there is none
   */
  record Point(long offset, String name) {
    private static final Point NONE = new Point(-1, "");

    /** The higher of this one and where the two have the same bytes under {@code id}. */
    private Point or(String id, long validTo, History own, long ownEnd) {
      long common = Math.min(validTo, Math.min(own.validTo(id), ownEnd));
      return common > offset ? new Point(common, id) : this;
    }

    private Point since(long start) {
      return offset < start ? NONE : this;
    }
  }

  /** Where the history of {@code own}, whose log ends at {@code ownEnd}, leaves the master's. */
  Point from(History own, long ownEnd) {
    Point found = Point.NONE;
    for (History.Ancestor name : names) {
      found = found.or(name.id(), name.validTo(), own, ownEnd);
    }
    return found.since(startOffset);
  }

  /**
   * @param line as it came, with its sign
   * @throws ProtocolException if the line is malformed
   */
  static Divergence parse(String line) {
    String[] words = line.split(" ");
    try {
      List<History.Ancestor> names = new ArrayList<>();
      for (int i = 2; i < words.length; i++) {
        int colon = words[i].indexOf(':');
        String id = words[i].substring(0, Math.max(0, colon));
        names.add(new History.Ancestor(id, Long.parseLong(words[i].substring(colon + 1))));
      }
      return new Divergence(Long.parseLong(words[1]), names);
    } catch (NumberFormatException | ArrayIndexOutOfBoundsException | LogException e) {
      throw new ProtocolException("malformed reply to PSYNC: " + line);
    }
  }
}
