package org.chronolith.server.replication;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a master knows of replicas whose logs differ from its own: says it once, has the replica
 * told, and remembers who must not continue by a partial resync.
 *
 * <p>Nothing can be put into the stream, which is the log. So the link of a replica that differs is
 * cut, and in the handshake of the next one it is told why; and in every further one, until it has
 * the whole data set that it was sent: it may have been restarted, or be told to do something about
 * it.
 *
 * <p>Thread: engine.
 */
final class Mismatches {
  private static final Logger LOG = LoggerFactory.getLogger(Mismatches.class);

  /** Replicas remembered at most; beyond, the one that came first is forgotten. */
  private static final int MOST_REPLICAS = 128;

  /** Blocks of one replica that are told apart; further ones are counted only. */
  private static final int MOST_BLOCKS = 256;

  /** Lines in the log about one replica. */
  private static final int MOST_LINES = 10;

  /** However many blocks differ, a replica's link is cut no more often than this. */
  private static final long CUT_PAUSE_MS = 60_000;

  private final ReplicationCounters counters;
  private final Map<String, Replica> replicas = new LinkedHashMap<>();

  /** Those that have followed this node while its own data was not its master's. */
  private final Set<String> distrusted = new HashSet<>();

  /** What is known of one, by the id of its claim. */
  private static final class Replica {
    private final Set<Mismatch> known = new LinkedHashSet<>();

    private Mismatch first;
    private long count;

    /** So many of them the replica was told of. */
    private long toldCount;

    private boolean cut;
    private long cutMs;
  }

  /** A replica that is connected. */
  interface Link {
    /** Under which it will come back. */
    String claimId();

    /** Its address, as the log names it. */
    String name();

    /** Cuts it. */
    void close();
  }

  Mismatches(ReplicationCounters counters) {
    this.counters = counters;
  }

  /** A block of {@code link} differs. What is told again after a cut is known already. */
  void found(Link link, Mismatch mismatch) {
    Replica replica = replicas.computeIfAbsent(link.claimId(), id -> new Replica());
    if (replicas.size() > MOST_REPLICAS) {
      replicas.remove(replicas.keySet().iterator().next());
    }
    if (replica.known.contains(mismatch)) {
      return;
    }
    counters.mismatched(1);
    if (replica.known.size() < MOST_BLOCKS) {
      replica.known.add(mismatch);
    }
    if (replica.first == null) {
      replica.first = mismatch;
    }
    replica.count++;
    if (replica.known.size() <= MOST_LINES) {
      LOG.error("The data of replica {} differs from this master's: {}", link.name(), mismatch);
    }
    if (replica.known.size() == MOST_LINES) {
      LOG.error("Further blocks of replica {} that differ are counted only", link.name());
    }
  }

  /** Cuts the links of those that have to be told something. Once a second. */
  void cutUntold(List<? extends Link> links, long nowMs) {
    if (replicas.isEmpty()) {
      return;
    }
    for (Link link : new ArrayList<>(links)) {
      Replica replica = replicas.get(link.claimId());
      if (replica != null
          && replica.count > replica.toldCount
          && (!replica.cut || nowMs - replica.cutMs > CUT_PAUSE_MS)) {
        replica.cut = true;
        replica.cutMs = nowMs;
        LOG.warn(
            "The link of replica {} is cut, so that it is told of the difference", link.name());
        link.close();
      }
    }
  }

  /**
   * What a replica is to be told, or null.
   *
   * @param resync whether this node wants those that differ to take a full resync
   */
  Mismatch.Told toTell(String claimId, boolean resync) {
    Replica replica = replicas.get(claimId);
    return replica == null ? null : new Mismatch.Told(replica.first, replica.count, resync);
  }

  /**
   * A replica has gone on over the connection on which it was told.
   *
   * @param told null if it was told nothing
   */
  void told(String claimId, Mismatch.Told told) {
    Replica replica = told == null ? null : replicas.get(claimId);
    if (replica != null) {
      replica.toldCount = Math.max(replica.toldCount, told.count());
    }
  }

  /** This node's data is replaced since it was not its master's: theirs may be like it was. */
  void distrust(Collection<String> claimIds) {
    distrusted.addAll(claimIds);
  }

  /** Whether a replica must not continue from what it has. */
  boolean isDistrusted(String claimId) {
    return distrusted.contains(claimId);
  }

  /** A replica was sent the whole data set, and has it. */
  void synced(String claimId) {
    replicas.remove(claimId);
    distrusted.remove(claimId);
  }
}
