package org.chronolith.server;

import java.nio.file.Path;
import org.chronolith.replicationlog.LogException;
import org.chronolith.replicationlog.LogListener;
import org.chronolith.replicationlog.ScrubStatus;
import org.chronolith.server.gate.LogSpaceGate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the operator what one log reports, and the node what follows from it: only if it is the
 * live one. One that a full sync is making, or whose generation is being closed, fails for itself.
 * Thread: the log's own ones, and for damage those that read it.
 */
final class LogEvents implements LogListener {
  private static final Logger LOG = LoggerFactory.getLogger(LogEvents.class);

  private final Path directory;
  private final LogSpaceGate space;
  private final Reactions reactions;

  /** The refusal of space for a log that is not live was told. */
  private volatile boolean refusalTold;

  /** What the node does. Thread: the log's own ones. */
  interface Reactions {
    /** Whether clients' writes go into the log in that directory. */
    boolean isLive(Path directory);

    /** More of the log is on disk. */
    void durable();

    /** Nothing of the live log will be any more. */
    void failed(Throwable cause);

    /**
     * Something that the live log holds below that offset cannot be read. Thread: also a reader's.
     */
    void damaged(long endOffset);
  }

  LogEvents(Path directory, LogSpaceGate space, Reactions reactions) {
    this.directory = directory;
    this.space = space;
    this.reactions = reactions;
  }

  @Override
  public void durable(long offset) {
    reactions.durable();
  }

  @Override
  public void syncFailed(Throwable cause) {
    if (reactions.isLive(directory)) {
      tellFailed(cause);
      reactions.failed(cause);
    } else {
      LOG.error(
          "Forcing the log in {} failed: {}. It is not the live one, which goes on",
          directory,
          LogException.reasonOf(cause),
          cause);
    }
  }

  /** The live log has failed. */
  static void tellFailed(Throwable cause) {
    LOG.error(
        "Forcing the log failed: {}. Writes are refused from now on, reads go on; what was"
            + " acknowledged and is not on disk may be lost. Nothing is tried again: restart the"
            + " server once the disk is sound",
        LogException.reasonOf(cause),
        cause);
  }

  @Override
  public void damaged(String problem, long endOffset) {
    LOG.error(
        "Log damaged: {}. Replicas that need what is older will resync fully; a snapshot makes"
            + " sure that no start needs it",
        problem);
    if (reactions.isLive(directory)) {
      reactions.damaged(endOffset);
    }
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
    if (!reactions.isLive(directory)) {
      tellOnce("No space for the log in {}: {}", reason);
    } else if (space.spaceRefused(reason)) {
      LOG.error(
          "No space for the log: {}; writes are refused, once what is reserved is used up, until"
              + " there is",
          reason);
    }
  }

  private void tellOnce(String text, String reason) {
    if (!refusalTold) {
      refusalTold = true;
      LOG.error(text, directory, reason);
    }
  }

  @Override
  public void reserveFailed(String reason) {
    if (!reactions.isLive(directory)) {
      tellOnce("Space for the log in {} cannot be reserved: {}", reason);
    } else if (space.reserveFailed(reason)) {
      LOG.error(
          "Space for the log cannot be reserved, though there may be some: {}; writes are refused,"
              + " once what is reserved is used up, until it can be",
          reason);
    }
  }

  @Override
  public void spaceReserved() {
    if (reactions.isLive(directory) && space.spaceReserved()) {
      LOG.info("Space for the log is reserved again; writes go on");
    }
  }

  @Override
  public void warning(String message, Throwable cause) {
    LOG.warn("Log: {}", message, cause);
  }
}
