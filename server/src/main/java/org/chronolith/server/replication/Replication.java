package org.chronolith.server.replication;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.IntSupplier;
import org.chronolith.network.NetworkLoop;
import org.chronolith.network.Scheduled;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.ReplicationLog;
import org.chronolith.server.client.Client;
import org.chronolith.server.client.ClientRegistry;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandRunner;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.command.Gate;
import org.chronolith.server.commands.connection.LinkedPeer;
import org.chronolith.server.config.HostPort;
import org.chronolith.server.config.ReplicationDirectives;
import org.chronolith.server.config.ServerConfig;
import org.chronolith.server.info.Info;
import org.chronolith.server.info.InfoSection;
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
 * those that follow, {@link ReplicaLink} is the one that is followed, {@link RoleChange} is how one
 * role becomes the other.
 *
 * <p>Thread: engine, unless a method says otherwise.
 */
public final class Replication {
  private static final Logger LOG = LoggerFactory.getLogger(Replication.class);
  private static final int SECOND_MS = 1_000;

  private final NetworkLoop engine;
  private final NetworkLoop loop;
  private final ServerConfig config;
  private final WritePath writePath;
  private final ReplicationHost host;
  private final IntSupplier listeningPort;
  private final ReplicationCounters counters = new ReplicationCounters();
  private final Replicas replicas;
  private final Failover failover;
  private final StopWait stopWait;
  private final StreamPings pings;
  private final RoleChange roles;
  private final PsyncRequests psyncRequests;

  private String nodeId = "";

  /** What a full sync has left that an earlier process received. */
  private IncomingFiles incoming;

  /** Null until the data is loaded. */
  private volatile Following following;

  /** Null until the data is loaded. */
  private Scheduled seconds;

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
    pings =
        new StreamPings(
            engine, config, writePath, host, replicas, this::isReplica, this::isHandingOver);
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
            () -> pings.requestAcknowledgements(true));
    roles =
        new RoleChange(
            engine, config, writePath, runner, clients, replicas, failover, () -> following);
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
    roles.loaded(recovered.streamDb());
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
      roles.follow(master.get());
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

  /** Its changes. */
  RoleChange roles() {
    return roles;
  }

  /** Whether replicas are to get what there is, and no more: one of them may be a master soon. */
  private boolean isHandingOver() {
    return failover.state() != Failover.State.NONE || !stopWait.isIdle();
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
      roles.follow(newMaster);
      config.assign(ReplicationDirectives.REPLICAOF, Optional.of(newMaster));
    }

    @Override
    public void takeBack() {
      roles.promoteLater("the failover was aborted");
    }

    @Override
    public void requestAcknowledgements() {
      pings.requestAcknowledgements(true);
      engine.execute(failover::check);
    }
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
    return roles.streamDb();
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
    return roles.failure();
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
      History next = roles.beginHistory(roles.streamDb());
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
      roles.promote("failover request from '" + RoleChange.name(by) + "'");
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
    pings.requestAcknowledgements(false);
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
    pings.everySecond();
  }
}
