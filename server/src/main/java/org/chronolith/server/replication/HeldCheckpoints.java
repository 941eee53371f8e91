package org.chronolith.server.replication;

import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import org.chronolith.engine.snapshot.Checkpoint;

/**
 * The checkpoints that are being sent, and those whose sending was cut off, for a while: a replica
 * that comes back goes on where it was. The log from their offsets on is needed as well.
 *
 * <p>Thread: engine.
 */
final class HeldCheckpoints {
  private static final long BEING_SENT = -1;

  /** Who gets it, by the name under which a replica comes back. */
  private final Map<String, Held> held = new HashMap<>();

  private static final class Held {
    private final Object feed;
    private final Checkpoint checkpoint;
    private long cutMs = BEING_SENT;

    Held(Object feed, Checkpoint checkpoint) {
      this.feed = feed;
      this.checkpoint = checkpoint;
    }
  }

  /**
   * A checkpoint is sent; what the same replica got before does not count any more.
   *
   * @param claimId null for a replica that will not be known when it comes back
   * @param feed the connection
   * @param checkpoint retained by the caller, for itself
   */
  void sending(String claimId, Object feed, Checkpoint checkpoint) {
    if (claimId != null && checkpoint.retain()) {
      Held before = held.put(claimId, new Held(feed, checkpoint));
      if (before != null) {
        before.checkpoint.release();
      }
    }
  }

  /** The replica has what was sent over this connection. */
  void sent(String claimId, Object feed) {
    Held done = held.get(claimId);
    if (done != null && done.feed == feed) {
      held.remove(claimId);
      done.checkpoint.release();
    }
  }

  /** The connection has ended. */
  void closed(String claimId, Object feed, long nowMs) {
    Held cut = held.get(claimId);
    if (cut != null && cut.feed == feed) {
      cut.cutMs = nowMs;
    }
  }

  /** The one of this {@link Checkpoint#id()}, retained for the caller. */
  Optional<Checkpoint> retain(String id) {
    for (Held one : held.values()) {
      if (one.checkpoint.id().equals(id) && one.checkpoint.retain()) {
        return Optional.of(one.checkpoint);
      }
    }
    return Optional.empty();
  }

  /** The log is needed from here on; {@code Long.MAX_VALUE} if none is held. */
  long neededOffset() {
    long needed = Long.MAX_VALUE;
    for (Held one : held.values()) {
      needed = Math.min(needed, one.checkpoint.offset());
    }
    return needed;
  }

  /** Lets go of those that were cut off longer than {@code mostMs} ago. */
  void expire(long nowMs, long mostMs) {
    for (Iterator<Held> all = held.values().iterator(); all.hasNext(); ) {
      Held one = all.next();
      if (one.cutMs != BEING_SENT && nowMs - one.cutMs > mostMs) {
        all.remove();
        one.checkpoint.release();
      }
    }
  }

  /** Lets go of all. */
  void clear() {
    held.values().forEach(one -> one.checkpoint.release());
    held.clear();
  }
}
