package org.chronolith.server.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.ExpiryMode;
import org.chronolith.engine.keyspace.KeyspaceConfig;
import org.chronolith.engine.keyspace.KeyspaceLoader;
import org.chronolith.engine.memory.SlabSource;
import org.chronolith.engine.rdb.RdbContents;
import org.chronolith.engine.rdb.RdbListener;
import org.chronolith.engine.rdb.RdbReader;
import org.chronolith.engine.rdb.RdbWriter;
import org.chronolith.engine.snapshot.SnapshotConfig;
import org.chronolith.engine.snapshot.SnapshotListener;
import org.chronolith.engine.types.CollectionLimits;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.LogConfig;
import org.chronolith.replicationlog.LogListener;
import org.chronolith.replicationlog.LogStore;
import org.chronolith.server.command.Dataset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An RDB becomes a generation, or nothing of it stays. */
class RdbLoadTest {
  private static final History MASTERS = History.of("d".repeat(40));
  private static final long OFFSET = 123_456;

  @TempDir Path directory;
  private DataDirectory data;
  private Recovery recovery;

  @BeforeEach
  void startFresh() {
    open();
    try (Target target = new Target()) {
      recovery.start(() -> target, true, 0).close();
    }
  }

  private void open() {
    open(DirectoryDisk.SYSTEM);
  }

  private void open(DirectoryDisk disk) {
    data = DataDirectory.open(directory, disk);
    recovery =
        new Recovery(
            data,
            new Recovery.Settings(
                at -> LogConfig.of(at).withSegmentBytes(1 << 20),
                LogStore.SYSTEM,
                log -> LogListener.none(),
                SnapshotConfig::defaults,
                SnapshotListener.none()));
  }

  @AfterEach
  void close() {
    data.close();
  }

  @Test
  void shouldBeStartedFromAtOnce() throws IOException {
    byte[] rdb = rdb();
    String digest;
    try (Target target = new Target()) {
      Recovered made = load(rdb, target, new Cancellation());
      assertEquals("gen-2", made.generation().toString());
      assertEquals(OFFSET, made.log().startOffset());
      assertEquals(OFFSET, made.snapshotOffset());
      assertEquals(7, made.streamDb());
      assertEquals(501, made.items());
      digest = target.digest();
      // Not even a clean end.
      made.close();
    }
    data.close();
    open();
    try (Target target = new Target()) {
      Recovered again = recovery.start(() -> target, true, 0);
      assertEquals("gen-2", again.generation().toString());
      assertEquals(MASTERS.currentId(), again.history().currentId());
      assertEquals(OFFSET, again.log().endOffset());
      assertEquals(7, again.streamDb());
      assertEquals(digest, target.digest());
      again.close();
    }
  }

  @Test
  void shouldLeaveNothingBehindWhenItIsNotWanted() throws IOException {
    byte[] rdb = rdb();
    Cancellation cancellation = new Cancellation();
    assertTrue(cancellation.cancel());
    assertFails(rdb, cancellation, "not wanted any more");
  }

  @Test
  void shouldLeaveNothingBehindWhenTheRdbIsDamaged() throws IOException {
    byte[] rdb = rdb();
    rdb[rdb.length / 2] ^= 1;
    assertFails(rdb, new Cancellation(), "the RDB is damaged at byte");
    // Which key comes first, and so what is cut through, differs with the seed of the hash.
    assertFails(Arrays.copyOf(rdb, 40), new Cancellation(), "the RDB is damaged at byte");
  }

  @Test
  void shouldEndTheProcessWhenTheSwitchFailsHalfWay() throws IOException {
    byte[] rdb = rdb();
    data.close();
    open(
        new DirectoryDisk() {
          @Override
          public void rename(Path from, Path to) throws IOException {
            DirectoryDisk.super.rename(from, to);
            if (to.endsWith(DataDirectory.CURRENT)) {
              throw new IOException("no more disk");
            }
          }
        });
    try (Target target = new Target()) {
      assertThrows(SwitchedException.class, () -> load(rdb, target, new Cancellation()));
    }
    assertEquals("gen-2", data.current().orElseThrow().toString());
    assertEquals(2, data.generations().size());
  }

  /** A redis-server counts its stream from its first replica on. */
  @Test
  void shouldNotTakeTheLogForEverythingWhereThereWasDataAtItsBegin() throws IOException {
    Path checkpoint;
    try (Target target = new Target()) {
      Recovered made = load(rdb(), 0, target, new Cancellation());
      checkpoint = made.snapshots().newest().orElseThrow().directory();
      made.close();
    }
    data.removeTree(checkpoint);
    data.close();
    open();
    try (Target target = new Target()) {
      RecoveryException e =
          assertThrows(RecoveryException.class, () -> recovery.start(() -> target, true, 0));
      assertTrue(
          e.getMessage().contains("starts at offset 0 with data that is not in it"),
          e.getMessage());
    }
  }

  private void assertFails(byte[] rdb, Cancellation cancellation, String message) {
    try (Target target = new Target()) {
      RecoveryException e =
          assertThrows(RecoveryException.class, () -> load(rdb, target, cancellation));
      assertTrue(e.getMessage().contains(message), e.getMessage());
    }
    assertEquals("gen-1", data.current().orElseThrow().toString());
    assertEquals(1, data.generations().size());
    assertFalse(recovery.progress().loading());
  }

  private Recovered load(byte[] rdb, Target target, Cancellation cancellation) {
    return load(rdb, OFFSET, target, cancellation);
  }

  private Recovered load(byte[] rdb, long offset, Target target, Cancellation cancellation) {
    RdbSource source =
        new RdbSource(
            Channels.newChannel(new ByteArrayInputStream(rdb)),
            rdb.length,
            MASTERS,
            offset,
            what -> {});
    return recovery.fromRdb(data.newGeneration(), source, target, cancellation);
  }

  private static byte[] rdb() throws IOException {
    try (Target filled = new Target()) {
      Dataset dataset = filled.dataset;
      dataset.keyspace().begin(1, ExpiryMode.IGNORE);
      for (int i = 0; i < 500; i++) {
        dataset
            .strings()
            .set(dataset.keyspace().database(i % 3), slice("key" + i), slice("v" + i), false);
      }
      dataset.collections().sets().find(dataset.keyspace().database(9), slice("set"));
      for (int i = 0; i < 1000; i++) {
        dataset.collections().sets().add(slice("member" + i));
      }
      dataset.collections().sets().store();
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      RdbWriter.write(
          dataset.keyspace(),
          dataset.strings(),
          dataset.collections(),
          Map.of("repl-stream-db", "7"),
          Channels.newChannel(out));
      return out.toByteArray();
    }
  }

  private static Slice slice(String text) {
    ByteBuf bytes = Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
    return new Slice(bytes, 0, bytes.readableBytes());
  }

  /** A keyspace to be filled. */
  private static final class Target implements FullSyncTarget, AutoCloseable {
    private final Dataset dataset =
        new Dataset(
            KeyspaceConfig.of(16, 1L << 30, 3), CollectionLimits.DEFAULTS, SlabSource.inline());
    private final KeyspaceLoader loader = dataset.keyspace().loader();
    private int db;

    String digest() {
      return HexFormat.of().formatHex(dataset.keyspace().digest());
    }

    @Override
    public RdbContents readRdb(ReadableByteChannel rdb, long totalBytes, RdbListener listener)
        throws IOException {
      return new RdbReader(dataset.keyspace(), dataset.strings(), dataset.collections(), listener)
          .read(rdb, totalBytes, RdbReader.MAX_STRING_BYTES);
    }

    @Override
    public SnapshotSource snapshotSource() {
      return new KeyspaceSource(dataset::keyspace);
    }

    @Override
    public void item(ByteBuf key, ByteBuf value) {
      loader.item(key, value);
    }

    @Override
    public void itemsEnd() {
      loader.finish();
    }

    @Override
    public void select(int value) {
      db = value;
    }

    @Override
    public void apply(ByteBuf bytes) {
      throw new AssertionError("there is no stream");
    }

    @Override
    public long appliedCommands() {
      return 0;
    }

    @Override
    public int db() {
      return db;
    }

    @Override
    public void close() {
      dataset.close();
    }
  }
}
