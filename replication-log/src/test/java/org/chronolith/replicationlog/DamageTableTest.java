package org.chronolith.replicationlog;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.chronolith.replicationlog.chronicle.QueueFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What opening makes of every kind of damage: to what a crash may have torn (here: no end of a
 * force is on record), and to what was on disk.
 */
class DamageTableTest {
  private static final int KIB = 1024;

  /** 100 bytes, 200 bytes, a group of 40 KiB in three parts, 300 bytes. */
  private static final int[] EFFECTS = {100, 200, 40 * KIB, 300};

  @TempDir Path dir;
  private LogConfig config;
  private byte[] stream = new byte[0];
  private Path segmentDir;
  private Path file;

  /** File position of each record behind the identity: six, since one effect has three parts. */
  private long[] positions;

  @BeforeEach
  void writeALog() throws IOException {
    config = LogModel.smallConfig(dir.resolve("log"));
    Random random = new Random(11);
    try (ReplicationLog log =
        ReplicationLog.create(config, LogListener.none(), 1000, History.fresh(), 0)) {
      for (int length : EFFECTS) {
        byte[] effect = new byte[length];
        random.nextBytes(effect);
        log.append(Unpooled.wrappedBuffer(effect), 0, length, 0, 1);
        int old = stream.length;
        stream = Arrays.copyOf(stream, old + length);
        System.arraycopy(effect, 0, stream, old, length);
      }
    }
    segmentDir = SegmentFiles.list(config.dir()).get(0).dir();
    file = QueueFile.find(segmentDir);
    positions = new long[6];
    try (FileChannel channel = FileChannel.open(file);
        RecordCursor cursor = new RecordCursor(config.maxRecordBytes())) {
      cursor.reset(channel, 0);
      RecordHeader header = new RecordHeader();
      cursor.next(header, channel.size());
      for (int i = 0; i < positions.length; i++) {
        assertEquals(RecordCursor.Step.RECORD, cursor.next(header, channel.size()));
        positions[i] = cursor.documentPosition();
      }
    }
  }

  @AfterEach
  void checkThatThreadsEnded() {
    assertEquals(
        0,
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.getName().startsWith("log-"))
            .count());
  }

  /** Damage, and what must be left of the stream. */
  private enum Damage {
    NONE(4, null),
    LAST_RECORD_LENGTH_CUT(3, "something behind the end") {
      @Override
      void apply(RandomAccessFile file, long[] at) throws IOException {
        file.setLength(at[5] + 2);
      }
    },
    LAST_RECORD_HEADER_CUT(3, "the file ends within") {
      @Override
      void apply(RandomAccessFile file, long[] at) throws IOException {
        file.setLength(at[5] + 4 + 20);
      }
    },
    LAST_RECORD_PAYLOAD_CUT(3, "the file ends within") {
      @Override
      void apply(RandomAccessFile file, long[] at) throws IOException {
        file.setLength(at[5] + 4 + 36 + 299);
      }
    },
    LAST_RECORD_PAYLOAD_ZERO(3, "checksum") {
      @Override
      void apply(RandomAccessFile file, long[] at) throws IOException {
        write(file, at[5] + 40, new byte[300]);
      }
    },
    LAST_RECORD_HEADER_ZERO(3, "not a record") {
      @Override
      void apply(RandomAccessFile file, long[] at) throws IOException {
        write(file, at[5] + 4, new byte[36]);
      }
    },
    LAST_RECORD_FRAMING_ZERO(3, "something behind the end") {
      @Override
      void apply(RandomAccessFile file, long[] at) throws IOException {
        write(file, at[5], new byte[4]);
      }
    },
    LAST_RECORD_LENGTH_JUNK(3, "beyond the largest record") {
      @Override
      void apply(RandomAccessFile file, long[] at) throws IOException {
        write(file, at[5], new byte[] {1, 2, 3, 7});
      }
    },
    LAST_RECORD_UNFINISHED(3, "not finished") {
      @Override
      void apply(RandomAccessFile file, long[] at) throws IOException {
        write(file, at[5] + 3, new byte[] {(byte) 0x80});
      }
    },
    FLIPPED_BIT_IN_A_PAYLOAD(1, "checksum") {
      @Override
      void apply(RandomAccessFile file, long[] at) throws IOException {
        flip(file, at[1] + 40 + 50);
      }
    },
    FLIPPED_BIT_IN_AN_OFFSET(1, "checksum") {
      @Override
      void apply(RandomAccessFile file, long[] at) throws IOException {
        flip(file, at[1] + 4 + 10);
      }
    },
    FLIPPED_BIT_IN_A_LENGTH(1, "payload of") {
      @Override
      void apply(RandomAccessFile file, long[] at) throws IOException {
        flip(file, at[1] + 4 + 31);
      }
    },
    GROUP_WITHOUT_ITS_LAST_PART(2, "a group was not finished") {
      @Override
      void apply(RandomAccessFile file, long[] at) throws IOException {
        file.setLength(at[4]);
      }
    },
    GROUP_WITH_A_DAMAGED_LAST_PART(2, "checksum") {
      @Override
      void apply(RandomAccessFile file, long[] at) throws IOException {
        flip(file, at[4] + 44);
      }
    },
    JUNK_BEHIND_THE_END(4, "") {
      @Override
      void apply(RandomAccessFile file, long[] at) throws IOException {
        byte[] junk = new byte[5000];
        new Random(3).nextBytes(junk);
        write(file, file.length() - 4, junk);
      }
    };

    private final int effectsLeft;
    private final String message;

    Damage(int effectsLeft, String message) {
      this.effectsLeft = effectsLeft;
      this.message = message;
    }

    void apply(RandomAccessFile file, long[] at) throws IOException {
      assertTrue(file.length() > at[0]);
    }

    private static void write(RandomAccessFile file, long at, byte[] bytes) throws IOException {
      file.seek(at);
      file.write(bytes);
    }

    private static void flip(RandomAccessFile file, long at) throws IOException {
      file.seek(at);
      int old = file.read();
      file.seek(at);
      file.write(old ^ 4);
    }
  }

  @ParameterizedTest
  @EnumSource(Damage.class)
  void shouldKeepTheLongestValidPrefixAndSayWhatWasCut(Damage damage) throws IOException {
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      damage.apply(open, positions);
    }
    forgetForcedEnd();
    byte[] damaged = Files.readAllBytes(file);
    int left = Arrays.stream(EFFECTS).limit(damage.effectsLeft).sum();
    byte[] more = {1, 2, 3, 4, 5};
    // Twice before anything is appended: opening must change nothing.
    for (int round = 0; round < 2; round++) {
      try (ReplicationLog log = ReplicationLog.open(config, LogListener.none())) {
        checkReport(damage, log.recovery(), left);
        assertArrayEquals(Arrays.copyOf(stream, left), read(log));
        checkThatTheCutIsKept(log.recovery(), damaged);
      }
      forgetForcedEnd();
    }
    try (ReplicationLog log = ReplicationLog.open(config, LogListener.none())) {
      log.append(Unpooled.wrappedBuffer(more), 0, more.length, 0, 2);
    }
    byte[] expected = Arrays.copyOf(stream, left + more.length);
    System.arraycopy(more, 0, expected, left, more.length);
    for (int round = 0; round < 2; round++) {
      try (ReplicationLog log = ReplicationLog.open(config, LogListener.none())) {
        assertEquals(List.of(), log.recovery().findings(), "the cut was reported again");
        assertArrayEquals(expected, read(log), "what was cut came back");
      }
    }
  }

  private void forgetForcedEnd() throws IOException {
    Files.deleteIfExists(config.dir().resolve(ForcedEnd.NAME));
  }

  /** What is behind the last commit is copied beside the log, byte for byte. */
  private void checkThatTheCutIsKept(RecoveryReport report, byte[] damaged) throws IOException {
    List<Path> aside = SegmentFiles.listSetAside(config.dir());
    assertEquals(report.cutBytes() > 0, !aside.isEmpty());
    if (report.cutBytes() > 0) {
      String[] names = aside.get(0).toFile().list();
      assertEquals(1, names.length);
      assertEquals(
          report.endOffset(), CutTail.of(aside.get(0).resolve(names[0])).orElseThrow().offset());
      int from = Integer.parseInt(names[0].split("-")[1]);
      byte[] kept = Files.readAllBytes(aside.get(0).resolve(names[0]));
      assertEquals(report.cutBytes(), kept.length);
      assertArrayEquals(Arrays.copyOfRange(damaged, from, from + kept.length), kept);
    }
  }

  /** The same damage, but all of it was on disk: nobody may go on as if it had never been. */
  @ParameterizedTest
  @EnumSource(Damage.class)
  void shouldRefuseDamageBelowTheForcedEndAndChangeNothing(Damage damage) throws IOException {
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      damage.apply(open, positions);
    }
    int left = Arrays.stream(EFFECTS).limit(damage.effectsLeft).sum();
    Map<String, String> before = LogInspectorTest.files(dir);
    if (left == stream.length) {
      try (ReplicationLog log = ReplicationLog.open(config, LogListener.none())) {
        assertArrayEquals(stream, read(log));
        return;
      }
    }
    LogException refused =
        assertThrows(LogException.class, () -> ReplicationLog.open(config, LogListener.none()));
    assertEquals(LogException.Kind.DAMAGED, refused.kind());
    String message = refused.getMessage();
    assertTrue(message.contains(file + " at position "), message);
    assertTrue(message.contains(damage.message), message);
    assertTrue(message.contains("damaged at offset " + (1000 + left)), message);
    assertTrue(message.contains("on disk up to " + (1000 + stream.length)), message);
    assertEquals(before, LogInspectorTest.files(dir));
  }

  /** The same damage once more, but a snapshot holds everything up to the end of the log. */
  @ParameterizedTest
  @EnumSource(Damage.class)
  void shouldOpenWithWhatIsLeftIfASnapshotHoldsTheRest(Damage damage) throws IOException {
    History history;
    try (ReplicationLog log = ReplicationLog.open(config, LogListener.none())) {
      history = log.history();
      log.append(Unpooled.wrappedBuffer(new byte[77]), 0, 77, 0, 2);
    }
    long snapshot = 1000 + stream.length + 7;
    int left = Arrays.stream(EFFECTS).limit(damage.effectsLeft).sum();
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      damage.apply(open, positions);
    }
    try (ReplicationLog log = open(LogNeed.from(snapshot, history))) {
      // Nothing before the snapshot's segment was read.
      assertEquals(List.of(), log.recovery().damage());
      assertEquals(1000 + stream.length + 77, log.endOffset());
      if (left < stream.length) {
        assertThrows(LogException.class, () -> read(log));
        long start = log.startOffset();
        log.dropDamaged(snapshot);
        assertEquals(1000, start);
        assertEquals(1000 + stream.length, log.startOffset(), "the window is shorter");
        assertEquals(77, read(log).length);
      }
    }
  }

  @Test
  void shouldStartBehindDamageInTheVerySegmentThatIsNeeded() throws IOException {
    History history;
    try (ReplicationLog log = ReplicationLog.open(config, LogListener.none())) {
      history = log.history();
    }
    flip(file, positions[1] + 40 + 50);
    long lastEffect = 1000 + stream.length - 300;
    long secondEnd = 1000 + 300;
    for (int round = 0; round < 2; round++) {
      try (ReplicationLog log = open(LogNeed.from(lastEffect, history))) {
        assertEquals(secondEnd, log.startOffset());
        assertEquals(1000 + stream.length, log.endOffset());
        assertEquals(history, log.history());
        assertArrayEquals(Arrays.copyOfRange(stream, 300, stream.length), read(log));
        assertEquals(1, log.recovery().damage().size(), log.recovery().toString());
        String damage = log.recovery().damage().get(0);
        assertTrue(damage.contains(file + " at position " + positions[1]), damage);
        assertTrue(damage.contains("the log starts behind it"), damage);
      }
    }
    // But not if it must reach further back.
    LogException refused =
        assertThrows(LogException.class, () -> open(LogNeed.from(secondEnd, history)));
    assertTrue(refused.getMessage().contains("needed from 1300"), refused.getMessage());
  }

  @Test
  void shouldSayThatTheLogIsShorterThanASnapshotThatHoldsAllThatWasForced() throws IOException {
    flip(file, positions[5] + 60);
    long end = 1000 + stream.length;
    try (ReplicationLog log = open(LogNeed.from(end, History.fresh()))) {
      assertEquals(end - 300, log.endOffset());
      assertFalse(log.wasClean());
      String damage = log.recovery().damage().get(0);
      assertTrue(damage.contains("on disk up to " + end), damage);
    }
  }

  private ReplicationLog open(LogNeed need) {
    return ReplicationLog.open(config, LogListener.none(), need, LogDisk.SYSTEM);
  }

  private static void flip(Path of, long at) throws IOException {
    try (RandomAccessFile open = new RandomAccessFile(of.toFile(), "rw")) {
      Damage.flip(open, at);
    }
  }

  private void checkReport(Damage damage, RecoveryReport report, int left) {
    assertEquals(1000 + left, report.endOffset());
    assertFalse(report.clean());
    if (damage.message == null) {
      assertEquals(List.of(), report.findings());
      return;
    }
    assertEquals(1, report.findings().size());
    String finding = report.findings().get(0);
    assertTrue(finding.contains(damage.message), finding);
    assertTrue(finding.contains(file.toString()), finding);
    assertTrue(finding.contains("cut at offset " + (1000 + left)), finding);
  }

  private static byte[] read(ReplicationLog log) {
    ByteBuf out = Unpooled.directBuffer();
    try (LogReader reader = log.reader(log.startOffset())) {
      while (reader.read(out, 10_000) > 0) {
        assertTrue(reader.offset() <= log.endOffset());
      }
      byte[] bytes = new byte[out.readableBytes()];
      out.readBytes(bytes);
      return bytes;
    } finally {
      out.release();
    }
  }

  /** What can happen to the last record, which holds nothing of the stream. */
  private enum LastRecord {
    FLIPPED_BIT {
      @Override
      void apply(RandomAccessFile file, long at) throws IOException {
        Damage.flip(file, at + 4 + 12);
      }
    },
    FLIPPED_LENGTH {
      @Override
      void apply(RandomAccessFile file, long at) throws IOException {
        Damage.flip(file, at);
      }
    },
    ZEROED {
      @Override
      void apply(RandomAccessFile file, long at) throws IOException {
        Damage.write(file, at, new byte[(int) (file.length() - at)]);
      }
    },
    CUT {
      @Override
      void apply(RandomAccessFile file, long at) throws IOException {
        file.setLength(at);
      }
    };

    abstract void apply(RandomAccessFile file, long at) throws IOException;
  }

  /** After a clean close nothing is torn: whatever has gone since then was damaged. */
  @ParameterizedTest
  @EnumSource(LastRecord.class)
  void shouldRefuseADamagedMarkerOfACleanClose(LastRecord damage) throws IOException {
    try (ReplicationLog log = ReplicationLog.open(config, LogListener.none())) {
      log.append(Unpooled.wrappedBuffer(new byte[77]), 0, 77, 0, 2);
      log.markClean(0, 3);
    }
    checkLostRecordWithoutBytes(damage);
  }

  @ParameterizedTest
  @EnumSource(LastRecord.class)
  void shouldRefuseADamagedIdentityThatWasOnDisk(LastRecord damage) throws IOException {
    try (ReplicationLog log = ReplicationLog.open(config, LogListener.none())) {
      log.append(Unpooled.wrappedBuffer(new byte[77]), 0, 77, 0, 2);
      log.appendIdentity(log.history().newId(log.endOffset()), 0, 3);
    }
    checkLostRecordWithoutBytes(damage);
  }

  private void checkLostRecordWithoutBytes(LastRecord damage) throws IOException {
    Path newest = QueueFile.find(SegmentFiles.list(config.dir()).get(1).dir());
    long last = lastRecord(newest);
    long end = 1000 + stream.length + 77;
    try (RandomAccessFile open = new RandomAccessFile(newest.toFile(), "rw")) {
      damage.apply(open, last);
    }
    Map<String, String> before = LogInspectorTest.files(dir);
    for (LogNeed need : List.of(LogNeed.EVERYTHING, LogNeed.from(end - 1, History.fresh()))) {
      LogException refused = assertThrows(LogException.class, () -> open(need));
      assertEquals(LogException.Kind.DAMAGED, refused.kind());
      String message = refused.getMessage();
      assertTrue(message.contains(newest.toString()), message);
      assertTrue(message.contains("damaged at offset " + end), message);
      assertTrue(message.contains("segment-0000000002 was on disk up to position"), message);
      assertEquals(before, LogInspectorTest.files(dir));
    }
    LogCut cut = plan(end - 1).orElseThrow();
    assertEquals(end, cut.newEndOffset());
    assertTrue(plan(end).isEmpty() || damage != LastRecord.CUT, "nothing is needed");
    try (ReplicationLog log = open(LogNeed.from(end, History.fresh()))) {
      assertEquals(end, log.endOffset());
      assertFalse(log.wasClean());
      assertEquals(1, log.recovery().damage().size(), log.recovery().toString());
    }
    cut.apply();
    try (ReplicationLog log = open(LogNeed.EVERYTHING)) {
      assertEquals(end, log.endOffset());
      assertFalse(log.wasClean());
      assertEquals(List.of(), log.recovery().damage());
    }
  }

  private Optional<LogCut> plan(long fromOffset) {
    List<LogInspector.Damage> found = new ArrayList<>();
    long[] end = {0};
    LogInspector log = LogInspector.open(config.dir(), false, config.maxRecordBytes());
    log.walk(
        new LogInspector.Visitor() {
          @Override
          public boolean record(LogInspector.SegmentInfo segment, LogRecord record, long position) {
            return true;
          }

          @Override
          public void damaged(LogInspector.Damage one) {
            found.add(one);
          }

          @Override
          public void segmentEnd(LogInspector.SegmentInfo segment, long offset, long position) {
            end[0] = offset;
          }
        });
    return LogCut.plan(config.dir(), log, found, fromOffset, end[0]);
  }

  private long lastRecord(Path of) throws IOException {
    long position = -1;
    try (FileChannel channel = FileChannel.open(of);
        RecordCursor cursor = new RecordCursor(config.maxRecordBytes())) {
      cursor.reset(channel, 0);
      RecordHeader header = new RecordHeader();
      while (cursor.next(header, channel.size()) == RecordCursor.Step.RECORD) {
        position = cursor.documentPosition();
      }
    }
    return position;
  }

  @ParameterizedTest
  @EnumSource(WholeFile.class)
  void shouldRefuseANewestSegmentThatWasOnDiskAndIsUnusable(WholeFile damage) throws IOException {
    try (ReplicationLog log = ReplicationLog.open(config, LogListener.none())) {
      log.markClean(0, 3);
    }
    Path newest = QueueFile.find(SegmentFiles.list(config.dir()).get(1).dir());
    damage.apply(newest);
    LogException refused = assertThrows(LogException.class, () -> open(LogNeed.EVERYTHING));
    assertTrue(refused.getMessage().contains(newest.getParent().toString()), refused.getMessage());
    assertTrue(
        refused.getMessage().contains("segment-0000000002 was on disk"), refused.getMessage());
    plan(0).orElseThrow().apply();
    try (ReplicationLog log = open(LogNeed.EVERYTHING)) {
      assertArrayEquals(stream, read(log));
      assertFalse(log.wasClean());
    }
  }

  @ParameterizedTest
  @EnumSource(WholeFile.class)
  void shouldRefuseALogWithoutOneUsableSegment(WholeFile damage) throws IOException {
    damage.apply(file);
    LogException refused =
        assertThrows(LogException.class, () -> ReplicationLog.open(config, LogListener.none()));
    assertEquals(LogException.Kind.DAMAGED, refused.kind());
    assertTrue(refused.getMessage().contains(segmentDir.toString()), refused.getMessage());
  }

  @ParameterizedTest
  @EnumSource(WholeFile.class)
  void shouldSetANewestSegmentAsideThatIsUnusableFromItsStart(WholeFile damage) throws IOException {
    try (ReplicationLog log = ReplicationLog.open(config, LogListener.none())) {
      log.append(Unpooled.wrappedBuffer(new byte[77]), 0, 77, 0, 2);
    }
    List<SegmentFiles.Entry> entries = SegmentFiles.list(config.dir());
    assertEquals(2, entries.size());
    forgetForcedEnd();
    damage.apply(QueueFile.find(entries.get(1).dir()));
    try (ReplicationLog log = ReplicationLog.open(config, LogListener.none())) {
      assertArrayEquals(stream, read(log));
      assertEquals(1, log.recovery().findings().size());
      String finding = log.recovery().findings().get(0);
      assertTrue(finding.contains(entries.get(1).dir().toString()), finding);
    }
    assertTrue(
        Files.exists(
            entries.get(1).dir().resolveSibling("cut-" + entries.get(1).dir().getFileName())));
  }

  private enum WholeFile {
    EMPTY {
      @Override
      void apply(Path file) throws IOException {
        Files.write(file, new byte[0]);
      }
    },
    ZEROS {
      @Override
      void apply(Path file) throws IOException {
        Files.write(file, new byte[(int) Files.size(file)]);
      }
    },
    JUNK {
      @Override
      void apply(Path file) throws IOException {
        byte[] junk = new byte[(int) Files.size(file)];
        new Random(5).nextBytes(junk);
        Files.write(file, junk);
      }
    },
    MISSING {
      @Override
      void apply(Path file) throws IOException {
        Files.delete(file);
      }
    };

    abstract void apply(Path file) throws IOException;
  }

  @Test
  void shouldStartBehindAnOldSegmentThatIsDamaged() throws IOException {
    for (int i = 0; i < 3; i++) {
      try (ReplicationLog log = ReplicationLog.open(config, LogListener.none())) {
        log.append(Unpooled.wrappedBuffer(new byte[50]), 0, 50, 0, 2);
      }
    }
    Files.write(file, new byte[100]);
    try (ReplicationLog log = open(LogNeed.from(1000 + stream.length, History.fresh()))) {
      assertEquals(1000 + stream.length, log.startOffset());
      assertEquals(1000 + stream.length + 150, log.endOffset());
      assertTrue(log.recovery().damage().get(0).contains(file.toString()));
    }
  }

  @Test
  void shouldNameTheFileWhenAReaderMeetsDamage() throws IOException {
    for (int i = 0; i < 2; i++) {
      try (ReplicationLog log = ReplicationLog.open(config, LogListener.none())) {
        log.append(Unpooled.wrappedBuffer(new byte[50]), 0, 50, 0, 2);
      }
    }
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      open.seek(positions[3] + 1000);
      open.write(new byte[] {0, 0, 0, 0, 1});
    }
    try (ReplicationLog log = open(LogNeed.from(1000 + stream.length, History.fresh()))) {
      LogException damaged = assertThrows(LogException.class, () -> read(log));
      assertEquals(LogException.Kind.DAMAGED, damaged.kind());
      assertTrue(damaged.getMessage().contains(file.toString()), damaged.getMessage());
      try (LogReader reader = log.reader(1000 + stream.length)) {
        assertEquals(1000 + stream.length, reader.offset());
      }
    }
  }
}
