package org.chronolith.server.replication;

import java.util.Optional;
import java.util.function.Supplier;
import org.chronolith.engine.keyspace.ExpiryMode;
import org.chronolith.network.NetworkLoop;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.LogException;
import org.chronolith.replicationlog.ReplicationLog;
import org.chronolith.server.client.Client;
import org.chronolith.server.client.ClientRegistry;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandRunner;
import org.chronolith.server.config.HostPort;
import org.chronolith.server.config.ReplicationDirectives;
import org.chronolith.server.config.ServerConfig;
import org.chronolith.server.logging.ServerLog;
import org.chronolith.server.write.WritePath;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How this node becomes a replica, of another master too, and a master: what that does to its
 * clients, its replicas and its history.
 *
 * <p>Thread: engine.
 */
final class RoleChange {
  private static final Logger LOG = LoggerFactory.getLogger(RoleChange.class);
  private static final long PROMOTION_RETRY_MS = 100;

  private final NetworkLoop engine;
  private final ServerConfig config;
  private final WritePath writePath;
  private final CommandRunner runner;
  private final ClientRegistry clients;
  private final Replicas replicas;
  private final Failover failover;
  private final Supplier<Following> following;

  /** Of a master: the stream's database at the log's end before its first effect. */
  private int dbAtStart;

  /** Tries again to become a master, which it could not just then; null if it is not to. */
  private Runnable waitingPromotion;

  /**
   * @param runner runs clients' commands; its expiry mode follows the role
   * @param following gives null until the data is loaded
   */
  RoleChange(
      NetworkLoop engine,
      ServerConfig config,
      WritePath writePath,
      CommandRunner runner,
      ClientRegistry clients,
      Replicas replicas,
      Failover failover,
      Supplier<Following> following) {
    this.engine = engine;
    this.config = config;
    this.writePath = writePath;
    this.runner = runner;
    this.clients = clients;
    this.replicas = replicas;
    this.failover = failover;
    this.following = following;
  }

  /** The data is loaded, and its stream has selected {@code db} at the log's end. */
  void loaded(int db) {
    dbAtStart = db;
  }

  private boolean isReplica() {
    Following current = following.get();
    return current != null && current.link() != null;
  }

  /** The database that the stream has selected at the log's end. */
  int streamDb() {
    if (isReplica()) {
      return following.get().db();
    }
    int db = writePath.effects().streamDb();
    return db < 0 ? dbAtStart : db;
  }

  /** Why roles cannot change, or null: a change is written to the log. */
  String failure() {
    ReplicationLog live = writePath.log();
    return live == null || live.failure() == null ? null : LogException.reasonOf(live.failure());
  }

  /** {@code REPLICAOF host port}. */
  void replicaOf(HostPort master, Client by) {
    refuseWhileFailingOver();
    if (follows(master)) {
      LOG.info(
          "REPLICAOF would result into synchronization with the master we are already"
              + " connected with. No operation performed.");
      return;
    }
    follow(master);
    config.assign(ReplicationDirectives.REPLICAOF, Optional.of(master));
    LOG.info(
        "REPLICAOF {}:{} enabled (user request from '{}')", master.host(), master.port(), name(by));
  }

  /** Whether this node is a replica of {@code master}, and will remain it. */
  boolean follows(HostPort master) {
    return following.get() != null && waitingPromotion == null && following.get().follows(master);
  }

  private void refuseWhileFailingOver() {
    if (failover.state() != Failover.State.NONE) {
      throw new CommandException("ERR REPLICAOF not allowed while failing over.");
    }
  }

  /** Becomes, or stays, a replica. REQUIRES: the data is loaded. */
  void follow(HostPort master) {
    writePath.append();
    if (!isReplica()) {
      replicas.waits().unblockAll();
      for (Client client : clients.all()) {
        if (client.transaction() != null) {
          client.transaction().abort();
        }
      }
      LOG.info(
          "Before turning into a replica, using my own master parameters to synthesize a cached"
              + " master: I may be able to synchronize with the new master with just a partial"
              + " transfer.");
    }
    waitingPromotion = null;
    following.get().follow(master, streamDb());
    runner.expiryMode(ExpiryMode.HIDE);
    ServerLog.role(ServerLog.Role.REPLICA);
  }

  /** {@code REPLICAOF NO ONE}: a new history begins at the end of the log. */
  void promote(Client by) {
    refuseWhileFailingOver();
    promote("user request from '" + name(by) + "'");
  }

  /**
   * Becomes a master.
   *
   * @throws CommandException if the log has no space for it just now
   */
  void promote(String why) {
    if (!isReplica()) {
      return;
    }
    if (!writePath.log().canAppendIdentity()) {
      throw new CommandException("ERR no space is reserved for the log, try again");
    }
    // Before it may have to wait: Sentinel has the file rewritten in the same transaction.
    config.assign(ReplicationDirectives.REPLICAOF, Optional.empty());
    dbAtStart = following.get().db();
    if (!following.get().end(() -> promoteLater(why))) {
      return;
    }
    History next = beginHistory(dbAtStart);
    writePath.effects().forgetDatabase();
    runner.expiryMode(ExpiryMode.DELETE);
    ServerLog.role(ServerLog.Role.MASTER);
    LOG.warn(
        "Setting secondary replication ID to {}, valid up to offset: {}. New replication ID is {}",
        next.secondId(),
        next.secondOffset(),
        next.currentId());
    LOG.info("MASTER MODE enabled ({})", why);
    replicas.disconnectAll();
  }

  /**
   * As {@link #promote(String)}, as soon as the log has space. From within no command: there is
   * nobody who could be told to try again.
   */
  void promoteLater(String why) {
    if (writePath.log().canAppendIdentity()) {
      waitingPromotion = null;
      promote(why);
      return;
    }
    if (failure() != null) {
      waitingPromotion = null;
      LOG.error("This node does not become a master ({}): {}", why, failure());
      return;
    }
    if (waitingPromotion == null) {
      LOG.warn("This node becomes a master when space is reserved for the log ({})", why);
    }
    Runnable again = () -> promoteLater(why);
    waitingPromotion = again;
    engine.schedule(
        () -> {
          if (waitingPromotion == again) {
            again.run();
          }
        },
        PROMOTION_RETRY_MS);
  }

  /** What is written from here on has a new name. REQUIRES: that an identity can be appended. */
  History beginHistory(int db) {
    ReplicationLog log = writePath.log();
    History next = log.history().newId(log.endOffset());
    log.appendIdentity(next, db, engine.clock().wallMs());
    log.requestSync();
    return next;
  }

  /** A client as Redis's log names it. */
  static String name(Client client) {
    return "id="
        + client.id()
        + " addr="
        + (client.connection() == null ? "?" : client.connection().remoteAddress())
        + " name="
        + client.name();
  }
}
