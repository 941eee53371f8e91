package org.chronolith.server.replication;

import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.chronolith.network.Addresses;
import org.chronolith.network.NetworkLoop;
import org.chronolith.network.Scheduled;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.config.HostPort;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code FAILOVER}: hands the role of the master over to a replica that has everything. Writes are
 * held back meanwhile, so nothing is lost and the old master goes on by a partial resync.
 *
 * <p>Thread: engine.
 */
final class Failover {
  /** With Redis's words for {@code INFO}. */
  enum State {
    NONE("no-failover"),
    WAIT_FOR_SYNC("waiting-for-sync"),
    IN_PROGRESS("failover-in-progress");

    private final String word;

    State(String word) {
      this.word = word;
    }

    String word() {
      return word;
    }
  }

  /** What it does to the node. */
  interface Roles {
    /** Follows the new master, and asks it to take over. */
    void follow(HostPort newMaster);

    /** Becomes a master again. */
    void takeBack();

    /** Has the replicas acknowledge at once. */
    void requestAcknowledgements();
  }

  private static final Logger LOG = LoggerFactory.getLogger(Failover.class);

  private final NetworkLoop engine;
  private final Replicas replicas;
  private final LongSupplier endOffset;
  private final Consumer<Boolean> pauseWrites;
  private final Roles roles;

  /** Other threads only look whether there is any. */
  private volatile State state = State.NONE;

  private HostPort target;
  private boolean force;
  private Scheduled timeout;

  /**
   * @param endOffset of the stream, what is staged included
   */
  Failover(
      NetworkLoop engine,
      Replicas replicas,
      LongSupplier endOffset,
      Consumer<Boolean> pauseWrites,
      Roles roles) {
    this.engine = engine;
    this.replicas = replicas;
    this.endOffset = endOffset;
    this.pauseWrites = pauseWrites;
    this.roles = roles;
  }

  /** Any thread. */
  State state() {
    return state;
  }

  /** Whether the other node is to take over now. */
  boolean isHandedOver() {
    return state == State.IN_PROGRESS;
  }

  /** The command, but for {@code FAILOVER ABORT}. */
  void start(Call call, boolean isReplica) {
    Request request = Request.of(call);
    if (state != State.NONE) {
      throw new CommandException("ERR FAILOVER already in progress.");
    }
    if (isReplica) {
      throw new CommandException("ERR FAILOVER is not valid when server is a replica.");
    }
    if (replicas.feeds().isEmpty()) {
      throw new CommandException("ERR FAILOVER requires connected replicas.");
    }
    if (request.force() && (request.timeoutMs() == 0 || request.target() == null)) {
      throw new CommandException(
          "ERR FAILOVER with force option requires both a timeout and target HOST and IP.");
    }
    if (request.target() != null) {
      ReplicaFeed feed = find(request.target());
      if (feed == null) {
        throw new CommandException("ERR FAILOVER target HOST and PORT is not a replica.");
      }
      if (!feed.isOnline()) {
        throw new CommandException("ERR FAILOVER target replica is not online.");
      }
      LOG.info("FAILOVER requested to {}.", address(request.target()));
    } else {
      LOG.info("FAILOVER requested to any replica.");
    }
    target = request.target();
    force = request.force();
    if (request.timeoutMs() > 0) {
      timeout = engine.schedule(this::timedOut, request.timeoutMs());
    }
    state = State.WAIT_FOR_SYNC;
    pauseWrites.accept(true);
    roles.requestAcknowledgements();
    call.reply().ok();
  }

  /** What the command asks for. */
  private record Request(HostPort target, boolean force, long timeoutMs) {
    static Request of(Call call) {
      HostPort target = null;
      boolean force = false;
      long timeoutMs = 0;
      for (int i = 1; i < call.argc(); i++) {
        if (call.is(i, "timeout") && i + 1 < call.argc() && timeoutMs == 0) {
          timeoutMs = call.integer(++i);
          if (timeoutMs <= 0) {
            throw new CommandException("ERR FAILOVER timeout must be greater than 0");
          }
        } else if (call.is(i, "to") && i + 2 < call.argc() && target == null) {
          target = new HostPort(call.text(i + 1), (int) call.integer(i + 2));
          i += 2;
        } else if (call.is(i, "force") && !force) {
          force = true;
        } else {
          throw CommandException.SYNTAX;
        }
      }
      return new Request(target, force, timeoutMs);
    }
  }

  private ReplicaFeed find(HostPort address) {
    for (ReplicaFeed feed : replicas.feeds()) {
      if (isAt(feed, address)) {
        return feed;
      }
    }
    return null;
  }

  private static boolean isAt(ReplicaFeed feed, HostPort address) {
    return feed.port() == address.port() && Addresses.isSameHost(feed.ip(), address.host());
  }

  /** Replicas have acknowledged something, or time has passed. */
  void check() {
    if (state != State.WAIT_FOR_SYNC) {
      return;
    }
    long end = endOffset.getAsLong();
    for (ReplicaFeed feed : List.copyOf(replicas.feeds())) {
      boolean wanted = target == null || isAt(feed, target);
      if (wanted && feed.isOnline() && feed.ackOffset() == end) {
        target = new HostPort(feed.ip(), feed.port());
        LOG.info("Failover target {} is synced, failing over.", address(target));
        handOver();
        return;
      }
    }
  }

  private void timedOut() {
    if (state != State.WAIT_FOR_SYNC) {
      return;
    }
    if (force) {
      LOG.info("FAILOVER to {} time out exceeded, failing over.", address(target));
      handOver();
    } else {
      abort("Replica never caught up before timeout");
    }
  }

  private void handOver() {
    state = State.IN_PROGRESS;
    roles.follow(target);
  }

  /** {@code FAILOVER ABORT}. */
  void abortByUser(Call call) {
    if (state == State.NONE) {
      throw new CommandException("ERR No failover in progress.");
    }
    abort("Failover manually aborted");
    call.reply().ok();
  }

  /** As Redis's log has it. */
  private static String address(HostPort node) {
    return node.host() + ":" + node.port();
  }

  /** The other node refuses to take over. */
  void rejected() {
    try {
      abort("Failover target rejected psync request");
    } catch (CommandException e) {
      // The log takes no new history. The link asks, and is rejected, again.
      LOG.warn("This node cannot be a master again yet: {}", e.getMessage());
    }
  }

  /** Ends without a new master. */
  void abort(String why) {
    if (state == State.NONE) {
      return;
    }
    if (target == null) {
      LOG.info("FAILOVER to any replica aborted: {}", why);
    } else {
      LOG.info("FAILOVER to {} aborted: {}", address(target), why);
    }
    boolean handedOver = state == State.IN_PROGRESS;
    if (handedOver) {
      roles.takeBack();
    }
    clear();
  }

  /** The new master has taken over, or nothing is to be waited for any more. */
  void clear() {
    if (state == State.NONE) {
      return;
    }
    state = State.NONE;
    target = null;
    force = false;
    if (timeout != null) {
      timeout.cancel();
      timeout = null;
    }
    pauseWrites.accept(false);
  }
}
