package org.chronolith.server.replication;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntSupplier;
import org.chronolith.engine.keyspace.ExpiryMode;
import org.chronolith.network.NetworkLoop;
import org.chronolith.network.StreamConnection;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.ReplicationLog;
import org.chronolith.server.client.Client;
import org.chronolith.server.client.ClientRegistry;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandRunner;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.command.Gate;
import org.chronolith.server.config.HostPort;
import org.chronolith.server.config.ReplicationDirectives;
import org.chronolith.server.config.ServerConfig;
import org.chronolith.server.info.Info;
import org.chronolith.server.info.InfoSection;
import org.chronolith.server.logging.ServerLog;
import org.chronolith.server.recovery.Recovered;
import org.chronolith.server.recovery.RecoveryTarget;
import org.chronolith.server.write.WritePath;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The role of this node: master, or replica of another. It owns the decisions; {@link Replicas} are
 * those that follow, {@link ReplicaLink} is the one that is followed.
 *
 * <p>Thread: engine, unless a method says otherwise.
 */
public final class Replication {
  private static final Logger LOG = LoggerFactory.getLogger(Replication.class);
  private static final byte[] PING = "*1\r\n$4\r\nPING\r\n".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] GETACK =
      "*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n".getBytes(StandardCharsets.US_ASCII);
  private static final long INTERNAL_BYTES = 256;
  private static final int SECOND_MS = 1_000;

  private final NetworkLoop engine;
  private final NetworkLoop loop;
  private final ServerConfig config;
  private final WritePath writePath;
  private final CommandRunner runner;
  private final ClientRegistry clients;
  private final ReplicationHost host;
  private final IntSupplier listeningPort;
  private final ReplicationCounters counters = new ReplicationCounters();
  private final Replicas replicas;

  private volatile ReplicationLog log;
  private volatile ReplicaLink link;
  private boolean serving;
  private StreamApply apply;

  /** Of a master: the stream's database at the log's end before its first effect. */
  private int dbAtStart;

  private long secondsSincePing;
  private boolean getAckSeen;

  /** A full sync under way, and who waits for its end. */
  private FullSyncReceive receiving;

  private final List<Runnable> afterReceiving = new ArrayList<>();

  /**
   * @param runner runs clients' commands; its expiry mode follows the role
   * @param listeningPort the port that clients of this node use
   */
  public Replication(
      NetworkLoop engine,
      NetworkLoop replicationLoop,
      ServerConfig config,
      WritePath writePath,
      CommandRunner runner,
      ClientRegistry clients,
      ReplicationHost host,
      IntSupplier listeningPort) {
    this.engine = engine;
    this.loop = replicationLoop;
    this.config = config;
    this.writePath = writePath;
    this.runner = runner;
    this.clients = clients;
    this.host = host;
    this.listeningPort = listeningPort;
    replicas =
        new Replicas(
            engine, loop, host, counters, () -> config.replTimeoutSeconds() * (long) SECOND_MS);
    apply =
        new StreamApply(engine, writePath, host.streamExecutor(this::control), this::applied, host);
    writePath.onAppended(replicas::wake);
    clients.onClose(replicas.waits()::forget);
  }

  /** The commands of this package. */
  public List<CommandSpec> commands() {
    return ReplicationCommands.all(this);
  }

  /** Refuses writes of a replica's clients, and stale reads if they are not wanted. */
  public Gate gate() {
    return new ReplicaGate(this, config);
  }

  public ReplicationCounters counters() {
    return counters;
  }

  /** Registers the fields of {@code INFO}. */
  public void register(Info info) {
    info.number("sync_full", counters::syncFull)
        .number("sync_partial_ok", counters::syncPartialOk)
        .number("sync_partial_err", counters::syncPartialErr)
        .onReset(counters::reset)
        .lines(InfoSection.REPLICATION, out -> ReplicationInfo.write(this, out::value));
  }

  /** {@code master} or {@code replica}, as {@code HELLO} says it. */
  public String role() {
    return link == null ? "master" : "replica";
  }

  /** The role that the configuration gives, once the data is loaded and adopted. */
  public void start(Recovered recovered) {
    log = recovered.log();
    dbAtStart = recovered.streamDb();
    apply =
        new StreamApply(engine, writePath, host.streamExecutor(this::control), this::applied, host);
    serving = true;
    engine.every(this::everySecond, SECOND_MS);
    Optional<HostPort> master = config.replicaOf();
    if (master.isPresent()) {
      follow(master.get());
    }
  }

  /** Cuts the link to the master and those of replicas. */
  public void stop() {
    if (link != null) {
      link.stop();
    }
    if (receiving != null) {
      receiving.giveUp();
    }
    replicas.disconnectAll();
  }

  /** After the replication loop has ended. */
  public void release() {
    replicas.release();
  }

  /** Any thread. */
  public boolean isReplica() {
    return link != null;
  }

  /** The link to the master, or null. */
  ReplicaLink link() {
    return link;
  }

  Replicas replicas() {
    return replicas;
  }

  ReplicationLog log() {
    return log;
  }

  ServerConfig config() {
    return config;
  }

  /** Whether the stream of the master has been reached. */
  public boolean linkUp() {
    ReplicaLink current = link;
    return current != null && current.state() == ReplicaLink.State.CONNECTED;
  }

  /** The log is on disk further than before. Any thread. */
  public void durable() {
    replicas.wake();
  }

  /**
   * The log must be kept from here on for those that follow, as far as the limit on what a slow one
   * may hold allows.
   *
   * @param mostBytes that limit; 0 for none
   */
  public long keepFromOffset(long mostBytes) {
    if (log == null) {
      return Long.MAX_VALUE;
    }
    long needed = replicas.neededOffset();
    return mostBytes == 0 ? needed : Math.max(needed, log.endOffset() - mostBytes);
  }

  /** The database that the stream has selected at the log's end. */
  public int streamDb() {
    if (link != null) {
      return apply.db();
    }
    int db = writePath.effects().streamDb();
    return db < 0 ? dbAtStart : db;
  }

  // Roles.

  /** {@code REPLICAOF host port}. */
  void replicaOf(HostPort master, Client by) {
    if (link != null && link.master().equals(master)) {
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

  private void follow(HostPort master) {
    writePath.append();
    if (link == null) {
      apply.reset();
      apply.select(streamDb());
      replicas.waits().unblockAll();
      for (Client client : clients.all()) {
        if (client.transaction() != null) {
          client.transaction().abort();
        }
      }
    } else {
      link.stop();
      giveUpReceiving();
    }
    link = new ReplicaLink(loop, master, config, new Owner());
    runner.expiryMode(ExpiryMode.HIDE);
    ServerLog.role(ServerLog.Role.REPLICA);
  }

  /** {@code REPLICAOF NO ONE}: a new history begins at the end of the log. */
  void promote(Client by) {
    if (link == null) {
      return;
    }
    link.stop();
    if (!giveUpReceiving()) {
      // On disk the new data set is already the live one: what is written before it is adopted
      // would be lost. It is a matter of milliseconds; until then this is a replica.
      afterReceiving.add(() -> promote(by));
      return;
    }
    apply.reset();
    History old = log.history();
    History next = old.newId(log.endOffset());
    dbAtStart = apply.db();
    log.appendIdentity(next, dbAtStart, System.currentTimeMillis());
    log.requestSync();
    link = null;
    writePath.effects().forgetDatabase();
    runner.expiryMode(ExpiryMode.DELETE);
    ServerLog.role(ServerLog.Role.MASTER);
    config.assign(ReplicationDirectives.REPLICAOF, Optional.empty());
    LOG.info(
        "Setting secondary replication ID to {}, valid up to offset: {}. New replication ID is {}",
        next.secondId(),
        next.secondOffset(),
        next.currentId());
    LOG.info("MASTER MODE enabled (user request from '{}')", name(by));
    replicas.disconnectAll();
  }

  private boolean giveUpReceiving() {
    if (receiving == null || receiving.giveUp()) {
      receiving = null;
      return true;
    }
    return false;
  }

  private static String name(Client client) {
    return "id="
        + client.id()
        + " addr="
        + (client.connection() == null ? "?" : client.connection().remoteAddress())
        + " name="
        + client.name();
  }

  // Those that follow.

  /** {@code PSYNC id nextByte}, or {@code SYNC} with a null id. */
  void psync(Call call, String id, long nextByte) {
    Client client = call.client();
    if (!serving) {
      call.error("LOADING Redis is loading the dataset in memory");
      return;
    }
    writePath.append();
    Announcement announced = Announcement.of(client);
    History history = log.history();
    long start = log.startOffset();
    long end = log.endOffset();
    LOG.info("Replica {} asks for synchronization", client.connection().remoteAddress());
    if (id != null && history.canContinue(id, nextByte, start, end)) {
      clients.forget(client);
      replicas.continued(client, log, announced, nextByte);
      return;
    }
    boolean ahead = id != null && nextByte - 1 > end && id.equalsIgnoreCase(history.currentId());
    if (link != null && (ahead || !linkUp())) {
      // A replica that is behind its own replicas catches up first; they need not start over.
      call.error("NOMASTERLINK Can't SYNC while not connected with my master");
      return;
    }
    if (id != null && !id.equals("?")) {
      counters.partialErr();
      explainRefusal(id, nextByte, history);
    }
    clients.forget(client);
    replicas.full(client, log, announced, id == null);
  }

  private void explainRefusal(String id, long nextByte, History history) {
    long validTo = history.validTo(id);
    if (validTo < 0) {
      LOG.info(
          "Partial resynchronization not accepted: Replication ID mismatch (Replica asked for"
              + " '{}', my replication IDs are '{}' and '{}')",
          id,
          history.currentId(),
          history.secondId());
    } else if (nextByte - 1 > validTo) {
      LOG.info(
          "Partial resynchronization not accepted: Requested offset for second ID was {}, but I"
              + " can reply up to {}",
          nextByte,
          validTo + 1);
    } else {
      LOG.info(
          "Unable to partial resync with replica for lack of backlog (Replica request was: {}).",
          nextByte);
    }
  }

  /** {@code WAIT replicas timeout}. */
  void await(Call call, long wanted, long timeoutMs) {
    if (link != null) {
      call.error(
          "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if"
              + " a replica is configured to be writable (which is not the default) writes to"
              + " replicas are just local and are not propagated.");
      return;
    }
    Client client = call.client();
    long offset = client.wroteInTurn() ? writePath.endOffset() : client.lastWriteOffset();
    int count = replicas.acknowledgedBy(offset);
    if (count >= wanted || call.queued()) {
      call.reply().integer(count);
      return;
    }
    replicas.waits().add(client, offset, wanted, timeoutMs);
    // Only between units: the bytes belong to no command.
    engine.execute(() -> internal(GETACK));
  }

  private void internal(byte[] bytes) {
    if (link == null && log.canAppendInternal(writePath.effects().stagedBytes() + INTERNAL_BYTES)) {
      writePath.effects().raw(bytes);
      writePath.staged();
    }
  }

  private void everySecond() {
    secondsSincePing++;
    if (secondsSincePing >= config.replPingReplicaPeriodSeconds()) {
      secondsSincePing = 0;
      if (!replicas.feeds().isEmpty()) {
        internal(PING);
      }
    }
  }

  // The stream of the master.

  private void control(Call call) {
    if (call.argc() == 3 && call.is(0, "replconf") && call.is(1, "getack")) {
      getAckSeen = true;
    }
  }

  private void applied() {
    if (getAckSeen) {
      getAckSeen = false;
      ReplicaLink current = link;
      if (current != null) {
        loop.execute(current::acknowledge);
      }
    }
  }

  /**
   * Where this node's data stands: {@code (id, end + 1)}. If the current id was taken here, and
   * nothing was written under it, an older one names the same state, and is known to more nodes.
   */
  private void position(ReplicaLink from, ReplicaLink.PositionAnswer answer) {
    if (from != link) {
      return;
    }
    if (receiving != null) {
      afterReceiving.add(() -> position(from, answer));
      return;
    }
    apply.reset();
    History history = log.history();
    long end = log.endOffset();
    String id = history.currentId();
    for (History.Ancestor ancestor : history.lineage()) {
      if (ancestor.validTo() == end) {
        id = ancestor.id();
      }
    }
    if (end == 0 && history.lineage().isEmpty()) {
      // Nothing was ever written here: there is nothing to go on from.
      loop.execute(() -> answer.at("?", -1));
      return;
    }
    String asked = id;
    loop.execute(() -> answer.at(asked, end + 1));
  }

  private void continued(ReplicaLink from, String id, Runnable then) {
    if (from != link) {
      return;
    }
    History history = log.history();
    if (History.isId(id) && !id.equalsIgnoreCase(history.currentId())) {
      LOG.info("Master replication ID changed to {}", id);
      log.appendIdentity(
          history.withId(id, log.endOffset()), apply.db(), System.currentTimeMillis());
      log.requestSync();
      replicas.disconnectAll();
    }
    loop.execute(then);
  }

  private void adopt(
      ReplicaLink from, StreamConnection over, Recovered recovered, RecoveryTarget target) {
    receiving = null;
    replicas.disconnectAll();
    apply.reset();
    host.adopt(recovered, target);
    log = recovered.log();
    dbAtStart = recovered.streamDb();
    apply.select(recovered.streamDb());
    LOG.info("MASTER <-> REPLICA sync: Finished with success");
    runAfterReceiving();
    loop.execute(() -> from.goOn(over));
  }

  private void receiveFailed(ReplicaLink from, FullSyncReceive failed, Exception cause) {
    if (receiving == failed) {
      receiving = null;
      runAfterReceiving();
    }
    loop.execute(() -> from.broken(cause));
  }

  private void runAfterReceiving() {
    List<Runnable> waiting = List.copyOf(afterReceiving);
    afterReceiving.clear();
    waiting.forEach(Runnable::run);
  }

  /** The link's way to the engine. Thread: the replication loop. */
  private final class Owner implements ReplicaLink.LinkOwner {
    @Override
    public void position(ReplicaLink from, ReplicaLink.PositionAnswer answer) {
      engine.execute(() -> Replication.this.position(from, answer));
    }

    @Override
    public void continued(ReplicaLink from, String replicationId, Runnable then) {
      engine.execute(() -> Replication.this.continued(from, replicationId, then));
    }

    @Override
    public void fullResync() {
      engine.execute(replicas::disconnectAll);
    }

    @Override
    public void stream(ByteBuf bytes, StreamApply.Source source) {
      engine.execute(
          () -> {
            if (source == link) {
              apply.accept(bytes, source);
            } else {
              bytes.release();
            }
          });
    }

    @Override
    public FullSyncStream receive(String replicationId, long offset, ReplicaLink from) {
      StreamConnection over = from.connection();
      return new FullSyncStream(
          from, totalBytes -> receiver(replicationId, totalBytes, from, over));
    }

    private FullSyncReceive receiver(
        String replicationId, long totalBytes, ReplicaLink from, StreamConnection over) {
      FullSyncReceive[] made = new FullSyncReceive[1];
      made[0] =
          new FullSyncReceive(
              host,
              replicationId,
              totalBytes,
              new FullSyncReceive.Listener() {
                @Override
                public void written(int bytes) {
                  from.taken(bytes);
                }

                @Override
                public void loaded(Recovered recovered, RecoveryTarget target) {
                  engine.execute(() -> adopt(from, over, recovered, target));
                }

                @Override
                public void failed(Exception cause) {
                  engine.execute(() -> receiveFailed(from, made[0], cause));
                }
              });
      engine.execute(() -> receiving = made[0]);
      return made[0];
    }

    @Override
    public long endOffset() {
      return log.endOffset();
    }

    @Override
    public int listeningPort() {
      return listeningPort.getAsInt();
    }
  }
}
