package org.chronolith.server.logging;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Writes lines to standard output or a file, on the thread {@code server-log}. Its queue is
 * bounded: when it is full, lines are dropped and counted, and the log says how many. {@link
 * #offer} may be called from any thread and never blocks.
 */
final class LogWriter implements AutoCloseable {

  static final int MAX_QUEUED_LINES = 8192;
  private static final long CLOSE_TIMEOUT_MS = 2000;

  private final LinkedBlockingQueue<String> queue = new LinkedBlockingQueue<>(MAX_QUEUED_LINES);
  private final OutputStream standardOutput;
  private final Thread thread;
  private volatile Optional<Path> file = Optional.empty();
  private volatile boolean closed;
  private final AtomicLong dropped = new AtomicLong();

  LogWriter(OutputStream standardOutput) {
    this.standardOutput = standardOutput;
    thread = new Thread(this::run, "server-log");
    thread.setDaemon(true);
    thread.start();
  }

  /** Where the lines of the next batch go; empty for standard output. */
  void file(Optional<Path> path) {
    file = path;
  }

  void offer(String line) {
    if (!queue.offer(line)) {
      dropped.incrementAndGet();
    }
  }

  private void run() {
    List<String> batch = new ArrayList<>();
    while (true) {
      batch.clear();
      try {
        String first = queue.poll(closed ? 0 : 200, TimeUnit.MILLISECONDS);
        if (first == null) {
          if (closed) {
            return;
          }
          continue;
        }
        batch.add(first);
      } catch (InterruptedException e) {
        // Nobody ends this thread but close(), and it does not interrupt.
        continue;
      }
      queue.drainTo(batch);
      long lost = dropped.getAndSet(0);
      if (lost > 0) {
        batch.add(
            "... " + lost + " log lines were dropped: the log could not be written in time\n");
      }
      write(batch);
    }
  }

  private void write(List<String> batch) {
    byte[] bytes = String.join("", batch).getBytes(StandardCharsets.UTF_8);
    Optional<Path> target = file;
    try {
      if (target.isEmpty()) {
        standardOutput.write(bytes);
        standardOutput.flush();
        return;
      }
      // Opened for each batch, as Redis does for each line: a rotated file needs no signal.
      try (OutputStream out =
          Files.newOutputStream(
              target.get(), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
        out.write(bytes);
      }
    } catch (IOException e) {
      // There is no other place to say it; the next line that can be written tells the number.
      dropped.addAndGet(batch.size());
    }
  }

  /** Writes what is queued, within two seconds, and ends the thread. */
  @Override
  public void close() {
    closed = true;
    // No interrupt: it would break off a write to a file. An empty line wakes the thread.
    queue.offer("");
    try {
      thread.join(CLOSE_TIMEOUT_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
