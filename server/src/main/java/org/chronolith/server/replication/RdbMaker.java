package org.chronolith.server.replication;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import org.chronolith.engine.snapshot.Checkpoint;
import org.chronolith.server.config.ServerVersion;

/**
 * Makes RDBs from checkpoints, one after the other, into files that have no name any more when they
 * are sent. It needs memory for a second data set while it does so.
 *
 * <p>Thread: {@code rdb}; {@link #make} and {@link #close} are for any other.
 */
final class RdbMaker implements AutoCloseable {
  private final ReplicationHost host;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread rdb = new Thread(task, "rdb");
            rdb.setDaemon(true);
            return rdb;
          });

  /** A finished one. */
  record Rdb(FileChannel file, long bytes) {}

  RdbMaker(ReplicationHost host) {
    this.host = host;
  }

  /**
   * Makes an RDB of {@code checkpoint}, which the caller has retained, and releases it.
   *
   * @param then takes the file over
   * @param failed called instead if it cannot be made
   */
  void make(
      Checkpoint checkpoint, String replicationId, Consumer<Rdb> then, Consumer<Throwable> failed) {
    thread.execute(
        () -> {
          try {
            then.accept(write(checkpoint, replicationId));
          } catch (IOException | RuntimeException e) {
            failed.accept(e);
          } finally {
            checkpoint.release();
          }
        });
  }

  private Rdb write(Checkpoint checkpoint, String replicationId) throws IOException {
    Path path = Files.createTempFile(host.data().directory(), "replica-", ".rdb");
    FileChannel file = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
    Files.delete(path);
    try {
      Map<String, String> auxiliary = new LinkedHashMap<>();
      auxiliary.put("redis-ver", ServerVersion.REDIS);
      auxiliary.put("redis-bits", "64");
      auxiliary.put("ctime", Long.toString(checkpoint.meta().createdMs() / 1000));
      auxiliary.put("repl-stream-db", Integer.toString(checkpoint.meta().selectedDb()));
      auxiliary.put("repl-id", replicationId);
      auxiliary.put("repl-offset", Long.toString(checkpoint.offset()));
      auxiliary.put("aof-base", "0");
      long bytes = host.writeRdb(checkpoint, auxiliary, file);
      return new Rdb(file, bytes);
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /** Starts no more; one that is being made goes on to its end, unseen. */
  @Override
  public void close() {
    thread.shutdownNow();
  }
}
