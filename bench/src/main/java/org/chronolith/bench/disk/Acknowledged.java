package org.chronolith.bench.disk;

import java.util.Locale;
import org.chronolith.bench.load.KeyRequests;
import org.chronolith.bench.process.ServerProcess;
import org.chronolith.bench.resp.RespConnection;

/**
 * What became of SETs of different keys.
 *
 * @param acknowledged how many were answered with OK
 * @param lost how many of these have no value, or another one
 * @param refused how many were answered with an error
 * @param refusedThere how many of these have the value all the same
 * @param unanswered how many got no reply: whether they were done is open
 * @param unansweredThere how many of these have the value
 */
record Acknowledged(
    long acknowledged,
    long lost,
    long refused,
    long refusedThere,
    long unanswered,
    long unansweredThere) {

  /** Asks for every key that was ever sent, whose value was {@code valueBytes} of the letter x. */
  static Acknowledged check(ServerProcess server, Keys.Once keys, int valueBytes) {
    String value = "x".repeat(valueBytes);
    KeyRequests get = KeyRequests.get();
    long acknowledged = 0;
    long lost = 0;
    long refused = 0;
    long refusedThere = 0;
    long unanswered = 0;
    long unansweredThere = 0;
    try (RespConnection connection = server.connect()) {
      for (int number = 0; number < keys.begun(); number++) {
        get.setKey(0, number);
        get.send(connection, 1);
        boolean there = value.equals(connection.readReply());
        if (keys.isAcknowledged(number)) {
          acknowledged++;
          lost += there ? 0 : 1;
        } else if (keys.isRefused(number)) {
          refused++;
          refusedThere += there ? 1 : 0;
        } else {
          unanswered++;
          unansweredThere += there ? 1 : 0;
        }
      }
    }
    return new Acknowledged(acknowledged, lost, refused, refusedThere, unanswered, unansweredThere);
  }

  /** Whether every reply has told the truth. */
  boolean isSound() {
    return lost == 0 && refusedThere == 0;
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "after the restart all SETs were looked for: %,d acknowledged, %,d of them lost;"
            + " %,d refused, %,d of them there; %,d without a reply, %,d of them there",
        acknowledged,
        lost,
        refused,
        refusedThere,
        unanswered,
        unansweredThere);
  }
}
