package org.chronolith.server;

import org.chronolith.replicationlog.LogException;
import org.chronolith.replicationlog.LogListener;
import org.chronolith.replicationlog.ScrubStatus;
import org.chronolith.server.gate.LogSpaceGate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the operator what the log reports, and the node what follows from it. Thread: the log's own
 * ones, and for damage those that read it.
 */
final class LogEvents implements LogListener {
  private static final Logger LOG = LoggerFactory.getLogger(LogEvents.class);

  private final LogSpaceGate space;
  private final Reactions reactions;

  /** What the node does. Thread: the log's own ones. */
  interface Reactions {
    /** More of the log is on disk. */
    void durable();

    /** Nothing will be any more. */
    void failed(String cause);

    /** Something that the log holds below that offset cannot be read. Thread: also a reader's. */
    void damaged(long endOffset);
  }

  LogEvents(LogSpaceGate space, Reactions reactions) {
    this.space = space;
    this.reactions = reactions;
  }

  @Override
  public void durable(long offset) {
    reactions.durable();
  }

  @Override
  public void syncFailed(Throwable cause) {
    String reason = LogException.reasonOf(cause);
    LOG.error(
        "Forcing the log failed: {}. Writes are refused from now on, reads go on; what was"
            + " acknowledged and is not on disk may be lost. Nothing is tried again: restart the"
            + " server once the disk is sound",
        reason,
        cause);
    reactions.failed(reason);
  }

  @Override
  public void damaged(String problem, long endOffset) {
    LOG.error(
        "Log damaged: {}. Replicas that need what is older will resync fully; a snapshot makes"
            + " sure that no start needs it",
        problem);
    reactions.damaged(endOffset);
  }

  @Override
  public void scrubbed(ScrubStatus status) {
    LOG.info(
        "Old segments of the log verified: {} bytes, {} damaged",
        status.verifiedBytes(),
        status.damaged());
  }

  @Override
  public void spaceRefused(String reason) {
    if (space.spaceRefused(reason)) {
      LOG.error(
          "No space for the log: {}; writes are refused, once what is reserved is used up, until"
              + " there is",
          reason);
    }
  }

  @Override
  public void reserveFailed(String reason) {
    if (space.reserveFailed(reason)) {
      LOG.error(
          "Space for the log cannot be reserved, though there may be some: {}; writes are refused,"
              + " once what is reserved is used up, until it can be",
          reason);
    }
  }

  @Override
  public void spaceReserved() {
    if (space.spaceReserved()) {
      LOG.info("Space for the log is reserved again; writes go on");
    }
  }

  @Override
  public void warning(String message, Throwable cause) {
    LOG.warn("Log: {}", message, cause);
  }
}
