package org.chronolith.engine.snapshot;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.EngineException.Severity;

/**
 * The thread {@code snapshot}: tasks run one after the other, in the order in which they come.
 *
 * <p>Thread: any.
 */
final class SnapshotThread {
  private static final long END_TIMEOUT_S = 60;

  private final Path directory;
  private final ExecutorService executor;
  private volatile Thread thread;

  /**
   * @param made makes what runs the tasks
   * @param directory whose snapshots the tasks are about, for the texts of exceptions
   */
  SnapshotThread(Function<ThreadFactory, ExecutorService> made, Path directory) {
    this.directory = directory;
    executor =
        made.apply(
            task -> {
              Thread snapshot = new Thread(task, "snapshot");
              snapshot.setDaemon(true);
              thread = snapshot;
              return snapshot;
            });
  }

  /** Whether the caller is a task. */
  boolean isCurrent() {
    return Thread.currentThread() == thread;
  }

  /**
   * Runs {@code task} in its turn.
   *
   * @throws RejectedExecutionException once the thread was told to end
   */
  void execute(Runnable task) {
    executor.execute(task);
  }

  /** As {@link #execute}, for a caller who asks later how it went. */
  Future<?> submit(Callable<?> task) {
    return executor.submit(task);
  }

  /**
   * Runs {@code task} in its turn and waits for it. REQUIRES: the caller is no task.
   *
   * @throws EngineException the task's own; RETRYABLE if it failed otherwise, if the thread was
   *     told to end, or if the caller is interrupted
   */
  <T> T call(Callable<T> task) {
    try {
      return executor.submit(task).get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof EngineException cause) {
        throw cause;
      }
      throw new EngineException(Severity.RETRYABLE, directory + ": " + e.getCause(), e.getCause());
    } catch (RejectedExecutionException e) {
      throw new EngineException(Severity.RETRYABLE, directory + ": closed", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EngineException(Severity.RETRYABLE, "interrupted", e);
    }
  }

  /**
   * Runs {@code last} after all other tasks, and waits until the thread has ended.
   *
   * @throws EngineException FATAL if it does not end, or if the caller is interrupted
   */
  void end(Runnable last) {
    try {
      executor.execute(last);
      executor.shutdown();
      if (!executor.awaitTermination(END_TIMEOUT_S, TimeUnit.SECONDS)) {
        throw new EngineException(Severity.FATAL, "the snapshot thread does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EngineException(Severity.FATAL, "interrupted while the snapshot thread ends", e);
    }
  }
}
