package org.chronolith.server.replication;

import io.netty.buffer.ByteBuf;
import java.util.function.IntSupplier;
import org.chronolith.network.NetworkLoop;
import org.chronolith.network.StreamConnection;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.ReplicationLog;
import org.chronolith.server.command.Call;
import org.chronolith.server.config.HostPort;
import org.chronolith.server.config.ServerConfig;
import org.chronolith.server.recovery.IncomingFiles;
import org.chronolith.server.write.WritePath;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The engine's side of following a master: what the link asks and says comes here. {@link
 * AskedPosition} is where this node stands, {@link Arrivals} are the data sets that replace its
 * own.
 *
 * <p>Thread: engine, unless a method says otherwise.
 */
final class Following implements LinkOwner {
  private static final Logger LOG = LoggerFactory.getLogger(Following.class);

  private static final long SPACE_RETRY_MS = 100;

  private final NetworkLoop engine;
  private final NetworkLoop loop;
  private final ServerConfig config;
  private final IntSupplier listeningPort;
  private final String nodeId;
  private final Failover failover;
  private final Replicas replicas;
  private final WritePath writePath;
  private final StreamApply apply;
  private final LinkVerification verification;
  private final AskedPosition position;
  private final Arrivals arrivals;

  /** Null while this node is a master. */
  private volatile ReplicaLink link;

  private boolean getAckSeen;

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
    this.verification = verification;
    this.engine = engine;
    this.loop = loop;
    this.config = config;
    this.writePath = writePath;
    this.replicas = replicas;
    this.listeningPort = listeningPort;
    this.nodeId = nodeId;
    this.failover = failover;
    apply =
        new StreamApply(engine, writePath, host.streamExecutor(this::control), this::applied, host);
    position = new AskedPosition(writePath, host, failover, verification);
    arrivals =
        new Arrivals(
            engine, loop, host, replicas, apply, verification, position, this::link, incoming);
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
      arrivals.giveUp();
      // Whoever was to be promoted follows again.
      arrivals.afterReceiving().promotion(null);
    }
    position.anew();
    arrivals.forgetFailedRewinds();
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
    if (!arrivals.giveUp()) {
      // On disk the new data set is already the live one: what is written before it is adopted
      // would be lost. It is a matter of milliseconds; until then this is a replica.
      arrivals.afterReceiving().promotion(again);
      return false;
    }
    apply.reset();
    link = null;
    arrivals.drop("this node is a master now");
    verification.promoted();
    return true;
  }

  private void rememberHalt() {
    if (link.halted()) {
      position.halted();
    }
  }

  /** Whether it goes on following {@code master}: it does not if a promotion only waits. */
  boolean follows(HostPort master) {
    return link != null
        && link.master().equals(master)
        && !link.halted()
        && !arrivals.afterReceiving().hasPromotion();
  }

  /** Whether its data is to be replaced, since it is not its master's. */
  boolean isUntrusted() {
    return verification.isUntrusted();
  }

  /** Whether a full sync, or a rewind, is under way. */
  boolean isReceiving() {
    return arrivals.isReceiving();
  }

  /** The log is read from here on by what runs; {@code Long.MAX_VALUE} if it is not. */
  long neededOffset() {
    return arrivals.neededOffset();
  }

  /** The process ends. */
  void stop() {
    if (link != null) {
      link.stop();
    }
    arrivals.giveUp();
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

  private void answerPosition(ReplicaLink from, PositionAnswer answer) {
    if (from != link) {
      return;
    }
    if (arrivals.isReceiving()) {
      arrivals.afterReceiving().add(() -> answerPosition(from, answer));
      return;
    }
    apply.reset();
    IncomingFiles left = arrivals.left();
    AskedPosition.Asked asked = position.of(from);
    loop.execute(
        () ->
            answer.at(
                asked.id(), asked.nextByte(), asked.failover(), asked.failover() ? null : left));
  }

  @Override
  public void continued(ReplicaLink from, String replicationId, Runnable then) {
    StreamConnection over = from.connection();
    engine.execute(
        () -> {
          if (from == link) {
            position.continued();
            arrivals.forgetFailedRewinds();
            failover.clear();
            arrivals.drop("the stream goes on without it");
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
          if (from == link && !arrivals.isReceiving()) {
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
    if (divergence == log.endOffset() && !position.isAskedUnder(common.name())) {
      // Nothing to go back from: the name that it was asked under is one that it does not know.
      position.known(common.name());
      return;
    }
    arrivals.goBack(from, log, divergence);
  }

  @Override
  public void told(ReplicaLink from, Divergence master) {
    engine.execute(
        () -> {
          if (from == link && !arrivals.isReceiving()) {
            long end = endOffset();
            Divergence.Point common = master.from(writePath.log().history(), end);
            // Without a way on the master is asked all the same, and answers with a full resync.
            if (common.offset() >= 0) {
              position.known(common.name());
              if (common.offset() < end) {
                arrivals.goBack(from, writePath.log(), common.offset());
              }
            }
          }
        });
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
            position.fullResync();
            arrivals.forgetFailedRewinds();
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
    return new FullSyncStream(from, arrivals.receivers(from, replicationId, offset, left));
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
}
