package org.chronolith.server;

import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.chronolith.engine.memory.SlabSource;
import org.chronolith.engine.snapshot.SnapshotEnv;
import org.chronolith.network.NetworkLoop;
import org.chronolith.replicationlog.LogStore;
import org.chronolith.server.logging.ServerLog;
import org.chronolith.server.recovery.DirectoryDisk;
import org.chronolith.server.work.Workers;

/**
 * What a node stands on: threads, clocks, sockets and disks. A simulation puts its own in the place
 * of the machine's.
 *
 * @param loops makes the loop of this name
 * @param disk for the small files of the data directory and its generations
 * @param slabs makes the source of the keyspace's memory, which the node closes
 * @param hashSeeds for hash tables: nobody else may know them
 * @param end how the process ends
 */
record Platform(
    Function<String, NetworkLoop> loops,
    Workers workers,
    LogStore logs,
    SnapshotEnv snapshots,
    DirectoryDisk disk,
    Supplier<SlabSource> slabs,
    LongSupplier hashSeeds,
    End end) {
  private static final int READY_SLABS = 64;

  /** The machine. */
  static final Platform REAL =
      new Platform(
          name -> new NetworkLoop(name, true),
          Workers.THREADS,
          LogStore.SYSTEM,
          SnapshotEnv.REAL,
          DirectoryDisk.SYSTEM,
          () -> SlabSource.start(READY_SLABS, DirectMemory.limitBytes()),
          RandomGenerator.getDefault()::nextLong,
          new ProcessEnd());

  /** How the process ends. Thread: any. */
  interface End {
    /** In order: the hooks run. */
    void exit(int status);

    /** At once: what is in memory cannot be relied on. */
    void halt(String reason, Throwable cause);
  }

  private static final class ProcessEnd implements End {
    @Override
    public void exit(int status) {
      System.exit(status);
    }

    @Override
    public void halt(String reason, Throwable cause) {
      ServerLog.close();
      Runtime.getRuntime().halt(1);
    }
  }

  /** The same with logs elsewhere. */
  Platform with(LogStore otherLogs) {
    return new Platform(loops, workers, otherLogs, snapshots, disk, slabs, hashSeeds, end);
  }
}
