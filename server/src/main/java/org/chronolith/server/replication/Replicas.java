package org.chronolith.server.replication;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.chronolith.engine.snapshot.Checkpoint;
import org.chronolith.network.Connection;
import org.chronolith.network.NetworkLoop;
import org.chronolith.replicationlog.ReplicationLog;
import org.chronolith.server.client.Client;
import org.chronolith.server.config.ServerConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who follows this node: decides what each is sent, and keeps the list.
 *
 * <p>Thread: engine, unless a method says otherwise.
 */
final class Replicas {
  private static final Logger LOG = LoggerFactory.getLogger(Replicas.class);
  private static final long SECOND_MS = 1_000;

  /** A replica acknowledges once a second. */
  private static final long SILENT_MS = 5_000;

  private final NetworkLoop engine;
  private final FeedLoop feedLoop;
  private final ReplicationHost host;
  private final ReplicationCounters counters;
  private final Waits waits;
  private final RdbMaker rdbs;
  private final ServerConfig config;
  private final Claims claims;
  private final Mismatches mismatches;
  private final RunningSyncs syncs = new RunningSyncs();
  private final SyncPace pace;
  private final LongSupplier durableOffset;
  private final Runnable onAcknowledged;
  private final List<ReplicaFeed> feeds = new ArrayList<>();

  /** Those that wait for a snapshot, with what they want of it. */
  private final List<Awaiting> awaiting = new ArrayList<>();

  private record Awaiting(ReplicaFeed feed, Announcement announced, boolean sync) {}

  Replicas(
      NetworkLoop engine,
      NetworkLoop replication,
      ReplicationHost host,
      ReplicationCounters counters,
      ServerConfig config,
      Claims claims,
      LongSupplier durableOffset,
      Runnable onAcknowledged) {
    this.durableOffset = durableOffset;
    this.onAcknowledged = onAcknowledged;
    this.claims = claims;
    this.engine = engine;
    this.host = host;
    this.counters = counters;
    this.config = config;
    rdbs = new RdbMaker(host, config.replFullSyncMaxRdbs());
    waits = new Waits(engine, new Acknowledgements());
    mismatches = new Mismatches(counters);
    pace = new SyncPace(config::replFullSyncRateLimit, replication.clock()::nanos);
    feedLoop =
        new FeedLoop(
            replication,
            () -> config.replTimeoutSeconds() * SECOND_MS,
            config::replSendDurableOnly,
            this::closed,
            this::acknowledged,
            new Verification());
  }

  /** The log has grown, or its identity is on disk. Any thread. */
  void wake() {
    feedLoop.wake();
  }

  Waits waits() {
    return waits;
  }

  /** What those that follow, or have followed, need of the log. */
  Claims claims() {
    return claims;
  }

  /** What is sent, or was until the link was cut. */
  RunningSyncs runningSyncs() {
    return syncs;
  }

  /** Whose data is not this node's. */
  Mismatches mismatches() {
    return mismatches;
  }

  /** What verification finds, on its way to the engine. Thread: the replication loop. */
  private final class Verification implements FeedLoop.Verification {
    @Override
    public void verified(int blocks, int skipped) {
      counters.verified(blocks, skipped);
    }

    @Override
    public void differs(ReplicaFeed feed, Mismatch mismatch) {
      engine.execute(() -> mismatches.found(feed, mismatch));
    }

    @Override
    public void synced(ReplicaFeed feed) {
      engine.execute(
          () -> {
            mismatches.synced(feed.claimId());
            syncs.synced(feed);
            if (feeds.contains(feed) && !feed.isClosing()) {
              claims.online(feed, feed.log().endOffset(), engine.clock().wallMs());
            }
          });
    }
  }

  /** Nobody that has followed this node so far may continue from what it has. */
  void distrustAll() {
    List<String> ids = new ArrayList<>();
    for (Claim claim : claims.all()) {
      ids.add(claim.id());
    }
    for (ReplicaFeed feed : feeds) {
      if (feed.claimId() != null) {
        ids.add(feed.claimId());
      }
    }
    mismatches.distrust(ids);
  }

  /** In the order in which they came. */
  List<ReplicaFeed> feeds() {
    return Collections.unmodifiableList(feeds);
  }

  /** Who has the stream up to an offset. */
  private final class Acknowledgements implements Waits.Acknowledged {
    @Override
    public int replicas(long offset) {
      return acknowledgedBy(offset);
    }

    @Override
    public int replicasOnDisk(long offset) {
      int count = 0;
      for (ReplicaFeed feed : feeds) {
        if (feed.isOnline() && feed.diskOffset() >= offset) {
          count++;
        }
      }
      return count;
    }

    @Override
    public int onDisk(long offset) {
      return durableOffset.getAsLong() >= offset ? 1 : 0;
    }
  }

  /** Replicas that are fed and have acknowledged {@code offset}. */
  int acknowledgedBy(long offset) {
    int count = 0;
    for (ReplicaFeed feed : feeds) {
      if (feed.state() == ReplicaFeed.State.ONLINE && feed.ackOffset() >= offset) {
        count++;
      }
    }
    return count;
  }

  /**
   * The log is needed from here on by those that follow, {@link RunningSyncs} aside; {@code
   * Long.MAX_VALUE} without any.
   */
  long neededOffset() {
    long needed = claims.neededOffset();
    for (ReplicaFeed feed : feeds) {
      if (!syncs.isRunning(feed)) {
        needed = Math.min(needed, feed.neededOffset());
      }
    }
    return needed;
  }

  /**
   * Gives up the full syncs for which more of the log is kept than {@code
   * repl-full-sync-log-bytes}.
   */
  void endSyncsBeyondLimit(long endOffset) {
    long most = mostLogBytes();
    syncs.endBelow(
        endOffset - most,
        endOffset,
        "more than the " + most + " bytes of repl-full-sync-log-bytes");
  }

  /**
   * The volume has too little free space left: claims and full syncs that need the log below {@code
   * offset} are given up. Of those it takes no more, so it is absent replicas, and those that
   * stand, that go first.
   */
  void makeRoom(long offset, ReplicationLog log) {
    String why = "and the volume has only " + log.usableBytes() + " bytes free";
    long end = log.endOffset();
    claims.endBelow(offset, end, why, syncs::isRunning);
    for (String id : syncs.endBelow(offset, end, why)) {
      claims.forget(id);
    }
  }

  /** Takes a client that may go on at byte {@code nextByte}. */
  void continued(Client client, ReplicationLog log, Announcement announced, long nextByte) {
    String name = announced.name(client.connection().remoteAddress());
    LOG.info(
        "Partial resynchronization request from {} accepted. Sending {} bytes of backlog starting"
            + " from offset {}.",
        name,
        log.endOffset() - (nextByte - 1),
        nextByte);
    counters.partialOk();
    String line =
        announced.capaPsync2 ? "+CONTINUE " + log.history().currentId() + "\r\n" : "+CONTINUE\r\n";
    ReplicaFeed feed = ReplicaFeed.partial(feedLoop, log, client, nextByte - 1, line);
    add(client, feed, announced);
    syncs.continued(feed);
    claims.online(feed, log.endOffset(), engine.clock().wallMs());
  }

  /**
   * Takes a client that needs the whole data set.
   *
   * @param sync it said {@code SYNC}: no line about id and offset
   */
  void full(Client client, ReplicationLog log, Announcement announced, boolean sync) {
    String name = announced.name(client.connection().remoteAddress());
    LOG.info("Full resync requested by replica {}", name);
    ReplicaFeed feed = ReplicaFeed.waiting(feedLoop, log, client, log.endOffset(), !sync);
    add(client, feed, announced);
    claims.forget(feed.claimId());
    Awaiting wanted = new Awaiting(feed, announced, sync);
    Checkpoint checkpoint = announced.resume == null ? null : resumable(announced.resume, log);
    if (checkpoint != null) {
      counters.fullResumed();
      send(wanted, checkpoint, log);
      return;
    }
    if (announced.resume != null) {
      LOG.info(
          "Replica {} cannot go on with checkpoint {}, which is not kept any more: it gets all of"
              + " another one",
          name,
          announced.resume.checkpointId());
      announced.resume = null;
    }
    counters.full();
    checkpoint = usable(log, mostLogBytes() / 2);
    if (checkpoint != null) {
      send(wanted, checkpoint, log);
      return;
    }
    awaiting.add(wanted);
    if (awaiting.size() == 1) {
      // One for all who come until it is complete.
      host.requestSnapshot("a replica needs a full resync", this::snapshotEnded);
    }
  }

  private void add(Client client, ReplicaFeed feed, Announcement announced) {
    closeOlder(feed, announced.isIdentified());
    feeds.add(feed);
    Connection connection = client.connection();
    connection.handOver(feedLoop.loop(), feed);
  }

  /**
   * A replica that comes again has lost its earlier connection, whatever this end of it says: else
   * it would count twice. Without a node id another one may be behind the same address, so that
   * only a connection that is silent is taken for an earlier one.
   */
  private void closeOlder(ReplicaFeed newer, boolean identified) {
    long nowMs = engine.clock().wallMs();
    for (ReplicaFeed feed : feeds) {
      if (newer.claimId() != null
          && newer.claimId().equals(feed.claimId())
          && feed.state() != ReplicaFeed.State.CLOSED
          && (identified || nowMs - feed.ackMs() > SILENT_MS)) {
        LOG.info(
            "Replica {} has come again from {}: its earlier connection from {} is closed.",
            newer.name(),
            newer.remoteAddress(),
            feed.remoteAddress());
        feed.close();
      }
    }
  }

  private void snapshotEnded(String failure) {
    List<Awaiting> all = List.copyOf(awaiting);
    awaiting.clear();
    for (Awaiting wanted : all) {
      ReplicationLog log = wanted.feed().log();
      Checkpoint checkpoint = failure == null ? usable(log, mostLogBytes()) : null;
      if (checkpoint != null) {
        send(wanted, checkpoint, log);
      } else {
        LOG.warn(
            "Replica {} cannot be synchronized: {}",
            wanted.feed().name(),
            failure == null
                ? "the snapshot is not of this history, or too far behind the log's end"
                : failure);
        wanted.feed().close();
      }
    }
  }

  /** The checkpoint that a replica has a part of, retained; null if it is not kept any more. */
  private Checkpoint resumable(ResumeRequest has, ReplicationLog log) {
    Checkpoint checkpoint =
        syncs
            .retain(has.checkpointId())
            .or(() -> host.snapshots().retain(has.checkpointId()))
            .orElse(null);
    if (checkpoint != null
        && isUsable(checkpoint, log, mostLogBytes())
        && CheckpointSend.fits(checkpoint, has)) {
      return checkpoint;
    }
    if (checkpoint != null) {
      checkpoint.release();
    }
    return null;
  }

  /** Log that is kept for one full sync. */
  private long mostLogBytes() {
    long most = config.replFullSyncLogBytes();
    return most > 0 ? most : Long.MAX_VALUE;
  }

  /**
   * @param mostBehindBytes of it behind the end of the log; beyond, the sync would soon be given up
   */
  private static boolean isUsable(Checkpoint checkpoint, ReplicationLog log, long mostBehindBytes) {
    long offset = checkpoint.offset();
    return offset >= log.startOffset()
        && log.endOffset() - offset <= mostBehindBytes
        && offset <= log.endOffset()
        && offset <= log.history().validTo(checkpoint.meta().replicationId());
  }

  /** The newest checkpoint, retained, if the log goes on from it in the same history. */
  private Checkpoint usable(ReplicationLog log, long mostBehindBytes) {
    Checkpoint newest = host.snapshots().retainNewest().orElse(null);
    if (newest == null) {
      return null;
    }
    if (isUsable(newest, log, mostBehindBytes)) {
      return newest;
    }
    newest.release();
    return null;
  }

  private void send(Awaiting wanted, Checkpoint checkpoint, ReplicationLog log) {
    ReplicaFeed feed = wanted.feed();
    feed.needs(checkpoint.offset());
    String id = log.history().currentId();
    Announcement announced = wanted.announced();
    if (announced.capaFiles && announced.wantsKeys && !wanted.sync()) {
      syncs.sending(feed, checkpoint);
      begin(feed, new CheckpointSend(checkpoint, id, announced, pace, engine.clock(), feed.name()));
      return;
    }
    long offset = checkpoint.offset();
    if (!announced.rdbOnly) {
      syncs.sendingRdb(feed, offset);
    }
    String firstLine = wanted.sync() ? "" : "+FULLRESYNC " + id + " " + offset + "\r\n";
    RdbMaker.Wanted rdb =
        new RdbMaker.Wanted(
            checkpoint,
            id,
            announced.rdbVersion,
            announced.wantsKeys,
            () -> feed.state() == ReplicaFeed.State.CLOSED);
    Consumer<Throwable> failed = cause -> feedLoop.loop().execute(() -> feed.fail(cause));
    if (announced.capaEof && !announced.rdbOnly && !wanted.sync() && config.replDisklessSync()) {
      RdbStreamSend send = new RdbStreamSend(offset, firstLine, pace, engine.clock(), feed.name());
      rdbs.stream(rdb, send.pipe(), () -> begin(feed, send), failed);
      return;
    }
    rdbs.file(
        rdb,
        made ->
            begin(
                feed,
                new RdbSend(
                    made.file(),
                    made.bytes(),
                    offset,
                    firstLine,
                    !announced.rdbOnly,
                    pace,
                    engine.clock(),
                    feed.name())),
        failed);
  }

  /** Any thread. */
  private void begin(ReplicaFeed feed, FullSyncSend send) {
    feedLoop.loop().execute(() -> feed.begin(send));
  }

  /** Cuts all links: those that come back learn the new history. */
  void disconnectAll() {
    awaiting.clear();
    for (ReplicaFeed feed : feeds) {
      feed.close();
    }
  }

  /** Replication loop. */
  private void closed(ReplicaFeed feed) {
    engine.execute(
        () -> {
          feeds.remove(feed);
          rdbs.forgetGone();
          syncs.closed(feed, engine.clock().wallMs());
          awaiting.removeIf(wanted -> wanted.feed() == feed);
          onAcknowledged.run();
        });
  }

  /** Something was acknowledged, or has come to this node's disk. Any thread. */
  void acknowledged() {
    if (waits.any()) {
      engine.execute(waits::check);
    }
    onAcknowledged.run();
  }

  void release() {
    rdbs.close();
    feedLoop.release();
  }
}
