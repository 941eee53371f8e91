package org.chronolith.server.commands.connection;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.chronolith.network.Connection;
import org.chronolith.network.NetworkLoop;
import org.chronolith.network.Scheduled;
import org.chronolith.server.client.Client;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.Gate;

/**
 * {@code CLIENT PAUSE}: commands, or only those that add to the stream, wait until a time. It is
 * the last gate: a command that would be refused is refused at once, as in Redis.
 *
 * <p>Thread: engine.
 */
public final class ClientPause implements Gate {
  private final NetworkLoop loop;
  private final Set<Connection> waiting = new LinkedHashSet<>();
  private boolean paused;
  private boolean all;
  private boolean failover;
  private boolean stopping;
  private long endMs;
  private Scheduled end;

  public ClientPause(NetworkLoop loop) {
    this.loop = loop;
  }

  /**
   * Begins a pause, or makes a running one longer and stricter.
   *
   * @param untilMs wall clock of its end
   * @param everything whether reads wait, too
   */
  void pause(long untilMs, boolean everything) {
    all = paused && all || everything;
    endMs = paused ? Math.max(endMs, untilMs) : untilMs;
    paused = true;
    if (end != null) {
      end.cancel();
    }
    end = loop.schedule(this::unpause, Math.max(0, endMs - loop.clock().wallMs()));
  }

  /** Holds writes back until a failover has ended, whatever {@code CLIENT UNPAUSE} says. */
  public void failover(boolean on) {
    failover = on;
    if (!on) {
      resumeAll();
    }
  }

  /** Holds writes back until the process has ended, or its stop was aborted. */
  public void untilStop(boolean on) {
    stopping = on;
    if (!on) {
      resumeAll();
    }
  }

  /** Ends the pause; who waits goes on. */
  void unpause() {
    paused = false;
    all = false;
    if (end != null) {
      end.cancel();
      end = null;
    }
    resumeAll();
  }

  /** The client has gone. */
  public void forget(Client client) {
    waiting.remove(client.connection());
  }

  /** Each is judged again, and may have to wait again. */
  private void resumeAll() {
    List<Connection> resumed = List.copyOf(waiting);
    waiting.clear();
    for (Connection connection : resumed) {
      connection.resumeRequests();
    }
  }

  /** Whether the data must not change: no key expires by the clock either. */
  public boolean isPaused() {
    return paused || failover || stopping;
  }

  @Override
  public String refuse(Call call) {
    // Replicas are fed all the while: their connections are no clients' any more.
    if (!(paused && all) && !(isPaused() && call.mayReplicate())) {
      return null;
    }
    waiting.add(call.client().connection());
    return POSTPONE;
  }
}
