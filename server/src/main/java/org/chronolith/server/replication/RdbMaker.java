package org.chronolith.server.replication;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.chronolith.engine.rdb.RdbVersion;
import org.chronolith.engine.rdb.RdbWriter;
import org.chronolith.engine.snapshot.Checkpoint;
import org.chronolith.server.recovery.CheckedChannel;
import org.chronolith.server.recovery.RdbAuxiliary;
import org.chronolith.server.recovery.SpaceFloor;

/**
 * Makes RDBs from checkpoints: while they are sent, for replicas that find the end of a stream by
 * its mark, else into files that have no name any more when they are sent. It needs memory for a
 * small part of the data, and for the largest value.
 *
 * <p>Thread: {@code rdb-<n>}, each with one RDB; all other methods are for any.
 */
final class RdbMaker implements AutoCloseable {
  private static final long IDLE_SECONDS = 10;

  /** Who comes when so many wait is refused, and comes again. */
  static final int MOST_WAITING = 64;

  private final ReplicationHost host;
  private final AtomicInteger threads = new AtomicInteger();
  private final ThreadPoolExecutor executor;

  /**
   * What is made.
   *
   * @param checkpoint retained by the caller, released here
   * @param version that the replica reads
   * @param keys whether any key goes into it; if not it has the auxiliary fields alone
   * @param gone whether nobody waits for it any more; asked from any thread
   */
  record Wanted(
      Checkpoint checkpoint,
      String replicationId,
      RdbVersion version,
      boolean keys,
      BooleanSupplier gone) {}

  /** A finished one. */
  record Rdb(FileChannel file, long bytes) {}

  /**
   * @param mostAtOnce who comes beyond waits; streams take as long as their replicas do, which are
   *     disconnected when they stand still
   */
  RdbMaker(ReplicationHost host, int mostAtOnce) {
    this.host = host;
    executor =
        new ThreadPoolExecutor(
            mostAtOnce,
            mostAtOnce,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MOST_WAITING),
            this::thread);
    executor.allowCoreThreadTimeOut(true);
  }

  private Thread thread(Runnable task) {
    Thread thread = new Thread(task, "rdb-" + threads.getAndIncrement());
    thread.setDaemon(true);
    return thread;
  }

  /**
   * Makes an RDB in a file; not if nobody waits for it when its turn has come.
   *
   * @param then takes the file over
   * @param failed called instead if it cannot be made; on this thread if too many wait
   */
  void file(Wanted wanted, Consumer<Rdb> then, Consumer<Throwable> failed) {
    begin(new Task(wanted, () -> then.accept(write(wanted)), failed));
  }

  /**
   * Makes an RDB that is read at the same time; not if nobody waits for it when its turn has come.
   *
   * @param begun when its turn has come, before the first byte
   * @param refused called instead if too many wait, on this thread
   */
  void stream(Wanted wanted, RdbPipe pipe, Runnable begun, Consumer<Throwable> refused) {
    Task task =
        new Task(
            wanted,
            () -> {
              begun.run();
              write(wanted, pipe);
              pipe.end();
            },
            pipe::fail);
    begin(task, refused);
  }

  private void begin(Task task) {
    begin(task, task.failed);
  }

  private void begin(Task task, Consumer<Throwable> refused) {
    forgetGone();
    try {
      executor.execute(task);
    } catch (RejectedExecutionException e) {
      task.wanted.checkpoint().release();
      refused.accept(
          new IOException(
              executor.isShutdown()
                  ? "this node stops"
                  : MOST_WAITING + " others wait for an RDB already",
              e));
    }
  }

  /**
   * Those that wait for their turn, and for whom nobody waits any more, let go of what they hold.
   */
  void forgetGone() {
    for (Runnable waiting : executor.getQueue()) {
      if (waiting instanceof Task task
          && task.wanted.gone().getAsBoolean()
          && executor.getQueue().remove(task)) {
        task.wanted.checkpoint().release();
      }
    }
  }

  /** Makes one RDB. */
  private interface Making {
    void run() throws IOException;
  }

  /** One that waits for its turn, or has it. */
  private static final class Task implements Runnable {
    private final Wanted wanted;
    private final Making making;
    private final Consumer<Throwable> failed;

    Task(Wanted wanted, Making making, Consumer<Throwable> failed) {
      this.wanted = wanted;
      this.making = making;
      this.failed = failed;
    }

    @Override
    public void run() {
      try {
        if (!wanted.gone().getAsBoolean()) {
          making.run();
        }
      } catch (IOException | RuntimeException | Error e) {
        // Whatever it is: the replica must not wait for ever.
        failed.accept(e);
      } finally {
        wanted.checkpoint().release();
      }
    }
  }

  private Rdb write(Wanted wanted) throws IOException {
    SpaceFloor floor = host.spaceFloor();
    floor.require(wanted.keys() ? wanted.checkpoint().totalBytes() : 0);
    Path path = Files.createTempFile(host.data().directory(), "replica-", ".rdb");
    FileChannel file = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
    Files.delete(path);
    try {
      WritableByteChannel out =
          new CheckedChannel(floor.above(file), bytes -> requireAwaited(wanted));
      return new Rdb(file, write(wanted, out));
    } catch (IOException | RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  private static void requireAwaited(Wanted wanted) throws IOException {
    if (wanted.gone().getAsBoolean()) {
      throw new IOException("it has gone, and needs no RDB any more");
    }
  }

  private long write(Wanted wanted, WritableByteChannel out) throws IOException {
    Checkpoint checkpoint = wanted.checkpoint();
    Map<String, String> auxiliary = RdbAuxiliary.of(checkpoint.meta(), wanted.replicationId());
    if (wanted.keys()) {
      return host.writeRdb(checkpoint, wanted.version(), auxiliary, out);
    }
    try (RdbWriter writer = new RdbWriter(out, wanted.version())) {
      writer.begin(auxiliary);
      return writer.end();
    }
  }

  /** Starts no more; what is being made ends as soon as it has to wait. */
  @Override
  public void close() {
    executor.shutdownNow();
  }
}
