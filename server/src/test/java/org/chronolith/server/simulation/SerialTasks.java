package org.chronolith.server.simulation;

import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.RunnableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.chronolith.server.work.Worker;

/**
 * What would be a thread of a node: its tasks happen in their order, each a while after it was
 * given or after the one before, unless the node has died. What somebody waits for happens at once.
 */
final class SerialTasks extends AbstractExecutorService implements Worker {
  private static final long LONGEST_TASK_NANOS = 4_000_000;

  private final Timeline time;
  private final RandomGenerator random;
  private final BooleanSupplier live;
  private final BooleanSupplier frozen;
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
  private boolean shut;

  SerialTasks(Timeline time, RandomGenerator random, BooleanSupplier live, BooleanSupplier frozen) {
    this.frozen = frozen;
    this.time = time;
    this.random = random;
    this.live = live;
  }

  @Override
  public void execute(Runnable task) {
    tasks.add(task);
    if (task instanceof RunnableFuture) {
      // Its submitter asks for the result next.
      while (!tasks.isEmpty()) {
        runOne();
      }
    } else if (tasks.size() == 1) {
      next();
    }
  }

  private void next() {
    time.after(
        random.nextLong(LONGEST_TASK_NANOS),
        () -> {
          if (!frozen.getAsBoolean()) {
            runOne();
          }
          if (!tasks.isEmpty()) {
            next();
          }
        });
  }

  private void runOne() {
    Runnable task = tasks.peek();
    if (task != null) {
      try {
        if (live.getAsBoolean()) {
          task.run();
        }
      } finally {
        tasks.remove(task);
      }
    }
  }

  @Override
  public void close() {
    shut = true;
  }

  @Override
  public void shutdown() {
    shut = true;
  }

  @Override
  public List<Runnable> shutdownNow() {
    shut = true;
    tasks.clear();
    return List.of();
  }

  @Override
  public boolean isShutdown() {
    return shut;
  }

  @Override
  public boolean isTerminated() {
    return shut && tasks.isEmpty();
  }

  /** Whoever waits for the end has everything done now. */
  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) {
    while (!tasks.isEmpty()) {
      runOne();
    }
    return true;
  }
}
