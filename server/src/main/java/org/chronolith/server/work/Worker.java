package org.chronolith.server.work;

import java.util.concurrent.Executor;

/** Runs tasks one after the other, in the order in which they come. Thread: any. */
public interface Worker extends Executor, AutoCloseable {
  /**
   * {@inheritDoc}
   *
   * @throws java.util.concurrent.RejectedExecutionException after {@link #close}
   */
  @Override
  void execute(Runnable task);

  /** Ends after the tasks that it was given; waits for nothing. */
  @Override
  void close();
}
