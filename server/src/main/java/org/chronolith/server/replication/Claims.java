package org.chronolith.server.replication;

import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.chronolith.server.recovery.DirectoryDisk;
import org.chronolith.server.work.Workers;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the replicas of this node, connected or not, still need of its log. The claims outlive the
 * process; one that goes further back than the hard limits ends, with a line in the log.
 *
 * <p>Thread: engine, but for {@link #open} and {@link #close}.
 */
final class Claims {
  private static final Logger LOG = LoggerFactory.getLogger(Claims.class);

  private final LongSupplier mostBytes;
  private final LongSupplier mostAgeMs;
  private final IntSupplier most;
  private final EndSamples samples = new EndSamples();
  private final Map<String, Claim> claims = new LinkedHashMap<>();

  /** Whose claims ended while they were connected, and from which offset on they have one again. */
  private final Map<String, Long> ended = new HashMap<>();

  private volatile ClaimFile file;
  private String written = "";

  /** A replica that is connected, as far as its claim goes. */
  interface Holder {
    /** Under which it will come back; null if it will not be known. */
    String claimId();

    String ip();

    int port();

    /** Whether it has a data set, or was sent one, from which it can go on with the stream. */
    boolean hasDataSet();

    /** It has every byte below this. */
    long neededOffset();
  }

  /**
   * @param mostBytes that a replica may be behind before its claim ends; 0 for no limit
   * @param mostAgeMs that a replica may be away before its claim ends; 0 for no limit
   * @param most claims remembered; beyond, the one that was seen longest ago goes
   */
  Claims(LongSupplier mostBytes, LongSupplier mostAgeMs, IntSupplier most) {
    this.most = most;
    this.mostBytes = mostBytes;
    this.mostAgeMs = mostAgeMs;
  }

  /**
   * Reads what an earlier run has left in the data directory. Before the engine uses this.
   *
   * @param workers who write what changes
   * @return the highest offset up to which one of them has the stream; 0 without any
   */
  long open(Path directory, DirectoryDisk disk, Workers workers) {
    ClaimFile opened = new ClaimFile(directory, disk, workers);
    for (Claim claim : opened.read()) {
      // At once: the log may be trimmed before the role is decided.
      claims.put(claim.id(), claim);
    }
    file = opened;
    return Claim.highestOffset(claims.values());
  }

  /**
   * The data is loaded: says what was found. What the log has no more is not claimed any longer:
   * the process ended after it had switched to another data set and before it could say so. One
   * that has more than the log needs all that will be behind its end, once it has gone back to it.
   */
  void start(long startOffset, long endOffset, long nowMs) {
    samples.add(nowMs, endOffset);
    claims.values().removeIf(claim -> isOfAnotherLog(claim, startOffset));
    claims.values().forEach(claim -> claim.lowerTo(endOffset));
    for (Claim claim : claims.values()) {
      LOG.info(
          "Replica {} ({}) has the stream up to offset {}: {} bytes behind",
          claim.id(),
          claim.address(),
          claim.offset(),
          claim.bytesBehind(endOffset));
    }
  }

  private static boolean isOfAnotherLog(Claim claim, long startOffset) {
    if (claim.offset() >= startOffset) {
      return false;
    }
    LOG.warn(
        "The claim of replica {} ({}) on the log ends: it has the stream up to offset {}, and the log"
            + " starts at {}",
        claim.id(),
        claim.address(),
        claim.offset(),
        startOffset);
    return true;
  }

  /** In the order in which they came. */
  Collection<Claim> all() {
    return Collections.unmodifiableCollection(claims.values());
  }

  /** The log is needed from here on by any of them; {@code Long.MAX_VALUE} without any. */
  long neededOffset() {
    long needed = Long.MAX_VALUE;
    for (Claim claim : claims.values()) {
      needed = Math.min(needed, claim.offset());
    }
    return needed;
  }

  /**
   * Takes over where the feeds stand, ends what is too far back, writes what has changed.
   *
   * @param syncing whether the log is kept for a replica on account of its full sync: its claim
   *     does not end before that does
   */
  void update(
      List<? extends Holder> holders, long endOffset, long nowMs, Predicate<String> syncing) {
    samples.add(nowMs, endOffset);
    claims.values().forEach(Claim::disconnected);
    for (Holder holder : holders) {
      if (holder.hasDataSet() && holder.claimId() != null) {
        connected(holder, endOffset, nowMs);
      }
    }
    claims
        .values()
        .removeIf(claim -> !syncing.test(claim.id()) && overdue(claim, endOffset, nowMs));
    limit();
    persist();
  }

  private void limit() {
    while (claims.size() > most.getAsInt()) {
      removeOldest();
    }
  }

  /**
   * A replica is fed from now on. Its claim is written at once: a master that is killed before the
   * next {@link #update} must still keep the log for it.
   */
  void online(Holder holder, long endOffset, long nowMs) {
    if (holder.claimId() != null) {
      connected(holder, endOffset, nowMs);
      limit();
      persist();
    }
  }

  private void connected(Holder feed, long endOffset, long nowMs) {
    String id = feed.claimId();
    long offset = feed.neededOffset();
    Long goodFrom = ended.get(id);
    if (goodFrom != null && (offset < goodFrom || endOffset - offset > mostBytes.getAsLong())) {
      return;
    }
    ended.remove(id);
    Claim claim = claims.get(id);
    if (claim == null) {
      claim = new Claim(id, feed.ip(), feed.port(), offset, nowMs, nowMs);
      claims.put(id, claim);
    } else if (claim.connected()) {
      // A copied data directory: both need what the slower one needs.
      offset = Math.min(offset, claim.offset());
    }
    claim.connectedAt(feed.ip(), feed.port(), offset, samples.reachedMs(offset), nowMs);
  }

  private boolean overdue(Claim claim, long endOffset, long nowMs) {
    long bytes = mostBytes.getAsLong();
    long ageMs = mostAgeMs.getAsLong();
    String why;
    if (bytes > 0 && claim.bytesBehind(endOffset) > bytes) {
      why = "more than the " + bytes + " bytes that the log keeps for a replica";
    } else if (ageMs > 0 && !claim.connected() && nowMs - claim.seenMs() > ageMs) {
      why = "and away for more than " + ageMs / 1000 + " seconds";
    } else {
      return false;
    }
    ended(claim, claim.offset(), endOffset, why);
    return true;
  }

  /**
   * @param goodFrom if it is connected: from here on it has a claim again
   */
  private void ended(Claim claim, long goodFrom, long endOffset, String why) {
    LOG.warn(
        "The claim of replica {} ({}, {}) on the log ends: it is {} bytes behind, {}. Once the log"
            + " is trimmed, it needs a full resync.",
        claim.id(),
        claim.address(),
        claim.connected() ? "connected" : "not connected",
        claim.bytesBehind(endOffset),
        why);
    if (claim.connected()) {
      // It may still catch up; until then it is not told of again.
      ended.put(claim.id(), goodFrom);
    }
  }

  /**
   * Ends the claims below {@code offset}, each with one line: the log there is in the way.
   *
   * @param why ends that line
   * @param syncing whose claims stay
   */
  void endBelow(long offset, long endOffset, String why, Predicate<String> syncing) {
    boolean any = false;
    for (Iterator<Claim> all = claims.values().iterator(); all.hasNext(); ) {
      Claim claim = all.next();
      if (claim.offset() < offset && !syncing.test(claim.id())) {
        all.remove();
        ended(claim, offset, endOffset, why);
        any = true;
      }
    }
    if (any) {
      persist();
    }
  }

  private void removeOldest() {
    Claim oldest = null;
    for (Claim claim : claims.values()) {
      if (oldest == null || claim.seenMs() < oldest.seenMs()) {
        oldest = claim;
      }
    }
    if (oldest != null) {
      LOG.warn(
          "The claim of replica {} ({}) on the log ends: {} others were seen later",
          oldest.id(),
          oldest.address(),
          most.getAsInt());
      claims.remove(oldest.id());
    }
  }

  /** Only what moves a claim is worth a forced write: not that time passes. */
  private void persist() {
    ClaimFile to = file;
    if (to == null) {
      return;
    }
    StringBuilder state = new StringBuilder();
    for (Claim claim : claims.values()) {
      state.append(claim.id()).append(claim.offset()).append(claim.connected()).append(' ');
    }
    if (!state.toString().equals(written)) {
      written = state.toString();
      to.write(claims.values());
    }
  }

  /** A replica needs a full resync, or will never come back. */
  Claim forget(String id) {
    ended.remove(id);
    Claim removed = claims.remove(id);
    if (removed != null) {
      persist();
    }
    return removed;
  }

  Claim get(String id) {
    return claims.get(id);
  }

  /**
   * The stream of this node goes back to where the log ends now. As at a {@link #start}, who has
   * more than that needs all that will be behind the end, once it has gone back to it, too.
   */
  void goBack(long startOffset, long endOffset) {
    claims.values().removeIf(claim -> isOfAnotherLog(claim, startOffset));
    claims.values().forEach(claim -> claim.lowerTo(endOffset));
    ended.clear();
    samples.clear();
    persist();
  }

  /** The stream of this node is another one: nobody claims anything of it. */
  void clear() {
    claims.clear();
    ended.clear();
    samples.clear();
    persist();
  }

  /** Writes the last state and ends the worker. Any thread, after the engine's last use. */
  void close() {
    ClaimFile to = file;
    file = null;
    if (to != null) {
      to.close();
    }
  }
}
