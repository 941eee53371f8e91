package org.chronolith.server.replication;

import org.chronolith.network.ProtocolException;
import org.chronolith.replicationlog.History;

/**
 * A block of which a master's log and its replica's have different bytes. Immutable.
 *
 * @param replicationId of the master when it was found
 * @param block offset at which it starts
 * @param masterSum CRC32C of the master's bytes
 * @param replicaSum CRC32C of the replica's bytes
 */
record Mismatch(String replicationId, long block, int masterSum, int replicaSum) {
  /** Begins the master's answer, in the handshake, to a replica that differs. */
  static final String WORD = "+MISMATCH";

  private static final String RESYNC = "resync";
  private static final int HEX = 16;

  /**
   * What a replica is told of mismatches: {@code MISMATCH <count> <id> <first offset> <master's
   * checksum> <replica's checksum> resync|report}.
   *
   * @param first that was found since the replica was last sent the whole data set
   * @param count of all since then
   * @param resync whether the replica is to take a full resync
   */
  record Told(Mismatch first, long count, boolean resync) {
    /** The line, without its end and the sign that makes it a status. */
    String line() {
      return String.format(
          "%s %d %s %d %08x %08x %s",
          WORD.substring(1),
          count,
          first.replicationId,
          first.block,
          first.masterSum,
          first.replicaSum,
          resync ? RESYNC : "report");
    }

    /**
     * Reads the line as it came, with its sign.
     *
     * @throws ProtocolException if it is malformed
     */
    static Told parse(String line) {
      String[] words = line.split(" ");
      try {
        if (words.length >= 7 && History.isId(words[2])) {
          Mismatch first =
              new Mismatch(
                  words[2],
                  Long.parseLong(words[3]),
                  Integer.parseUnsignedInt(words[4], HEX),
                  Integer.parseUnsignedInt(words[5], HEX));
          return new Told(first, Long.parseLong(words[1]), words[6].equals(RESYNC));
        }
      } catch (NumberFormatException e) {
        throw new ProtocolException("malformed answer about mismatches: " + line);
      }
      throw new ProtocolException("malformed answer about mismatches: " + line);
    }
  }

  /** First offset behind the block. */
  long end() {
    return block + BlockSums.BLOCK_BYTES;
  }

  /** For the server's log. */
  @Override
  public String toString() {
    return String.format(
        "offsets %d to %d of %s, checksum 0x%08x on the master, 0x%08x on the replica",
        block, end() - 1, replicationId, masterSum, replicaSum);
  }
}
