package org.chronolith.server.replication;

import io.netty.buffer.ByteBuf;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.chronolith.network.ProtocolException;
import org.chronolith.replicationlog.History;

/**
 * What a redis-server says of its history in {@code INFO replication}. It is asked before {@code
 * PSYNC}, since that it answers with a full resync where a Chronolith says where the histories
 * diverge. The reply is read line by line; a few of its fields are kept.
 *
 * <p>Thread: the replication loop.
 */
final class StockHistory {
  static final List<String> COMMAND = List.of("INFO", "replication");

  /** A line for each of some ten thousand replicas. */
  static final int MOST_BYTES = 1 << 20;

  private static final String ROLE = "role";
  private static final String ID = "master_replid";
  private static final String SECOND_ID = "master_replid2";
  private static final String END = "master_repl_offset";
  private static final String SECOND_OFFSET = "second_repl_offset";
  private static final String BACKLOG_ACTIVE = "repl_backlog_active";
  private static final String BACKLOG_FIRST = "repl_backlog_first_byte_offset";
  private static final Set<String> WANTED =
      Set.of(ROLE, ID, SECOND_ID, END, SECOND_OFFSET, BACKLOG_ACTIVE, BACKLOG_FIRST);

  private final String id;
  private final long nextByte;
  private final Map<String, String> fields = new HashMap<>();

  /** Of the reply, with the line end behind it; -1 before it has begun. */
  private int bytesLeft = -1;

  /** What came instead of the text; empty if that came. */
  private String refusal = "";

  /**
   * @param id under which this node would go on
   * @param nextByte that it wants; counts from 1
   */
  StockHistory(String id, long nextByte) {
    this.id = id;
    this.nextByte = nextByte;
  }

  /**
   * Takes the reply as it comes.
   *
   * @return whether it has all come
   * @throws ProtocolException if it is none
   */
  boolean bytes(ByteBuf in) {
    while (bytesLeft != 0) {
      int before = in.readableBytes();
      String line = LinkDialog.readLine(in);
      if (line == null) {
        return false;
      }
      if (bytesLeft > 0) {
        field(line);
        bytesLeft -= before - in.readableBytes();
        if (bytesLeft < 0) {
          throw new ProtocolException("the master's reply to INFO does not end where it should");
        }
      } else if (!line.isEmpty()) {
        begin(line);
      }
    }
    return true;
  }

  private void begin(String line) {
    long length = line.startsWith("$") ? number(line.substring(1)) : -1;
    if (length > MOST_BYTES) {
      throw new ProtocolException("the master's reply to INFO is too long: " + line);
    }
    if (length < 0) {
      refusal = line;
      bytesLeft = 0;
    } else {
      bytesLeft = (int) length + 2;
    }
  }

  private void field(String line) {
    int colon = line.indexOf(':');
    if (colon > 0 && WANTED.contains(line.substring(0, colon))) {
      fields.put(line.substring(0, colon), line.substring(colon + 1));
    }
  }

  /** Why there is none, in the master's words; empty if there is one. */
  String refusal() {
    return refusal;
  }

  /** Nothing if the master has not said enough, or has no backlog to go on from. */
  Optional<Divergence> divergence() {
    String current = fields.getOrDefault(ID, "");
    long end = number(END, -1);
    long first = number(BACKLOG_FIRST, 0);
    if (!History.isId(current) || end < 0 || first < 1 || number(BACKLOG_ACTIVE, 0) != 1) {
      return Optional.empty();
    }
    String second = fields.getOrDefault(SECOND_ID, "");
    long validTo = number(SECOND_OFFSET, 0) - 1;
    History history =
        History.isId(second) && !second.equals(History.NO_ID) && validTo >= 0
            ? History.of(second).withId(current, validTo)
            : History.of(current);
    return Optional.of(new Divergence(first - 1, history, end));
  }

  /**
   * Whether the master is a replica itself, which has not all of what this node has of the same
   * stream, but is about to get it.
   */
  boolean isBehind() {
    return "slave".equals(fields.get(ROLE))
        && id.equalsIgnoreCase(fields.get(ID))
        && number(END, Long.MAX_VALUE - 1) + 1 < nextByte;
  }

  private long number(String field, long otherwise) {
    long value = number(fields.getOrDefault(field, ""));
    return value < 0 ? otherwise : value;
  }

  /** -1 for what is none. */
  private static long number(String word) {
    return word.matches("\\d{1,18}") ? Long.parseLong(word) : -1;
  }
}
