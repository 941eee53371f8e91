package org.chronolith.server.gate;

import org.chronolith.server.command.Call;
import org.chronolith.server.command.Gate;

/** Without a password given, only commands that need none. */
public final class AuthGate implements Gate {
  @Override
  public String refuse(Call call) {
    if (call.client().authenticated() || call.spec().isNoAuth()) {
      return null;
    }
    return "NOAUTH Authentication required.";
  }
}
