package org.chronolith.server.replication;

import org.chronolith.network.NetworkLoop;
import org.chronolith.replicationlog.ReplicationLog;

/**
 * What a link tells its master of the blocks in this node's log, from one connection to the next.
 *
 * <p>Thread: the replication loop.
 */
final class LinkReport {
  /** Blocks to read back before other connections get their turn. */
  private static final int ROUND_BLOCKS = 4;

  /** So many checksums do not wait for the next second. */
  private static final int TOLD_BLOCKS = 256;

  private final NetworkLoop loop;
  private final Runnable acknowledge;

  /** The master takes checksums over this connection. */
  private boolean agreed;

  /** Null unless the stream goes on, and the master takes checksums. */
  private BlockReport report;

  /** The log of the last report, and what of it was not told. */
  private ReplicationLog earlierLog;

  private long untold;
  private boolean roundQueued;

  /**
   * @param acknowledge sends an acknowledgement with what {@link #current} has
   */
  LinkReport(NetworkLoop loop, Runnable acknowledge) {
    this.loop = loop;
    this.acknowledge = acknowledge;
  }

  /** The master takes checksums over this connection. */
  void agreed() {
    agreed = true;
  }

  /** The stream goes on, into this log. */
  void begin(ReplicationLog log) {
    if (agreed) {
      report = new BlockReport(log, log == earlierLog ? untold : Long.MAX_VALUE);
      earlierLog = null;
    }
  }

  /** The connection has ended. */
  void end() {
    agreed = false;
    if (report != null) {
      earlierLog = report.log();
      untold = report.untold();
      report.close();
      report = null;
    }
  }

  /** What the next acknowledgement tells of; null for nothing. */
  BlockReport current() {
    return report;
  }

  /** Reads back what has come into the log, some of it now and the rest soon. */
  void collect() {
    if (report == null || roundQueued) {
      return;
    }
    boolean more = report.collect(ROUND_BLOCKS);
    if (report.count() >= TOLD_BLOCKS) {
      acknowledge.run();
      // There is room for more now.
      more = report.count() == 0;
    }
    if (more) {
      roundQueued = true;
      loop.execute(this::nextRound);
    }
  }

  private void nextRound() {
    roundQueued = false;
    collect();
  }
}
