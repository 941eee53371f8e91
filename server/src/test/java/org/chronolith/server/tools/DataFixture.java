package org.chronolith.server.tools;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.chronolith.engine.keyspace.ExpiryMode;
import org.chronolith.engine.snapshot.SnapshotConfig;
import org.chronolith.engine.snapshot.SnapshotListener;
import org.chronolith.engine.snapshot.SnapshotMeta;
import org.chronolith.replicationlog.LogConfig;
import org.chronolith.replicationlog.LogListener;
import org.chronolith.replicationlog.LogStore;
import org.chronolith.replicationlog.ReplicationLog;
import org.chronolith.server.OfflineDataset;
import org.chronolith.server.recovery.DataDirectory;
import org.chronolith.server.recovery.HistoryAttributes;
import org.chronolith.server.recovery.KeyspaceSource;
import org.chronolith.server.recovery.Recovered;
import org.chronolith.server.recovery.Recovery;

/**
 * A node without a network: recovered by the real recovery, its stream written command by command
 * at times that the test chooses. Closing it without {@link #markClean} is an unclean stop.
 */
final class DataFixture implements AutoCloseable {
  private static final int KIB = 1024;

  /** What a tool printed, and how it ended. */
  record Run(int code, String out, String err) {}

  private final DataDirectory data;
  private final OfflineDataset state = new OfflineDataset(16);
  private final Recovered recovered;
  private final ByteBuf bytes = Unpooled.directBuffer();

  DataFixture(Path directory) {
    this(directory, false);
  }

  DataFixture(Path directory, boolean replica) {
    data = DataDirectory.open(directory);
    recovered =
        new Recovery(
                data,
                new Recovery.Settings(
                    DataFixture::logConfig,
                    LogStore.SYSTEM,
                    log -> LogListener.none(),
                    SnapshotConfig::defaults,
                    new QuietSnapshots()))
            .start(state::target, replica, 0);
    recovered.log().adopt();
  }

  private static LogConfig logConfig(Path path) {
    return LogConfig.of(path)
        .withBlocks(256 * KIB, 16 * KIB)
        .withSegmentBytes(128 * KIB)
        .withHeadroom(512 * KIB, 64 * KIB, 64 * KIB)
        .withRetention(1, 0);
  }

  /** Runs a tool as the launcher does. */
  static Run tool(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code = Main.execute(new PrintWriter(out), new PrintWriter(err), arguments);
    return new Run(code, out.toString(), err.toString());
  }

  ReplicationLog log() {
    return recovered.log();
  }

  long offset() {
    return log().endOffset();
  }

  /** One command as one commit, written at {@code ms}. */
  void write(long ms, String... words) throws InterruptedException {
    bytes.clear();
    encode(words);
    commit(ms);
  }

  /** Several commands as one commit; {@code ;} parts them. */
  void writeAll(long ms, String... commands) throws InterruptedException {
    bytes.clear();
    for (String command : commands) {
      encode(command.split(" "));
    }
    commit(ms);
  }

  private void encode(String... words) {
    text("*" + words.length + "\r\n");
    for (String word : words) {
      byte[] raw = word.getBytes(StandardCharsets.ISO_8859_1);
      text("$" + raw.length + "\r\n");
      bytes.writeBytes(raw);
      text("\r\n");
    }
  }

  private void text(String ascii) {
    bytes.writeCharSequence(ascii, StandardCharsets.US_ASCII);
  }

  private void commit(long ms) throws InterruptedException {
    int length = bytes.readableBytes();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!log().canAppend(length)) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("no room in the log within 20 s");
      }
      TimeUnit.MILLISECONDS.sleep(1);
    }
    log().append(bytes, bytes.readerIndex(), length, state.target().db(), ms);
    state.target().apply(bytes);
  }

  /** A checkpoint of the state as it is; the fixture goes on. */
  void checkpoint(long ms) throws IOException {
    log().sync();
    Path making = data.directory().resolve("making");
    state.keyspace().begin(ms, ExpiryMode.IGNORE);
    SnapshotMeta meta =
        new SnapshotMeta(
            offset(),
            log().history().currentId(),
            state.target().db(),
            ms,
            new KeyspaceSource(state::keyspace).keys(),
            HistoryAttributes.of(log().history()));
    StateWriter.checkpoint(
        making, state, meta, new Progress(new PrintWriter(new StringWriter()), false, false));
    String name = "checkpoint-" + offset();
    Files.move(making.resolve(name), recovered.generation().snapshots().resolve(name));
  }

  byte[] digest() {
    state.keyspace().begin(0, ExpiryMode.IGNORE);
    return state.keyspace().digest();
  }

  void markClean(long ms) {
    log().markClean(state.target().db(), ms);
    data.stoppedAsMaster(log().history().currentId(), log().endOffset());
  }

  @Override
  public void close() {
    try {
      recovered.close();
    } finally {
      state.close();
      bytes.release();
      data.close();
    }
  }

  /** Every file with its size and time: what a reader must not change. */
  static Map<String, String> files(Path under) throws IOException {
    Map<String, String> found = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(under)) {
      for (Path path : paths.collect(Collectors.toList())) {
        found.put(path.toString(), Files.getLastModifiedTime(path) + " " + Files.size(path));
      }
    }
    return found;
  }

  static void flip(Path file, long at) throws IOException {
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      open.seek(at);
      int old = open.read();
      open.seek(at);
      open.write(old ^ 4);
    }
  }

  /** Where {@code text} begins, which must be there. */
  static int find(byte[] in, String text) {
    int at = new String(in, StandardCharsets.ISO_8859_1).indexOf(text);
    if (at < 0) {
      throw new AssertionError("there is no '" + text + "'");
    }
    return at;
  }

  /** The file of the segment with this number. */
  static Path segment(Path directory, int number) {
    return directory.resolve(String.format("gen-1/log/segment-%010d/19700101L.cq4", number));
  }

  /** The file of the segment that was begun last. */
  static Path newestSegment(Path directory) {
    int newest = 1;
    while (Files.exists(segment(directory, newest + 1))) {
      newest++;
    }
    return segment(directory, newest);
  }

  /** Where a start keeps what it cuts of the segment with this file. */
  static Path aside(Path segmentFile) {
    Path dir = segmentFile.getParent();
    return dir.resolveSibling("cut-" + dir.getFileName());
  }

  /** Keeps every checkpoint of the test where it is. */
  private static final class QuietSnapshots implements SnapshotListener {
    @Override
    public void completed(
        org.chronolith.engine.snapshot.Checkpoint checkpoint, long elapsedMs, long newBytes) {}

    @Override
    public void failed(
        org.chronolith.engine.snapshot.SnapshotSession session,
        org.chronolith.engine.EngineException cause) {}

    @Override
    public void ignored(Path directory, String reason) {}

    @Override
    public void notRemoved(Path directory, String reason) {}
  }
}
