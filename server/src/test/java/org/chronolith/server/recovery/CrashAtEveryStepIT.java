package org.chronolith.server.recovery;

import static org.chronolith.server.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.snapshot.Checkpoint;
import org.chronolith.engine.snapshot.SnapshotConfig;
import org.chronolith.engine.snapshot.SnapshotDisk;
import org.chronolith.engine.snapshot.SnapshotEnv;
import org.chronolith.engine.snapshot.SnapshotListener;
import org.chronolith.engine.snapshot.SnapshotMeta;
import org.chronolith.engine.snapshot.SnapshotSession;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.LogConfig;
import org.chronolith.replicationlog.LogDisk;
import org.chronolith.replicationlog.LogListener;
import org.chronolith.replicationlog.LogStore;
import org.chronolith.replicationlog.ReplicationLog;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The power fails before each step that a life of a data directory does to the disk, to log,
 * snapshots and metadata files. What is left is opened by the real recovery and held against what
 * was acknowledged and what replicas were told: the start is not refused, nothing durable is lost,
 * nothing is there that was never written, nobody continues under an id with other bytes, and
 * nothing half-made stays behind.
 */
@Tag("slow")
class CrashAtEveryStepIT {
  private static final int MIB = 1 << 20;

  @TempDir Path root;

  /** A replica was told these bytes under that id: perhaps more than is on disk. */
  private record Fed(String id, byte[] stream) {}

  /**
   * What the directory may hold.
   *
   * @param durable bytes of the stream that were acknowledged as durable
   */
  private record State(byte[] stream, int durable) {}

  /** One data directory through its lives, with the model of what it must hold. */
  private final class Life {
    final Path directory = root.resolve("data");
    final ForgetfulDirectory disk = new ForgetfulDirectory(directory);
    final long seed;
    final Random random;
    final List<Fed> fed = new ArrayList<>();
    State state = new State(new byte[0], 0);
    State orElse;
    String claims;
    int crashes;
    AssertionError failure;

    DataDirectory data;
    LineKeyspace keyspace;
    Recovered recovered;
    Completions completions;

    Life(long seed) {
      this.seed = seed;
      random = new Random(seed);
      disk.beforeEach(this::crash);
    }

    void start(boolean replica) {
      data = DataDirectory.open(directory, disk.directoryDisk());
      keyspace = new LineKeyspace();
      completions = new Completions();
      recovered =
          new Recovery(data, settings(disk.logDisk(), completions, disk.snapshotDisk()))
              .start(() -> keyspace, replica, 0);
      recovered.log().adopt();
      NodeId.of(disk.directoryDisk(), directory);
    }

    ReplicationLog log() {
      return recovered.log();
    }

    void append(String text) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      ByteBuf buffer = Unpooled.directBuffer().writeBytes(bytes);
      await(() -> log().canAppend(bytes.length));
      synchronized (disk) {
        byte[] grown = Arrays.copyOf(state.stream(), state.stream().length + bytes.length);
        System.arraycopy(bytes, 0, grown, state.stream().length, bytes.length);
        state = new State(grown, state.durable());
      }
      int db = keyspace.db();
      keyspace.apply(buffer.duplicate());
      log().append(buffer, 0, bytes.length, db, 1);
      buffer.release();
    }

    /** Replicas get what is in the log, durable or not, once the id is. */
    void feed() {
      if (log().durableIdentity()) {
        synchronized (disk) {
          fed.add(new Fed(log().history().currentId(), state.stream()));
        }
      }
    }

    void sync() {
      log().sync();
      synchronized (disk) {
        state = new State(state.stream(), (int) log().durableOffset());
      }
    }

    Checkpoint snapshot() {
      sync();
      completions.last = null;
      recovered.snapshots().requireFull();
      SnapshotSession session = recovered.snapshots().begin();
      assertTrue(session.offer(keyspace.batch()));
      History history = recovered.history();
      assertTrue(
          session.finish(
              new SnapshotMeta(
                  log().endOffset(),
                  history.currentId(),
                  keyspace.db(),
                  1,
                  keyspace.map.size(),
                  HistoryAttributes.of(history))));
      await(() -> completions.last != null);
      return completions.last;
    }

    void promote() {
      log().appendIdentity(log().history().newId(log().endOffset()), keyspace.db(), 1);
      sync();
    }

    void stop(boolean clean) {
      feed();
      if (clean) {
        log().markClean(keyspace.db(), 1);
      }
      String id = log().history().currentId();
      long end = log().endOffset();
      recovered.close();
      synchronized (disk) {
        state = new State(state.stream(), state.stream().length);
      }
      if (clean) {
        data.stoppedAsMaster(id, end);
      }
      data.close();
    }

    /** The generation that is live from now on holds {@code next}; until then either may be. */
    void switchTo(State next, java.util.function.Function<Recovery, Recovered> work) {
      synchronized (disk) {
        orElse = next;
      }
      Recovered before = recovered;
      recovered =
          work.apply(
              new Recovery(data, settings(disk.logDisk(), completions, disk.snapshotDisk())));
      synchronized (disk) {
        state = next;
        orElse = null;
        fed.clear();
      }
      before.close();
      data.removeOthers(recovered.generation());
      recovered.log().adopt();
    }

    /** Called with the lock of the disk. */
    void crash(long step, String what) {
      if (failure != null) {
        return;
      }
      String context = "seed " + seed + ", before step " + step + " (" + what + ")";
      try {
        check(null, context + ", all that was not forced is lost");
        check(new Random(random.nextLong()), context + ", some of what was not forced is lost");
      } catch (IOException | RuntimeException | AssertionError e) {
        failure = new AssertionError(context + ": " + e.getMessage(), e);
      }
    }

    private void check(Random lost, String context) throws IOException {
      Path image = root.resolve("image-" + crashes++);
      disk.crashInto(image, lost);
      boolean replica = random.nextInt(4) == 0;
      LineKeyspace found = new LineKeyspace();
      try (DataDirectory opened = DataDirectory.open(image)) {
        Recovered after =
            new Recovery(opened, settings(LogDisk.SYSTEM, new Completions(), SnapshotDisk.REAL))
                .start(() -> found, replica, 0);
        try {
          checkData(found, after.log(), context);
          if (!replica) {
            checkReplicas(after.log(), context);
          }
        } finally {
          after.close();
        }
        assertTrue(History.isId(NodeId.of(image)), context);
        assertEquals(1, opened.generations().size(), context);
      }
      Path file = image.resolve("REPLICAS");
      if (claims != null) {
        assertTrue(Files.exists(file), context);
      }
      if (Files.exists(file)) {
        assertTrue(Files.readString(file).startsWith("claims "), context);
      }
      try (Stream<Path> names = Files.list(image)) {
        for (Path path : names.toList()) {
          String name = path.getFileName().toString();
          assertFalse(name.endsWith(".next") || name.endsWith(".removing"), context + name);
        }
      }
      removeTree(image);
    }

    private void checkData(LineKeyspace found, ReplicationLog log, String context) {
      int end = (int) log.endOffset();
      List<State> allowed = orElse == null ? List.of(state) : List.of(state, orElse);
      boolean any = false;
      for (State one : allowed) {
        any |=
            end >= one.durable()
                && end <= one.stream().length
                && found.map.equals(replay(one.stream(), end));
      }
      assertTrue(
          any,
          () ->
              context
                  + ": ends at "
                  + end
                  + " with "
                  + found.map
                  + ", allowed: "
                  + allowed.stream()
                      .map(
                          one ->
                              one.durable()
                                  + " to "
                                  + one.stream().length
                                  + " of "
                                  + new String(one.stream(), StandardCharsets.UTF_8))
                      .toList());
    }

    /** No replica is ahead under the id that goes on, and none that is not ahead has to resync. */
    private void checkReplicas(ReplicationLog log, String context) {
      History history = log.history();
      for (Fed replica : fed) {
        if (orElse == null && replica.stream().length <= log.endOffset()) {
          assertTrue(
              history.validTo(replica.id()) >= replica.stream().length,
              () -> context + ": " + replica.id() + " cannot continue in " + history);
        }
        if (history.currentId().equals(replica.id())) {
          assertTrue(
              replica.stream().length <= log.endOffset(),
              () ->
                  context
                      + ": goes on under "
                      + replica.id()
                      + " at "
                      + log.endOffset()
                      + ", where a replica has "
                      + replica.stream().length);
        }
      }
    }
  }

  private static Map<String, String> replay(byte[] stream, int end) {
    LineKeyspace keyspace = new LineKeyspace();
    ByteBuf bytes = Unpooled.copiedBuffer(stream, 0, end);
    keyspace.apply(bytes);
    bytes.release();
    return keyspace.map;
  }

  private static void removeTree(Path tree) throws IOException {
    List<Path> deepestFirst;
    try (Stream<Path> paths = Files.walk(tree)) {
      deepestFirst = paths.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : deepestFirst) {
      Files.deleteIfExists(path);
    }
  }

  private static Recovery.Settings settings(
      LogDisk logDisk, SnapshotListener listener, SnapshotDisk snapshotDisk) {
    return new Recovery.Settings(
        CrashAtEveryStepIT::logConfig,
        LogStore.on(logDisk),
        log -> LogListener.none(),
        SnapshotConfig::defaults,
        listener,
        SnapshotEnv.on(snapshotDisk));
  }

  private static LogConfig logConfig(Path path) {
    return LogConfig.of(path)
        .withBlocks(MIB, 64 * 1024)
        .withSegmentBytes(MIB)
        .withHeadroom(4 * MIB, MIB, 0)
        .withRetention(1, 0);
  }

  private static final class Completions implements SnapshotListener {
    private volatile Checkpoint last;

    @Override
    public void completed(Checkpoint checkpoint, long elapsedMs, long newBytes) {
      last = checkpoint;
    }

    @Override
    public void failed(SnapshotSession session, EngineException cause) {
      throw new AssertionError(cause);
    }

    @Override
    public void ignored(Path path, String reason) {
      assertFalse(reason.isEmpty(), path.toString());
    }

    @Override
    public void notRemoved(Path path, String reason) {
      throw new AssertionError(path + ": " + reason);
    }
  }

  private interface Scenario {
    void run(Life life) throws IOException;
  }

  private void crashAtEveryStepOf(Scenario scenario) throws IOException {
    Life life = new Life(new Random().nextLong());
    try {
      scenario.run(life);
    } finally {
      synchronized (life.disk) {
        life.disk.beforeEach((step, what) -> {});
      }
      if (life.recovered != null) {
        life.recovered.close();
        life.data.close();
      }
    }
    if (life.failure != null) {
      throw life.failure;
    }
    assertTrue(life.disk.steps() > 10 && life.crashes >= 2 * life.disk.steps() - 60);
  }

  @Test
  void shouldSurviveAFirstStartWritesAndPromotion() throws IOException {
    crashAtEveryStepOf(
        life -> {
          life.start(false);
          life.append("S 1\na=1\n");
          life.feed();
          life.sync();
          life.append("b=2\n");
          life.feed();
          life.promote();
          life.append("a=3\n");
          life.feed();
          life.sync();
        });
  }

  @Test
  void shouldSurviveStopsCleanAndUncleanWithUnforcedWritesAfterEach() throws IOException {
    crashAtEveryStepOf(
        life -> {
          for (int i = 0; i < 4; i++) {
            life.start(false);
            life.append("S " + i + "\na=" + i + "\n");
            life.feed();
            life.append("b=" + i + "\n");
            life.feed();
            life.stop(i != 2);
          }
          life.recovered = null;
        });
  }

  @Test
  void shouldSurviveSnapshotsThatReplaceEachOther() throws IOException {
    crashAtEveryStepOf(
        life -> {
          life.start(false);
          for (int i = 0; i < 4; i++) {
            life.append("S " + i + "\na=" + i + "\n");
            life.feed();
            life.snapshot();
            life.append("b=" + i + "\n");
            life.feed();
          }
        });
  }

  @Test
  void shouldSurviveClaimsThatAreRewritten() throws IOException {
    crashAtEveryStepOf(
        life -> {
          life.start(false);
          for (int i = 0; i < 4; i++) {
            String text = "claims " + i;
            ForcedFile.write(life.disk.directoryDisk(), life.directory.resolve("REPLICAS"), text);
            synchronized (life.disk) {
              life.claims = text;
            }
          }
        });
  }

  @Test
  void shouldSurviveAFullSyncsSwitch() throws IOException {
    Path elsewhere = Files.createDirectory(root.resolve("master"));
    byte[] stream = "S 7\na=9\nc=8\n".getBytes(StandardCharsets.UTF_8);
    Completions completions = new Completions();
    crashAtEveryStepOf(
        life -> {
          life.start(true);
          life.append("S 1\na=1\n");
          life.sync();
          life.snapshot();
          Life master = new Life(1);
          master.disk.beforeEach((step, what) -> {});
          try (DataDirectory other = DataDirectory.open(elsewhere)) {
            master.recovered =
                new Recovery(other, settings(LogDisk.SYSTEM, completions, SnapshotDisk.REAL))
                    .start(() -> master.keyspace = new LineKeyspace(), false, 0);
            master.completions = completions;
            master.recovered.log().adopt();
            master.append(new String(stream, StandardCharsets.UTF_8));
            Checkpoint sent = master.snapshot();
            Generation generation = life.data.newGeneration();
            Files.createDirectory(generation.incoming());
            try (Stream<Path> files = Files.list(sent.directory())) {
              for (Path file : files.toList()) {
                Files.copy(file, generation.incoming().resolve(file.getFileName()));
              }
            }
            life.switchTo(
                new State(stream, stream.length),
                recovery ->
                    recovery.fullSync(
                        generation,
                        life.keyspace = new LineKeyspace(),
                        master.recovered.history().currentId(),
                        true,
                        new Cancellation()));
            master.recovered.close();
          }
          life.append("d=1\n");
          life.sync();
        });
  }

  @Test
  void shouldSurviveThatALogIsSetAsideWhichEndsBeforeItsSnapshot() throws IOException {
    crashAtEveryStepOf(
        life -> {
          life.start(false);
          life.append("S 2\na=1\n");
          life.snapshot();
          History history = life.log().history();
          life.stop(false);
          life.disk.beforeEach((step, what) -> {});
          Path log = life.directory.resolve("gen-1/log");
          removeTree(log);
          Files.createDirectory(log);
          ReplicationLog.create(logConfig(log), LogListener.none(), 0, history, 0).close();
          life.disk.allIsForced();
          life.disk.beforeEach(life::crash);
          life.start(false);
          life.append("b=2\n");
          life.feed();
          life.sync();
        });
  }

  @Test
  void shouldSurviveARewind() throws IOException {
    crashAtEveryStepOf(
        life -> {
          life.start(true);
          life.append("S 1\na=1\n");
          life.snapshot();
          Checkpoint checkpoint = life.recovered.snapshots().newest().orElseThrow();
          life.append("b=2\n");
          byte[] kept = life.state.stream();
          life.append("c=3\n");
          life.sync();
          Generation generation = life.data.newGeneration();
          ReplicationLog live = life.log();
          life.switchTo(
              new State(kept, kept.length),
              recovery ->
                  recovery.rewind(
                      generation,
                      life.keyspace = new LineKeyspace(),
                      live,
                      Optional.of(checkpoint),
                      kept.length,
                      new Cancellation()));
          life.append("d=4\n");
          life.sync();
        });
  }
}
