package org.chronolith.server.replication;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.chronolith.engine.rdb.RdbVersion;
import org.chronolith.engine.rdb.RdbWriter;
import org.chronolith.engine.snapshot.Checkpoint;
import org.chronolith.server.config.ServerVersion;

/**
 * Makes RDBs from checkpoints: while they are sent, for replicas that find the end of a stream by
 * its mark, else into files that have no name any more when they are sent. It needs memory for a
 * small part of the data, and for the largest value.
 *
 * <p>Thread: {@code rdb-<n>}, each with one RDB; all other methods are for any.
 */
final class RdbMaker implements AutoCloseable {
  private static final long IDLE_SECONDS = 10;

  private final ReplicationHost host;
  private final AtomicInteger threads = new AtomicInteger();
  private final ThreadPoolExecutor executor;

  /**
   * What is made.
   *
   * @param checkpoint retained by the caller, released here
   * @param version that the replica reads
   * @param keys whether any key goes into it; if not it has the auxiliary fields alone
   */
  record Wanted(Checkpoint checkpoint, String replicationId, RdbVersion version, boolean keys) {}

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
            new LinkedBlockingQueue<>(),
            this::thread);
    executor.allowCoreThreadTimeOut(true);
  }

  private Thread thread(Runnable task) {
    Thread thread = new Thread(task, "rdb-" + threads.getAndIncrement());
    thread.setDaemon(true);
    return thread;
  }

  /**
   * Makes an RDB in a file.
   *
   * @param then takes the file over
   * @param failed called instead if it cannot be made
   */
  void file(Wanted wanted, Consumer<Rdb> then, Consumer<Throwable> failed) {
    executor.execute(
        () -> {
          try {
            then.accept(write(wanted));
          } catch (IOException | RuntimeException | Error e) {
            // Whatever it is: the replica must not wait for ever.
            failed.accept(e);
          } finally {
            wanted.checkpoint().release();
          }
        });
  }

  /**
   * Makes an RDB that is read at the same time.
   *
   * @param begun when its turn has come, before the first byte
   */
  void stream(Wanted wanted, RdbPipe pipe, Runnable begun) {
    executor.execute(
        () -> {
          try {
            begun.run();
            write(wanted, pipe);
            pipe.end();
          } catch (IOException | RuntimeException | Error e) {
            pipe.fail(e);
          } finally {
            wanted.checkpoint().release();
          }
        });
  }

  private Rdb write(Wanted wanted) throws IOException {
    Path path = Files.createTempFile(host.data().directory(), "replica-", ".rdb");
    FileChannel file = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
    Files.delete(path);
    try {
      return new Rdb(file, write(wanted, file));
    } catch (IOException | RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  private long write(Wanted wanted, WritableByteChannel out) throws IOException {
    Checkpoint checkpoint = wanted.checkpoint();
    Map<String, String> auxiliary = new LinkedHashMap<>();
    auxiliary.put("redis-ver", ServerVersion.REDIS);
    auxiliary.put("redis-bits", "64");
    auxiliary.put("ctime", Long.toString(checkpoint.meta().createdMs() / 1000));
    auxiliary.put("repl-stream-db", Integer.toString(checkpoint.meta().selectedDb()));
    auxiliary.put("repl-id", wanted.replicationId());
    auxiliary.put("repl-offset", Long.toString(checkpoint.offset()));
    auxiliary.put("aof-base", "0");
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
