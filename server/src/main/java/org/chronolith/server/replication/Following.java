package org.chronolith.server.replication;

import io.netty.buffer.ByteBuf;
import java.util.Optional;
import java.util.function.IntSupplier;
import org.chronolith.network.NetworkLoop;
import org.chronolith.network.ProtocolException;
import org.chronolith.network.StreamConnection;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.ReplicationLog;
import org.chronolith.server.command.Call;
import org.chronolith.server.config.HostPort;
import org.chronolith.server.config.ServerConfig;
import org.chronolith.server.recovery.IncomingFiles;
import org.chronolith.server.recovery.Recovered;
import org.chronolith.server.recovery.RecoveryTarget;
import org.chronolith.server.write.WritePath;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The engine's side of following a master: where this node stands, what comes in, and the switch to
 * what a full sync has brought.
 *
 * <p>Thread: engine, unless a method says otherwise.
 */
final class Following implements LinkOwner {
  private static final Logger LOG = LoggerFactory.getLogger(Following.class);

  private static final long SPACE_RETRY_MS = 100;

  /** Rewinds that fail one after the other, with the link's pauses, before everything is sent. */
  private static final int MOST_FAILED_REWINDS = 10;

  private final NetworkLoop engine;
  private final NetworkLoop loop;
  private final ServerConfig config;
  private final ReplicationHost host;
  private final IntSupplier listeningPort;
  private final String nodeId;
  private final Failover failover;
  private final Replicas replicas;
  private final WritePath writePath;
  private final StreamApply apply;
  private final LinkVerification verification;

  /** Null while this node is a master. */
  private volatile ReplicaLink link;

  private boolean getAckSeen;

  /** The id that the master was asked under last. */
  private String askedUnder = "";

  /** The id under which the master says to know this node's end; null if it has not said. */
  private String knownName;

  /** The master of this link was asked in vain to go on from the end of the log. */
  private ReplicaLink refusedBy;

  /** Rewinds for this link that have failed, one after the other. */
  private int rewindsFailed;

  /**
   * Where the stream of an earlier link had a command that this server lacks; null if none had. A
   * partial resync from there meets it again, so that whoever says {@code REPLICAOF} once more
   * means everything anew.
   */
  private Halt halt;

  private record Halt(String replicationId, long offset) {}

  /** A full sync under way, and who waits for its end. */
  private Receiving receiving;

  /** What a full sync that was cut off has left; null if nothing, or if one goes on with it. */
  private IncomingFiles incoming;

  private final AfterReceiving afterReceiving = new AfterReceiving();

  Following(
      NetworkLoop engine,
      NetworkLoop loop,
      ServerConfig config,
      WritePath writePath,
      ReplicationHost host,
      Replicas replicas,
      IntSupplier listeningPort,
      String nodeId,
      Failover failover,
      LinkVerification verification,
      IncomingFiles incoming) {
    this.incoming = incoming;
    this.verification = verification;
    this.engine = engine;
    this.loop = loop;
    this.config = config;
    this.writePath = writePath;
    this.host = host;
    this.replicas = replicas;
    this.listeningPort = listeningPort;
    this.nodeId = nodeId;
    this.failover = failover;
    apply =
        new StreamApply(engine, writePath, host.streamExecutor(this::control), this::applied, host);
  }

  /** The link to the master, or null. Any thread. */
  ReplicaLink link() {
    return link;
  }

  /** The database that the stream has selected at the log's end. Of a replica. */
  int db() {
    return apply.db();
  }

  /**
   * Follows a master from the end of the log on.
   *
   * @param db database that the stream has selected there
   */
  void follow(HostPort master, int db) {
    if (link == null) {
      apply.reset();
      apply.select(db);
    } else {
      rememberHalt();
      link.stop();
      giveUpReceiving();
      // Whoever was to be promoted follows again.
      afterReceiving.promotion(null);
    }
    knownName = null;
    askedUnder = "";
    rewindsFailed = 0;
    link = new ReplicaLink(loop, master, config, this);
  }

  /**
   * Ends the following. If a full sync has come too far to be given up, {@code again} is called
   * when it is adopted.
   *
   * @return whether it has ended
   */
  boolean end(Runnable again) {
    rememberHalt();
    link.stop();
    if (!giveUpReceiving()) {
      // On disk the new data set is already the live one: what is written before it is adopted
      // would be lost. It is a matter of milliseconds; until then this is a replica.
      afterReceiving.promotion(again);
      return false;
    }
    apply.reset();
    link = null;
    dropIncoming("this node is a master now");
    verification.promoted();
    return true;
  }

  private void rememberHalt() {
    if (link.halted()) {
      ReplicationLog log = writePath.log();
      halt = new Halt(log.history().currentId(), log.endOffset());
    }
  }

  /** Whether nothing was written or received here since it halted. */
  private boolean isAtHalt(History history, long end) {
    return halt != null && halt.offset() == end && history.validTo(halt.replicationId()) >= end;
  }

  /** Whether it goes on following {@code master}: it does not if a promotion only waits. */
  boolean follows(HostPort master) {
    return link != null
        && link.master().equals(master)
        && !link.halted()
        && !afterReceiving.hasPromotion();
  }

  /** Whether its data is to be replaced, since it is not its master's. */
  boolean isUntrusted() {
    return verification.isUntrusted();
  }

  /** Whether a full sync, or a rewind, is under way. */
  boolean isReceiving() {
    return receiving != null;
  }

  /** The log is read from here on by what runs; {@code Long.MAX_VALUE} if it is not. */
  long neededOffset() {
    return receiving == null ? Long.MAX_VALUE : receiving.neededOffset();
  }

  /** The process ends. */
  void stop() {
    if (link != null) {
      link.stop();
    }
    giveUpReceiving();
  }

  private boolean giveUpReceiving() {
    if (receiving == null || receiving.giveUp()) {
      receiving = null;
      return true;
    }
    return false;
  }

  /** Removes what is left of a full sync; elsewhere, since that takes time. */
  private void dropIncoming(String why) {
    IncomingFiles dropped = incoming;
    incoming = null;
    if (dropped != null) {
      remove(dropped, why);
    }
  }

  private void remove(IncomingFiles dropped, String why) {
    if (dropped.take()) {
      LOG.info(
          "The {} bytes of a full sync that was cut off are removed: {}",
          dropped.position().bytes(),
          why);
      host.workers().run("generation-closer", () -> host.data().remove(dropped.generation()));
    }
  }

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
        loop.execute(current.flow()::acknowledge);
      }
    }
  }

  @Override
  public void position(ReplicaLink from, PositionAnswer answer) {
    engine.execute(() -> answerPosition(from, answer));
  }

  /**
   * Where this node's data stands: {@code (id, end + 1)}. If the current id was taken here, and
   * nothing was written under it, an older one names the same state, and is known to more nodes.
   */
  private void answerPosition(ReplicaLink from, PositionAnswer answer) {
    if (from != link) {
      return;
    }
    if (receiving != null) {
      afterReceiving.add(() -> answerPosition(from, answer));
      return;
    }
    apply.reset();
    IncomingFiles left = incoming;
    ReplicationLog log = writePath.log();
    History history = log.history();
    long end = log.endOffset();
    String known = knownName;
    knownName = null;
    boolean untouched =
        end == 0 && history.lineage().isEmpty() && host.snapshots().newest().isEmpty();
    if (untouched || refusedBy == from || verification.isUntrusted()) {
      // Nothing was ever written or received here, or nothing that leads on. A full sync of an
      // empty
      // master leaves a checkpoint at 0, under the master's id.
      loop.execute(() -> answer.at("?", -1, false, left));
      return;
    }
    if (failover.isHandedOver()) {
      // Only its own id tells the other one that it is meant.
      loop.execute(() -> answer.at(history.currentId(), end + 1, true, null));
      return;
    }
    if (isAtHalt(history, end)) {
      LOG.info(
          "Replication stopped at offset {} before: a full resync is asked for, since a partial one"
              + " would meet the same command again",
          end);
      loop.execute(() -> answer.at("?", -1, false, left));
      return;
    }
    String id = history.currentId();
    for (History.Ancestor ancestor : history.lineage()) {
      if (ancestor.validTo() == end) {
        id = ancestor.id();
      }
    }
    String asked = known == null ? id : known;
    askedUnder = asked;
    loop.execute(() -> answer.at(asked, end + 1, false, left));
  }

  @Override
  public void continued(ReplicaLink from, String replicationId, Runnable then) {
    StreamConnection over = from.connection();
    engine.execute(
        () -> {
          if (from == link) {
            refusedBy = null;
            rewindsFailed = 0;
            halt = null;
            failover.clear();
            dropIncoming("the stream goes on without it");
            continueUnder(replicationId, then, from, over);
          }
        });
  }

  private void continueUnder(
      String replicationId, Runnable then, ReplicaLink from, StreamConnection over) {
    if (from != link || from.connection() != over) {
      return;
    }
    if (writePath.log().canAppendIdentity()) {
      takeId(replicationId);
      loop.execute(then);
    } else {
      // The link reads nothing meanwhile.
      engine.schedule(() -> continueUnder(replicationId, then, from, over), SPACE_RETRY_MS);
    }
  }

  private void takeId(String id) {
    ReplicationLog log = writePath.log();
    History history = log.history();
    if (History.isId(id) && !id.equalsIgnoreCase(history.currentId())) {
      LOG.warn("Master replication ID changed to {}", id);
      log.appendIdentity(history.withId(id, log.endOffset()), apply.db(), engine.clock().wallMs());
      log.requestSync();
      replicas.disconnectAll();
    }
  }

  @Override
  public void diverged(ReplicaLink from, Divergence master) {
    engine.execute(
        () -> {
          if (from == link && receiving == null) {
            failover.clear();
            rewind(from, master);
          }
        });
  }

  /** Goes back to where the histories diverge, if there is a way that is worth it. */
  private void rewind(ReplicaLink from, Divergence master) {
    ReplicationLog log = writePath.log();
    Divergence.Point common = master.from(log.history(), log.endOffset());
    long divergence = common.offset();
    if (divergence == log.endOffset() && !common.name().equals(askedUnder)) {
      // Nothing to go back from: the name that it was asked under is one that it does not know.
      knownName = common.name();
      return;
    }
    goBack(from, divergence);
  }

  @Override
  public void told(ReplicaLink from, Divergence master) {
    engine.execute(
        () -> {
          if (from == link && receiving == null) {
            long end = endOffset();
            Divergence.Point common = master.from(writePath.log().history(), end);
            // Without a way on the master is asked all the same, and answers with a full resync.
            if (common.offset() >= 0) {
              knownName = common.name();
              if (common.offset() < end) {
                goBack(from, common.offset());
              }
            }
          }
        });
  }

  private void goBack(ReplicaLink from, long divergence) {
    ReplicationLog log = writePath.log();
    Optional<Rewind> planned = Optional.empty();
    Arrival arrival = new Arrival(from, null);
    if (divergence >= 0 && divergence < log.endOffset()) {
      planned = Rewind.plan(host, log, divergence, arrival);
    }
    if (planned.isEmpty()) {
      LOG.info(
          divergence < 0
              ? "The master's stream and this node's have no offset in common that the master's log"
                  + " still goes on from"
              : "This node has no complete snapshot at or before offset {}, where its history and"
                  + " its master's diverge",
          divergence);
      refusedBy = from;
      return;
    }
    receiving = planned.get();
    arrival.receive = receiving;
    planned.get().start();
  }

  @Override
  public void differs(ReplicaLink from, Mismatch.Told told) {
    engine.execute(
        () -> {
          if (from == link) {
            verification.mismatch(told, config.replResyncOnMismatch(), engine.clock().nanos());
          }
        });
  }

  @Override
  public boolean stuck(ReplicaLink from, String why) {
    return from == link
        && verification.stuck(
            endOffset(), why, config.replResyncOnMismatch(), engine.clock().nanos());
  }

  @Override
  public void untrusted(ReplicaLink from) {
    engine.execute(
        () -> {
          if (from == link) {
            verification.untrusted();
          }
        });
  }

  @Override
  public void fullResync(ReplicaLink from) {
    engine.execute(
        () -> {
          if (from == link) {
            refusedBy = null;
            rewindsFailed = 0;
            failover.clear();
            replicas.disconnectAll();
          }
        });
  }

  @Override
  public void failoverRejected(ReplicaLink from) {
    engine.execute(
        () -> {
          if (from == link) {
            failover.rejected();
          }
        });
  }

  @Override
  public void stream(ReplicaLink from, ByteBuf bytes, StreamApply.Source source) {
    engine.execute(
        () -> {
          if (from == link) {
            apply.accept(bytes, source);
          } else {
            bytes.release();
          }
        });
  }

  @Override
  public FullSyncStream receive(
      String replicationId, long offset, ReplicaLink from, IncomingFiles left) {
    return new FullSyncStream(from, new Receivers(from, replicationId, offset, left));
  }

  /** Makes what receives, and tells the engine of it. Thread: the replication loop. */
  private final class Receivers implements FullSyncStream.ReceiverFactory {
    private final ReplicaLink from;
    private final Arrival arrival;
    private final String replicationId;
    private final long offset;
    private final IncomingFiles left;

    Receivers(ReplicaLink from, String replicationId, long offset, IncomingFiles left) {
      this.from = from;
      this.arrival = new Arrival(from, from.connection());
      this.replicationId = replicationId;
      this.offset = offset;
      this.left = left;
    }

    @Override
    public FullSyncReceive files(CheckpointHeader header) {
      if (left != null && !left.take()) {
        engine.execute(() -> dropIncoming("somebody else has taken it"));
        throw new ProtocolException("what an earlier full sync has left is in use");
      }
      if (header.goesOn() && (left == null || !isAt(left.position(), header))) {
        if (left != null) {
          left.giveBack();
          engine.execute(() -> dropIncoming("the master does not go on with it"));
        }
        throw new ProtocolException(
            "the master goes on with a full sync that is not known here: " + header.line());
      }
      if (left != null && !header.goesOn()) {
        LOG.info(
            "MASTER <-> REPLICA sync: the master does not go on with checkpoint {}: the {} bytes of"
                + " it are removed, and all of {} comes",
            left.position().checkpointId(),
            left.position().bytes(),
            header.checkpointId());
      }
      return made(new FullSyncReceive(host, replicationId, header, left, arrival));
    }

    private static boolean isAt(IncomingFiles.Position at, CheckpointHeader header) {
      return at.checkpointId().equals(header.checkpointId())
          && at.files() == header.firstFile()
          && at.fileBytes() == header.offset();
    }

    @Override
    public RdbReceive rdb(long totalBytes) {
      if (left != null) {
        engine.execute(() -> dropIncoming("the master sends an RDB"));
      }
      return made(new RdbReceive(host, replicationId, offset, totalBytes, arrival));
    }

    private <T extends Receiving> T made(T receive) {
      arrival.receive = receive;
      engine.execute(() -> begin(from, receive));
      return receive;
    }
  }

  private void begin(ReplicaLink from, Receiving made) {
    if (from == link && receiving == null) {
      incoming = null;
      receiving = made;
    } else {
      if (made instanceof FullSyncReceive files && files.before() == incoming) {
        // It gives back what it has taken, if that is of any use, when it has ended.
        incoming = null;
      }
      made.giveUp();
    }
  }

  /** A full sync was cut off. */
  private void keep(IncomingFiles left) {
    if (link != null && incoming == null) {
      incoming = left;
    } else if (incoming != left) {
      remove(left, "it is not wanted any more");
    }
  }

  @Override
  public long endOffset() {
    return writePath.log().endOffset();
  }

  @Override
  public long durableOffset() {
    return writePath.log().durableOffset();
  }

  @Override
  public ReplicationLog log() {
    return writePath.log();
  }

  @Override
  public int listeningPort() {
    return listeningPort.getAsInt();
  }

  @Override
  public String nodeId() {
    return nodeId;
  }

  /** How a full sync ends. Thread: loader. */
  private final class Arrival implements FullSyncReceive.Listener {
    private final ReplicaLink from;
    private final StreamConnection over;
    private volatile Receiving receive;

    /**
     * @param over what the data set comes over; null if it is this node's own, of a rewind
     */
    Arrival(ReplicaLink from, StreamConnection over) {
      this.from = from;
      this.over = over;
    }

    @Override
    public void written(int bytes) {
      from.flow().taken(bytes);
    }

    @Override
    public void loaded(Recovered recovered, RecoveryTarget target) {
      engine.execute(() -> adopt(recovered, target));
    }

    private void adopt(Recovered recovered, RecoveryTarget target) {
      receiving = null;
      // Files beside the new generation are removed.
      incoming = null;
      replicas.runningSyncs().clear();
      replicas.disconnectAll();
      apply.reset();
      if (over != null && verification.isUntrusted()) {
        replicas.distrustAll();
      }
      host.adopt(recovered, target);
      apply.select(recovered.streamDb());
      if (over == null) {
        rewindsFailed = 0;
        replicas.claims().goBack(recovered.log().startOffset(), recovered.log().endOffset());
        LOG.info("This node is back at offset {}", recovered.log().endOffset());
        afterReceiving.run();
        return;
      }
      halt = null;
      replicas.claims().clear();
      LOG.info("MASTER <-> REPLICA sync: Finished with success");
      verification.replaced(engine.clock().nanos());
      afterReceiving.run();
      loop.execute(() -> from.goOn(over));
    }

    @Override
    public void failed(Throwable cause) {
      engine.execute(
          () -> {
            if (over == null && from == link) {
              rewindFailed(cause);
            }
            if (receive instanceof FullSyncReceive files && files.kept() != null) {
              keep(files.kept());
            }
            if (receiving == receive) {
              receiving = null;
              afterReceiving.run();
            }
            if (over == null) {
              return;
            }
            boolean rdb = receive instanceof RdbReceive;
            loop.execute(() -> from.notLoaded(over, cause, rdb));
          });
    }

    private void rewindFailed(Throwable cause) {
      rewindsFailed++;
      if (Rewind.mayPass(cause) && rewindsFailed < MOST_FAILED_REWINDS) {
        LOG.warn(
            "{}. That may pass: it is tried again, {} of {} times",
            cause.getMessage(),
            rewindsFailed + 1,
            MOST_FAILED_REWINDS);
        from.comeBack();
      } else {
        LOG.warn("A full resync is needed: {}", cause.getMessage());
        refusedBy = from;
      }
    }
  }
}
