package org.chronolith.server.replication;

import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A replica's judgement of its own data: what its master says about it, and whether it has to be
 * replaced.
 *
 * <p>Thread: engine.
 */
final class LinkVerification {
  /** Begins a master's answer, in the handshake, to a replica that has to be replaced for sure. */
  static final String UNTRUSTED = "+UNTRUSTED";

  private static final Logger LOG = LoggerFactory.getLogger(LinkVerification.class);

  /** If it differs again that soon, another resync would not help: it is only reported. */
  private static final long RESYNC_PAUSE_NANOS = TimeUnit.HOURS.toNanos(1);

  private final ReplicationCounters counters;
  private Mismatch.Told last;
  private boolean untrusted;
  private boolean resynced;
  private long resyncedNanos;

  LinkVerification(ReplicationCounters counters) {
    this.counters = counters;
  }

  /**
   * The master says that blocks differ. It says so in each handshake until they do not.
   *
   * @param resync whether this node wants a full resync then
   */
  void mismatch(Mismatch.Told told, boolean resync, long nowNanos) {
    boolean continued = last != null && last.first().equals(told.first());
    long news = told.count() - (continued ? last.count() : 0);
    last = told;
    if (news > 0) {
      counters.mismatched(news);
      LOG.error(
          "The data of this replica differs from its master's: {}{}",
          told.first(),
          told.count() > 1 ? ", and " + (told.count() - 1) + " further blocks" : "");
    }
    boolean again = isTooSoon(nowNanos);
    if (untrusted || news <= 0 && (again || !resync && !told.resync())) {
      return;
    }
    if (!resync && !told.resync()) {
      LOG.error("It is kept: repl-verify-mismatch is 'report' on both nodes");
    } else if (again) {
      LOG.error(
          "It is kept: this node has taken a full resync for the same reason {} seconds ago, so"
              + " another one would not help. Something damages what passes between the two nodes,"
              + " or the memory or the disk of one of them",
          TimeUnit.NANOSECONDS.toSeconds(nowNanos - resyncedNanos));
    } else {
      LOG.warn("A full resync replaces it");
      untrusted = true;
    }
  }

  /**
   * The stream cannot be read on from here, again: a byte that was changed may have made this node
   * take more, or less, for a command than it was, so that its log is not the master's.
   *
   * @param resync whether this node wants a full resync then
   * @return whether a full resync replaces the data
   */
  boolean stuck(long offset, String why, boolean resync, long nowNanos) {
    if (untrusted) {
      return true;
    }
    if (!resync || isTooSoon(nowNanos)) {
      return false;
    }
    LOG.error(
        "The master's stream cannot be read on from offset {}: {}. A full resync replaces this"
            + " node's data",
        offset,
        why);
    untrusted = true;
    return true;
  }

  private boolean isTooSoon(long nowNanos) {
    return resynced && nowNanos - resyncedNanos < RESYNC_PAUSE_NANOS;
  }

  /** The master's own data had to be replaced, while this node followed it. */
  void untrusted() {
    if (!untrusted) {
      LOG.warn("The master's data had to be replaced: a full resync replaces this node's as well");
      untrusted = true;
    }
  }

  /** Whether nothing but a full resync is wanted. */
  boolean isUntrusted() {
    return untrusted;
  }

  /** A full resync has replaced the data. */
  void replaced(long nowNanos) {
    if (untrusted) {
      counters.mismatchResync();
      untrusted = false;
      resynced = true;
      resyncedNanos = nowNanos;
    }
    last = null;
  }

  /** This node is a master now: its data is what others are compared with. */
  void promoted() {
    untrusted = false;
    last = null;
  }
}
