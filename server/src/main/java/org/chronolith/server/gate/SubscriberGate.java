package org.chronolith.server.gate;

import java.util.Set;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.Gate;

/**
 * In RESP2 a client that has subscribed cannot tell replies from messages, so it may only change
 * its subscriptions, ping and leave. RESP3 knows no such limit.
 */
public final class SubscriberGate implements Gate {
  private static final Set<String> ALLOWED =
      Set.of(
          "ping",
          "subscribe",
          "ssubscribe",
          "unsubscribe",
          "sunsubscribe",
          "psubscribe",
          "punsubscribe",
          "quit",
          "reset");

  @Override
  public String refuse(Call call) {
    if (!call.client().isSubscriber()
        || call.reply().protocol() == 3
        || ALLOWED.contains(call.spec().fullName())) {
      return null;
    }
    return "ERR Can't execute '"
        + call.spec().fullName()
        + "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this"
        + " context";
  }
}
