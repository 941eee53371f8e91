package org.chronolith.server.replication;

import java.util.function.Consumer;
import org.chronolith.network.StreamConnection;

/** The way of a data set to one replica. Thread: the replication loop. */
interface FullSyncSend extends AutoCloseable {
  /**
   * Begins.
   *
   * @param done runs when the last byte was given to the socket
   * @param failed runs instead if that will never be
   */
  void start(StreamConnection connection, Runnable done, Consumer<Throwable> failed);

  /** The socket takes more. */
  void writable();

  /** Offset S at which the data is complete: the log follows from here. */
  long offset();

  /** Whether the log follows at all. */
  boolean streamFollows();

  /** Whether the log may follow only when the replica has acknowledged the data set. */
  default boolean awaitsAcknowledgement() {
    return false;
  }

  /** Wall clock when the replica last took something. */
  long progressMs();

  /** How much of the data set was given to the socket. */
  SyncProgress progress();

  /** Gives back what it holds. */
  @Override
  void close();
}
