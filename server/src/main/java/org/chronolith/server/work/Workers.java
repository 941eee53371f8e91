package org.chronolith.server.work;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Makes workers. Thread: any. */
@FunctionalInterface
public interface Workers {
  /** Each with a daemon thread of its own, which ends with it. */
  Workers THREADS = Workers::thread;

  /** A worker for the caller, who closes it. */
  Worker start(String name);

  /** Has {@code task} done elsewhere. */
  default void run(String name, Runnable task) {
    try (Worker worker = start(name)) {
      worker.execute(task);
    }
  }

  private static Worker thread(String name) {
    ExecutorService executor =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread thread = new Thread(task, name);
              thread.setDaemon(true);
              return thread;
            });
    return new Worker() {
      @Override
      public void execute(Runnable task) {
        executor.execute(task);
      }

      @Override
      public void close() {
        executor.shutdown();
      }
    };
  }
}
