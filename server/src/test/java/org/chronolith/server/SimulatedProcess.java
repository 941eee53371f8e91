package org.chronolith.server;

import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.chronolith.engine.memory.SlabSource;
import org.chronolith.engine.snapshot.SnapshotEnv;
import org.chronolith.network.NetworkLoop;
import org.chronolith.replicationlog.LogStore;
import org.chronolith.replicationlog.ReplicationLog;
import org.chronolith.server.config.ConfigException;
import org.chronolith.server.config.ConfigLoader;
import org.chronolith.server.recovery.DirectoryDisk;
import org.chronolith.server.recovery.Recovered;
import org.chronolith.server.replication.Replication;
import org.chronolith.server.work.Workers;

/** A whole server on a platform that a simulation has made. */
public final class SimulatedProcess {
  private final Server server;

  /** What the server stands on; see {@link Platform}. */
  public record Surroundings(
      Function<String, NetworkLoop> loops,
      Workers workers,
      LogStore logs,
      SnapshotEnv snapshots,
      DirectoryDisk disk,
      LongSupplier hashSeeds,
      BiConsumer<String, Throwable> ended) {}

  public SimulatedProcess(Surroundings around, String... directives) {
    Platform.End end =
        new Platform.End() {
          @Override
          public void exit(int status) {
            around.ended().accept("exit " + status, null);
          }

          @Override
          public void halt(String reason, Throwable cause) {
            around.ended().accept(reason, cause);
          }
        };
    try {
      server =
          new Server(
              ConfigLoader.of(directives),
              new Platform(
                  around.loops(),
                  around.workers(),
                  around.logs(),
                  around.snapshots(),
                  around.disk(),
                  SlabSource::inline,
                  around.hashSeeds(),
                  end));
    } catch (ConfigException e) {
      throw new IllegalArgumentException(e);
    }
  }

  public void start() {
    server.start();
  }

  public void beginStop() {
    server.beginStop();
  }

  public boolean isStopped() {
    return server.isStopped();
  }

  public void finishStop() {
    server.finishStop();
    server.dataset().close();
  }

  /** See {@link Server#abandon}. */
  public void abandon() {
    server.abandon();
  }

  /** Whether its data is loaded. */
  public boolean isReady() {
    return server.live() != null;
  }

  /** The live log; null before it is loaded. */
  public ReplicationLog log() {
    Recovered live = server.live();
    return live == null ? null : live.log();
  }

  /** What is live; null before it is loaded. */
  public Recovered live() {
    return server.live();
  }

  /** Of all keys and values. */
  public byte[] digest() {
    return server.dataset().keyspace().digest();
  }

  public Replication replication() {
    return server.replication();
  }
}
