package org.chronolith.bench.recovery;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.chronolith.bench.BenchException;
import org.chronolith.bench.load.KeyRequests;
import org.chronolith.bench.process.ServerProcess;
import org.chronolith.bench.resp.RespConnection;

/** Fills a server, ends it and starts it again. */
final class RecoveryRun {

  private static final int PIPELINE = 64;
  private static final long SAVE_DEADLINE_NS = TimeUnit.MINUTES.toNanos(5);
  private static final long MIB = 1 << 20;

  private final Function<List<String>, ServerProcess> starter;
  private final List<String> noSnapshots;
  private final List<String> save;
  private final KeyRequests sets;
  private final int valueBytes;
  private final SplittableRandom random = new SplittableRandom(1);

  /**
   * @param noSnapshots directives by which the server keeps its log as it is, but for a stop
   * @param save the command that makes the log's beginning needless
   */
  RecoveryRun(
      Function<List<String>, ServerProcess> starter,
      List<String> noSnapshots,
      List<String> save,
      int valueBytes) {
    this.starter = starter;
    this.noSnapshots = noSnapshots;
    this.save = save;
    this.valueBytes = valueBytes;
    this.sets = KeyRequests.sets(PIPELINE, valueBytes);
  }

  /** A clean stop and a kill of a server with so many keys. */
  List<Restart> byKeys(int keys) {
    List<Restart> restarts = new ArrayList<>();
    try (ServerProcess server = starter.apply(noSnapshots)) {
      load(server, keys);
      restarts.add(restart(server, true, keys, 0));
    }
    try (ServerProcess server = starter.apply(noSnapshots)) {
      load(server, keys);
      save(server);
      restarts.add(restart(server, false, keys, 0));
    }
    return restarts;
  }

  /** A kill of a server that has saved {@code keys} keys and then was written to. */
  Restart byLog(int keys, int logMib) {
    try (ServerProcess server = starter.apply(noSnapshots)) {
      load(server, keys);
      save(server);
      overwrite(server, keys, logMib * MIB / valueBytes);
      return restart(server, true, keys, logMib);
    }
  }

  private static Restart restart(ServerProcess server, boolean crash, int keys, int logMib) {
    double seconds = server.restart(crash);
    try (RespConnection connection = server.connect()) {
      long found = (Long) connection.call("DBSIZE");
      if (found != keys) {
        throw new BenchException(
            server.name() + " has " + found + " of " + keys + " keys after its restart");
      }
    }
    return new Restart(server.name(), crash, keys, logMib, seconds);
  }

  private void load(ServerProcess server, int keys) {
    try (RespConnection connection = server.connect()) {
      for (int next = 0; next < keys; next += PIPELINE) {
        int count = Math.min(PIPELINE, keys - next);
        for (int i = 0; i < count; i++) {
          sets.setKey(i, next + i);
          sets.setValue(i, random);
        }
        sets.send(connection, count);
        connection.skipReplies(count);
      }
    }
  }

  private void overwrite(ServerProcess server, int keys, long count) {
    try (RespConnection connection = server.connect()) {
      for (long done = 0; done < count; done += PIPELINE) {
        for (int i = 0; i < PIPELINE; i++) {
          sets.setKey(i, random.nextInt(keys));
          sets.setValue(i, random);
        }
        sets.send(connection, PIPELINE);
        connection.skipReplies(PIPELINE);
      }
    }
  }

  private void save(ServerProcess server) {
    try (RespConnection connection = server.connect()) {
      connection.call(save.toArray(new String[0]));
      long deadline = System.nanoTime() + SAVE_DEADLINE_NS;
      while (!connection.info("persistence", "rdb_bgsave_in_progress").equals("0")
          || !connection.info("persistence", "aof_rewrite_in_progress").equals("0")) {
        if (System.nanoTime() > deadline) {
          throw new BenchException(server.name() + " does not end its save");
        }
        TimeUnit.MILLISECONDS.sleep(10);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchException("interrupted while a server saved", e);
    }
  }
}
