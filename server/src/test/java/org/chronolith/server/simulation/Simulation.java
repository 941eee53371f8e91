package org.chronolith.server.simulation;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.LoggerFactory;

/**
 * Runs seeds. {@code -Dchronolith.simulation.seed=N} runs that one alone, and tells all that
 * happens, with the nodes' logs.
 */
final class Simulation {
  private static final Path MEMORY = Path.of("/dev/shm");

  private Simulation() {}

  /** The seeds from {@code first} on, on all processors; the failures of all are reported. */
  static void run(Path directory, long first, int count) throws Exception {
    Long chosen = Long.getLong("chronolith.simulation.seed");
    Path root =
        Files.isWritable(MEMORY) ? Files.createTempDirectory(MEMORY, "chronolith-") : directory;
    Logger log = (Logger) LoggerFactory.getLogger("org.chronolith");
    Level before = log.getLevel();
    // It tells of tasks for loops that have died.
    ((Logger) LoggerFactory.getLogger("io.netty")).setLevel(Level.OFF);
    try {
      if (chosen != null) {
        log.setLevel(Level.INFO);
        Scenario.run(
            chosen,
            Files.createDirectories(root.resolve("" + chosen)),
            System.out::println,
            Journal.hashed());
        return;
      }
      log.setLevel(Level.OFF);
      all(root, first, count);
    } finally {
      log.setLevel(before);
      NodeDisk.remove(root);
    }
  }

  /** All that happens in one life, in a directory that is removed. */
  static Journal journal(long seed) throws IOException {
    Logger log = (Logger) LoggerFactory.getLogger("org.chronolith");
    Level before = log.getLevel();
    ((Logger) LoggerFactory.getLogger("io.netty")).setLevel(Level.OFF);
    log.setLevel(Level.OFF);
    Path own = Files.createTempDirectory("chronolith-");
    Journal journal = Journal.written();
    try {
      Scenario.run(seed, own, line -> {}, journal);
    } finally {
      log.setLevel(before);
      NodeDisk.remove(own);
    }
    return journal;
  }

  private static void all(Path root, long first, int count) throws InterruptedException {
    int threads = Runtime.getRuntime().availableProcessors();
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    AtomicLong next = new AtomicLong(first);
    List<Future<?>> running = new ArrayList<>();
    List<String> failures = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      running.add(
          executor.submit(
              () -> {
                for (long seed = next.getAndIncrement();
                    seed < first + count;
                    seed = next.getAndIncrement()) {
                  one(root, seed, failures);
                }
                return null;
              }));
    }
    executor.shutdown();
    for (Future<?> thread : running) {
      try {
        thread.get();
      } catch (ExecutionException e) {
        failures.add(String.valueOf(e.getCause()));
      }
    }
    if (!failures.isEmpty()) {
      throw new AssertionError(failures.size() + " seeds failed:\n" + String.join("\n", failures));
    }
  }

  private static void one(Path root, long seed, List<String> failures) throws IOException {
    Path own = Files.createDirectories(root.resolve("" + seed));
    List<String> told = new ArrayList<>();
    try {
      Scenario.run(seed, own, told::add, Journal.hashed());
    } catch (AssertionError e) {
      synchronized (failures) {
        failures.add(e.getMessage() + String.join("\n", told));
      }
    } finally {
      NodeDisk.remove(own);
    }
  }
}
