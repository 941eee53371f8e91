package org.chronolith.server.recovery;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.chronolith.engine.snapshot.Checkpoint;
import org.chronolith.engine.snapshot.SnapshotStore;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.LogBranch;
import org.chronolith.replicationlog.LogReader;
import org.chronolith.replicationlog.ReplicationLog;

/**
 * Makes a generation that ends where this node's history and its master's diverge: the checkpoint
 * below that point, its files shared by hard links, and the log of the live generation up to it,
 * its older segments shared as well: whoever follows this node later may need more of it than the
 * checkpoint does. What the live log has behind it is written to a log of its own beside the
 * generations, for whoever wants to look at it. Then the switch.
 *
 * <p>Thread: {@code loader}; it waits for the disk.
 */
final class RewindLoad {
  private static final int CHUNK_BYTES = 1 << 20;

  private final DataDirectory data;
  private final Recovery.Settings settings;
  private final Generation generation;
  private final ReplicationLog live;
  private final long divergence;

  /**
   * @param live log of the live generation, to which nothing is appended meanwhile
   * @param divergence offset up to which it is the master's stream, and where a command begins
   */
  RewindLoad(
      DataDirectory data,
      Recovery.Settings settings,
      Generation generation,
      ReplicationLog live,
      long divergence) {
    this.data = data;
    this.settings = settings;
    this.generation = generation;
    this.live = live;
    this.divergence = divergence;
  }

  Recovered run(Optional<Checkpoint> checkpoint, RecoveryTarget target, Cancellation cancellation) {
    Recovered made = make(checkpoint, target, cancellation);
    // When it is the live one: that the older ones cannot be removed must not look like a failure.
    KeptAside.bound(data, data.directory(), DiscardedTail.PREFIX);
    return made;
  }

  private Recovered make(
      Optional<Checkpoint> checkpoint, RecoveryTarget target, Cancellation cancellation) {
    long startedNanos = System.nanoTime();
    SnapshotStore store = null;
    ReplicationLog log = null;
    Path discarded = null;
    try {
      if (checkpoint.isEmpty() && data.current().orElseThrow().hasBase()) {
        throw new RecoveryException("the log begins with data of which no snapshot is left");
      }
      store = settings.openSnapshots(generation);
      long items = 0;
      long from = 0;
      int db = 0;
      if (checkpoint.isPresent()) {
        Checkpoint installed = install(store, checkpoint.get());
        items =
            store.load(
                installed,
                (key, value) -> {
                  cancellation.check();
                  target.item(key, value);
                });
        target.itemsEnd();
        from = installed.offset();
        db = installed.meta().selectedDb();
        data.begins(generation, from, installed.meta().keys());
      }
      data.beginsAsLive(generation);
      target.select(db);
      log = log(from, db);
      replay(log, from, target, cancellation);
      log.sync();
      discarded = DiscardedTail.keep(data, settings, live, divergence, target.db());
      Recovery.refuseFailed(log);
      cancellation.commit();
      data.switchTo(generation);
      return new Recovered(
          generation,
          store,
          log,
          target.db(),
          items,
          divergence - from,
          target.appliedCommands(),
          TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedNanos));
    } catch (SwitchedException e) {
      // What is open stays so: the process ends, and nothing may hide why.
      throw e;
    } catch (IOException | RuntimeException | Error e) {
      RdbLoad.closeAfter(e, store, log);
      data.remove(generation);
      if (discarded != null) {
        // The live generation still has what is in it: attempts that fail must not pile up.
        DiscardedTail.remove(data, discarded);
      }
      throw new RecoveryException("going back to " + divergence + " failed: " + e.getMessage(), e);
    }
  }

  private Checkpoint install(SnapshotStore store, Checkpoint checkpoint) throws IOException {
    Files.createDirectories(generation.incoming());
    List<Path> files;
    try (Stream<Path> entries = Files.list(checkpoint.directory())) {
      files = entries.toList();
    }
    for (Path file : files) {
      Files.createLink(generation.incoming().resolve(file.getFileName()), file);
    }
    return store.install(generation.incoming());
  }

  /**
   * The log of the new generation, with as much of the live one as lies in segments that end at or
   * below the divergence, but no less than up to the checkpoint.
   *
   * @param from offset of the checkpoint
   * @param db that the stream has selected there
   */
  private ReplicationLog log(long from, int db) {
    History history = live.history().lowerTo(divergence);
    Optional<LogBranch> branch = settings.branchLog(live, generation.log(), divergence);
    if (branch.isEmpty()) {
      return settings.createLog(generation.log(), from, history, db);
    }
    ReplicationLog log = branch.get().log();
    try {
      LogSpace.appendIdentity(log, history, branch.get().db());
      if (log.endOffset() < from) {
        EffectCopy.append(live, log, from, branch.get().db());
        if (log.endOffset() < from) {
          throw new RecoveryException("no command ends at " + from + ", where a snapshot does");
        }
      }
      return log;
    } catch (RuntimeException | Error e) {
      RdbLoad.closeAfter(e, null, log);
      throw e;
    }
  }

  /** Applies what follows the checkpoint, and appends what the log does not have yet. */
  private void replay(
      ReplicationLog log, long from, RecoveryTarget target, Cancellation cancellation) {
    ByteBuf bytes = Unpooled.directBuffer(2 * CHUNK_BYTES);
    try (LogReader reader = live.reader(from)) {
      long shared = log.endOffset();
      while (reader.offset() < divergence) {
        cancellation.check();
        // Never across the end of what is shared: a commit ends there.
        long until = reader.offset() < shared ? shared : divergence;
        boolean append = reader.offset() >= shared;
        int most = (int) Math.min(CHUNK_BYTES, until - reader.offset());
        if (reader.read(bytes, most) == 0) {
          throw new RecoveryException("the log ends at " + reader.offset());
        }
        int start = bytes.readerIndex();
        int db = target.db();
        target.apply(bytes);
        if (append) {
          LogSpace.append(log, bytes, start, bytes.readerIndex() - start, db);
        }
        bytes.discardReadBytes();
        if (reader.offset() == shared && bytes.isReadable()) {
          throw new RecoveryException("no command ends at " + shared + ", where a segment does");
        }
      }
    } finally {
      bytes.release();
    }
    if (log.endOffset() != divergence) {
      throw new RecoveryException("no command ends there, but one at " + log.endOffset());
    }
  }
}
