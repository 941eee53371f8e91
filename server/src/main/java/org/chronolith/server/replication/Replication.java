package org.chronolith.server.replication;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.IntSupplier;
import org.chronolith.engine.keyspace.ExpiryMode;
import org.chronolith.network.NetworkLoop;
import org.chronolith.network.Scheduled;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.LogException;
import org.chronolith.replicationlog.ReplicationLog;
import org.chronolith.server.client.Client;
import org.chronolith.server.client.ClientRegistry;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandRunner;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.command.Gate;
import org.chronolith.server.commands.connection.LinkedPeer;
import org.chronolith.server.config.HostPort;
import org.chronolith.server.config.ReplicationDirectives;
import org.chronolith.server.config.ServerConfig;
import org.chronolith.server.info.Info;
import org.chronolith.server.info.InfoSection;
import org.chronolith.server.logging.ServerLog;
import org.chronolith.server.recovery.DataDirectory;
import org.chronolith.server.recovery.IncomingFiles;
import org.chronolith.server.recovery.NodeId;
import org.chronolith.server.recovery.Recovered;
import org.chronolith.server.recovery.RecoveryException;
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
  private static final long FROZEN_NANOS = 3_000_000_000L;
  private static final long PROMOTION_RETRY_MS = 100;

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
  private final Failover failover;
  private final StopWait stopWait;
  private final PsyncRequests psyncRequests;

  private String nodeId = "";

  /** What a full sync has left that an earlier process received. */
  private IncomingFiles incoming;

  /** Null until the data is loaded. */
  private volatile Following following;

  /** Of a master: the stream's database at the log's end before its first effect. */
  private int dbAtStart;

  /** Null until the data is loaded. */
  private Scheduled seconds;

  /** Tries again to become a master, which it could not just then; null if it is not to. */
  private Runnable waitingPromotion;

  private long secondsSincePing;
  private long lastSecondNanos;

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
    lastSecondNanos = engine.clock().nanos();
    this.loop = replicationLoop;
    this.config = config;
    this.writePath = writePath;
    this.runner = runner;
    this.clients = clients;
    this.host = host;
    this.listeningPort = listeningPort;
    replicas =
        new Replicas(
            engine,
            loop,
            host,
            counters,
            config,
            new Claims(
                host::replicaLogBytes,
                () -> config.forSlots(config.replLogRetentionAgeSeconds() * SECOND_MS),
                config::replSlotsMax),
            () -> writePath.log().durableOffset(),
            this::acknowledged);
    failover =
        new Failover(
            engine, replicas, writePath::endOffset, host::pauseWrites, new FailoverRoles());
    stopWait =
        new StopWait(
            engine,
            replicas,
            this::isReplica,
            () -> logFailure() != null,
            writePath::endOffset,
            () -> config.shutdownTimeoutSeconds() * (long) SECOND_MS,
            host,
            () -> requestAcknowledgements(true));
    psyncRequests = new PsyncRequests(replicas, writePath, clients, counters, new AskedNode());
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

  /** Refuses a master's writes while too few replicas are there. */
  public Gate goodReplicasGate() {
    return new GoodReplicasGate(this, config);
  }

  public ReplicationCounters counters() {
    return counters;
  }

  /** Registers the fields of {@code INFO}. */
  public void register(Info info) {
    info.number("sync_full", counters::syncFull)
        .number("sync_partial_ok", counters::syncPartialOk)
        .number("sync_partial_err", counters::syncPartialErr)
        .number("sync_full_resumed", counters::syncFullResumed)
        .number("repl_verified_blocks", counters::verifiedBlocks)
        .number("repl_unverified_blocks", counters::unverifiedBlocks)
        .number("repl_mismatched_blocks", counters::mismatchedBlocks)
        .number("repl_mismatch_resyncs", counters::mismatchResyncs)
        .onReset(counters::reset)
        .lines(InfoSection.SERVER, stopWait::writeInfo)
        .lines(InfoSection.REPLICATION, out -> ReplicationInfo.write(this, out::value));
  }

  /** {@code master} or {@code replica}, as {@code HELLO} says it. */
  public String role() {
    boolean replica = following == null ? config.replicaOf().isPresent() : isReplica();
    return replica ? "replica" : "master";
  }

  /**
   * Reads who this node is, and who followed it. Before {@link #start}, on a thread that may wait
   * for the disk.
   *
   * @return up to which offset one of those had the stream; 0 if there was none
   * @throws RecoveryException if the directory does not say who it is
   */
  public long open(DataDirectory data) {
    Path directory = data.directory();
    nodeId = NodeId.of(data.disk(), directory);
    incoming = IncomingFiles.find(directory).orElse(null);
    return replicas.claims().open(directory, data.disk(), host.workers());
  }

  /** The role that the configuration gives, once the data is loaded and adopted. */
  public void start(Recovered recovered) {
    dbAtStart = recovered.streamDb();
    following =
        new Following(
            engine,
            loop,
            config,
            writePath,
            host,
            replicas,
            listeningPort,
            nodeId,
            failover,
            new LinkVerification(counters),
            config.replicaOf().isPresent() ? incoming : null);
    incoming = null;
    replicas.claims().start(log().startOffset(), log().endOffset(), engine.clock().wallMs());
    seconds = engine.every(this::everySecond, SECOND_MS);
    Optional<HostPort> master = config.replicaOf();
    if (master.isPresent()) {
      follow(master.get());
    }
  }

  /** Cuts the link to the master and those of replicas. */
  public void stop() {
    if (following != null) {
      following.stop();
      // For the last time: the file of the claims is closed before this thread ends.
      seconds.cancel();
      updateClaims();
    }
    replicas.disconnectAll();
  }

  /** At a stop: who follows is on disk when this returns. After the engine's last use. */
  public void closeClaims() {
    replicas.claims().close();
  }

  /** After the replication loop has ended. */
  public void release() {
    replicas.release();
  }

  /** Whether this node is a master, and a replica is connected. */
  public boolean isFollowed() {
    return !isReplica() && !replicas.feeds().isEmpty();
  }

  /** Any thread. */
  public boolean isReplica() {
    return link() != null;
  }

  /** The link to the master, or null. Any thread. */
  ReplicaLink link() {
    Following current = following;
    return current == null ? null : current.link();
  }

  /** Its own connections, for {@code CLIENT LIST} and {@code CLIENT KILL}. */
  public Collection<LinkedPeer> peers() {
    List<LinkedPeer> peers = new ArrayList<>(replicas.feeds());
    ReplicaLink current = link();
    if (current != null && current.state() == ReplicaLink.State.CONNECTED) {
      peers.add(new MasterPeer(current));
    }
    return peers;
  }

  /** Wall clock. */
  long nowMs() {
    return engine.clock().wallMs();
  }

  Replicas replicas() {
    return replicas;
  }

  /** The live log; null until it is loaded. */
  ReplicationLog log() {
    return writePath.log();
  }

  ServerConfig config() {
    return config;
  }

  /** Whether the stream of the master has been reached. */
  public boolean linkUp() {
    ReplicaLink current = link();
    return current != null && current.state() == ReplicaLink.State.CONNECTED;
  }

  /** The log is on disk further than before. Any thread. */
  public void durable() {
    replicas.wake();
    replicas.acknowledged();
    ReplicaLink current = link();
    if (current != null) {
      loop.execute(current.flow()::acknowledge);
    }
  }

  /** Any thread. */
  private void acknowledged() {
    if (failover.state() == Failover.State.WAIT_FOR_SYNC) {
      engine.execute(failover::check);
    }
    if (stopWait.isWaiting()) {
      engine.execute(stopWait::check);
    }
  }

  /** What a stop of this node does first. */
  public StopWait stopWait() {
    return stopWait;
  }

  Failover failover() {
    return failover;
  }

  /** {@code FAILOVER}. */
  void failover(Call call) {
    if (call.argc() == 2 && call.is(1, "abort")) {
      failover.abortByUser(call);
    } else {
      failover.start(call, isReplica());
    }
  }

  private final class FailoverRoles implements Failover.Roles {
    @Override
    public void follow(HostPort newMaster) {
      Replication.this.follow(newMaster);
      config.assign(ReplicationDirectives.REPLICAOF, Optional.of(newMaster));
    }

    @Override
    public void takeBack() {
      promoteLater("the failover was aborted");
    }

    @Override
    public void requestAcknowledgements() {
      Replication.this.requestAcknowledgements(true);
      engine.execute(failover::check);
    }
  }

  /**
   * @param evenPaused whether the offset may move although writes are paused; else replicas
   *     acknowledge by themselves, which they do once a second, as with Redis
   */
  private void requestAcknowledgements(boolean evenPaused) {
    // Only between units: the bytes belong to no command.
    engine.execute(
        () -> {
          if (evenPaused || !host.isPaused()) {
            internal(GETACK);
          }
          if (config.replSendDurableOnly()) {
            // Else the wait lasts until the force that is due anyway.
            writePath.append();
            log().requestSync();
          }
        });
  }

  /**
   * The log is read from here on by a rewind of this node; {@code Long.MAX_VALUE} if none runs. It
   * ends by itself, and the log does not grow meanwhile.
   */
  public long readFromOffset() {
    return following == null ? Long.MAX_VALUE : following.neededOffset();
  }

  /**
   * The log must be kept from here on for those that follow or will come back, as far as {@link
   * ReplicationHost#replicaLogBytes} allows, and for full syncs, as far as {@code
   * repl-full-sync-log-bytes} does. Who needs more is told so, and given up.
   *
   * @param crowdedBelow {@link ReplicationLog#crowdedBelow}: nobody may need the log below here
   */
  public long keepFromOffset(long crowdedBelow) {
    if (crowdedBelow > log().startOffset()) {
      // Where the replicas stand now, not a second ago.
      updateClaims();
      replicas.makeRoom(crowdedBelow, log());
    }
    replicas.endSyncsBeyondLimit(log().endOffset());
    long mostBytes = host.replicaLogBytes();
    long needed = replicas.neededOffset();
    if (mostBytes > 0 && needed != Long.MAX_VALUE) {
      needed = Math.max(needed, log().endOffset() - mostBytes);
    }
    // A slow replica that is connected reads on as far as it gets.
    needed = Math.max(needed, crowdedBelow);
    return Math.min(needed, replicas.runningSyncs().neededOffset());
  }

  /** The database that the stream has selected at the log's end. */
  public int streamDb() {
    if (isReplica()) {
      return following.db();
    }
    int db = writePath.effects().streamDb();
    return db < 0 ? dbAtStart : db;
  }

  /**
   * Nothing more can be made durable here: a replica follows no further, and stays what it is. What
   * follows this node gets nothing beyond the durable end, see {@link FeedLoop#limitOffset}.
   */
  public void logFailed() {
    if (isReplica()) {
      LOG.error("The link to the master is cut: this replica's log takes nothing more");
      link().stop();
    }
  }

  /** Why roles cannot change, or null: a change is written to the log. */
  String logFailure() {
    ReplicationLog live = log();
    return live == null || live.failure() == null ? null : LogException.reasonOf(live.failure());
  }

  // Roles.

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
    return following != null && waitingPromotion == null && following.follows(master);
  }

  private void refuseWhileFailingOver() {
    if (failover.state() != Failover.State.NONE) {
      throw new CommandException("ERR REPLICAOF not allowed while failing over.");
    }
  }

  private void follow(HostPort master) {
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
    following.follow(master, streamDb());
    runner.expiryMode(ExpiryMode.HIDE);
    ServerLog.role(ServerLog.Role.REPLICA);
  }

  /** {@code REPLICAOF NO ONE}: a new history begins at the end of the log. */
  void promote(Client by) {
    refuseWhileFailingOver();
    promote("user request from '" + name(by) + "'");
  }

  private void promote(String why) {
    if (!isReplica()) {
      return;
    }
    if (!log().canAppendIdentity()) {
      throw new CommandException("ERR no space is reserved for the log, try again");
    }
    // Before it may have to wait: Sentinel has the file rewritten in the same transaction.
    config.assign(ReplicationDirectives.REPLICAOF, Optional.empty());
    dbAtStart = following.db();
    if (!following.end(() -> promoteLater(why))) {
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

  /** From within no command: there is nobody who could be told to try again. */
  private void promoteLater(String why) {
    if (log().canAppendIdentity()) {
      waitingPromotion = null;
      promote(why);
      return;
    }
    if (logFailure() != null) {
      waitingPromotion = null;
      LOG.error("This node does not become a master ({}): {}", why, logFailure());
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
  private History beginHistory(int db) {
    ReplicationLog log = log();
    History next = log.history().newId(log.endOffset());
    log.appendIdentity(next, db, engine.clock().wallMs());
    log.requestSync();
    return next;
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
    if (following == null) {
      call.error("LOADING Redis is loading the dataset in memory");
      return;
    }
    psyncRequests.answer(call, id, nextByte);
  }

  private final class AskedNode implements PsyncRequests.Node {
    @Override
    public String id() {
      return nodeId;
    }

    @Override
    public boolean isReplica() {
      return Replication.this.isReplica();
    }

    @Override
    public boolean isReceiving() {
      return following.isReceiving();
    }

    @Override
    public boolean linkUp() {
      return Replication.this.linkUp();
    }

    @Override
    public boolean isFailingOver() {
      return failover.state() != Failover.State.NONE;
    }

    @Override
    public boolean hasFailed() {
      return logFailure() != null;
    }

    @Override
    public boolean partFrom(long offset) {
      ReplicationLog log = log();
      if (!log.canAppendIdentity()) {
        return false;
      }
      History next = beginHistory(streamDb());
      LOG.warn(
          "Replication id {} ends at {} and {} goes on: a replica has the stream of that id up to"
              + " {}, so what is here is of an earlier time, as a volume that was put back is",
          next.secondId(),
          log.endOffset(),
          next.currentId(),
          offset);
      replicas.disconnectAll();
      return true;
    }

    @Override
    public void takeOver(Client by) {
      promote("failover request from '" + name(by) + "'");
    }
  }

  /**
   * {@code WAIT replicas timeout}, {@code WAITAOF locals replicas timeout}. REQUIRES: this node is
   * a master.
   *
   * @param locals -1 for {@code WAIT}
   */
  void await(Call call, long locals, long wanted, long timeoutMs) {
    Client client = call.client();
    long offset = client.wroteInTurn() ? writePath.endOffset() : client.lastWriteOffset();
    Waits.Wanted all = new Waits.Wanted(offset, locals, wanted);
    if (replicas.waits().isReached(all) || call.queued()) {
      replicas.waits().reply(all, call.reply());
      return;
    }
    replicas.waits().add(client, all, timeoutMs);
    if (locals > 0) {
      engine.execute(log()::requestSync);
    }
    requestAcknowledgements(false);
  }

  /**
   * {@code CLIENT UNBLOCK}: ends the {@code WAIT} or {@code WAITAOF} of a client.
   *
   * @param withError else it is answered as if its time were over
   * @return whether it waited
   */
  public boolean unblock(Client client, boolean withError) {
    return replicas.waits().unblock(client, withError);
  }

  private void internal(byte[] bytes) {
    if (!isReplica()
        && log().canAppendInternal(writePath.effects().stagedBytes() + INTERNAL_BYTES)) {
      writePath.effects().raw(bytes);
      writePath.staged();
    }
  }

  private void updateClaims() {
    long end = log().endOffset();
    long nowMs = engine.clock().wallMs();
    RunningSyncs syncs = replicas.runningSyncs();
    long mostCutMs = config.replFullSyncResumeSeconds() * SECOND_MS;
    syncs.update(end, host.replicaLogBytes(), nowMs, mostCutMs);
    List<ReplicaFeed> open = replicas.feeds().stream().filter(feed -> !feed.isClosing()).toList();
    replicas.claims().update(open, end, nowMs, syncs::isRunning);
  }

  /** What a replica that asks to be verified is answered. */
  String verifyAnswer(Announcement announced) {
    Mismatches mismatches = replicas.mismatches();
    if (mismatches.isDistrusted(announced.nodeId) || following != null && following.isUntrusted()) {
      return LinkVerification.UNTRUSTED.substring(1);
    }
    announced.told = mismatches.toTell(announced.nodeId, config.replResyncOnMismatch());
    return announced.told == null ? "OK" : announced.told.line();
  }

  private void everySecond() {
    updateClaims();
    replicas.mismatches().cutUntold(replicas.feeds(), engine.clock().wallMs());
    long nowNanos = engine.clock().nanos();
    boolean frozen = nowNanos - lastSecondNanos > FROZEN_NANOS;
    lastSecondNanos = nowNanos;
    // Whoever was stopped and goes on may have been replaced meanwhile, and not know it yet: a ping
    // would take its log past where its replicas went on without it.
    secondsSincePing = frozen ? 0 : secondsSincePing + 1;
    if (secondsSincePing >= pingPeriodSeconds()) {
      secondsSincePing = 0;
      if (!replicas.feeds().isEmpty()) {
        internal(PING);
      }
    }
  }

  /**
   * Not while writes are paused: whoever hands the role over by hand compares offsets, and a
   * replica may be a master before the pause ends. But replicas must not take a long pause for an
   * outage.
   */
  private long pingPeriodSeconds() {
    if (failover.state() != Failover.State.NONE || !stopWait.isIdle()) {
      return Long.MAX_VALUE;
    }
    long periodSeconds = config.replPingReplicaPeriodSeconds();
    return host.isPaused()
        ? Math.max(periodSeconds, config.replTimeoutSeconds() / 2)
        : periodSeconds;
  }
}
