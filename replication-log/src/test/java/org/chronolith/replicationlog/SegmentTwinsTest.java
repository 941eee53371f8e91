package org.chronolith.replicationlog;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.chronolith.replicationlog.chronicle.QueueFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Segments with the same start offset: copies, which are named, and what restarts leave, which is
 * sound.
 */
class SegmentTwinsTest {
  private static final int EFFECT_BYTES = 3000;
  private static final int EFFECTS = 6;
  private static final int RUNS = 3;

  /** More than one record holds. */
  private static final int GROUP_BYTES = 40 * 1024;

  @TempDir Path dir;
  private LogConfig config;
  private byte[] stream;
  private List<SegmentFiles.Entry> segments;

  /** Three clean runs, so three segments: numbers 1, 2 and 3. */
  @BeforeEach
  void write() throws IOException {
    config = LogModel.smallConfig(dir.resolve("log"));
    try (LogModel model = new LogModel(config, 0, new Random(7))) {
      for (int i = 0; i < RUNS; i++) {
        if (i > 0) {
          model.reopen();
        }
        for (int j = 0; j < EFFECTS; j++) {
          model.append(EFFECT_BYTES);
        }
        model.log.markClean(0, 9);
      }
      stream = model.bytes;
    }
    segments = SegmentFiles.list(config.dir());
    assertEquals(RUNS, segments.size());
  }

  private static long startOf(int segment) {
    return (long) segment * EFFECTS * EFFECT_BYTES;
  }

  private Path copy(int segment, long sequence) throws IOException {
    return copy(segments.get(segment).dir(), sequence);
  }

  private Path copy(Path from, long sequence) throws IOException {
    Path to = Files.createDirectory(SegmentFiles.path(config.dir(), sequence));
    Path file = QueueFile.find(from);
    Files.copy(file, to.resolve(file.getFileName()));
    return to;
  }

  private static void zero(Path segmentDir, long from, long to) throws IOException {
    try (RandomAccessFile open = new RandomAccessFile(QueueFile.find(segmentDir).toFile(), "rw")) {
      open.seek(from);
      open.write(new byte[(int) (Math.min(to, open.length()) - from)]);
    }
  }

  /** The position of each record in a segment's file, and where the last one ends. */
  private List<Long> positions(Path segmentDir) throws IOException {
    List<Long> positions = new ArrayList<>();
    try (FileChannel channel =
            FileChannel.open(QueueFile.find(segmentDir), StandardOpenOption.READ);
        RecordCursor cursor = new RecordCursor(config.maxRecordBytes())) {
      cursor.reset(channel, 0);
      RecordHeader header = new RecordHeader();
      while (cursor.next(header, channel.size()) == RecordCursor.Step.RECORD) {
        positions.add(cursor.documentPosition());
      }
      positions.add(cursor.position());
    }
    return positions;
  }

  private void forgetForcedEnd() throws IOException {
    Files.delete(config.dir().resolve(ForcedEnd.NAME));
  }

  private String misplaced(String names) {
    return names
        + " does not belong there: move it out of "
        + config.dir()
        + " (or give it back its name)";
  }

  private static String name(Path segmentDir) {
    return segmentDir.getFileName().toString();
  }

  /** A start is refused, the inspection says the same, and nothing can be cut for it. */
  private LogInspector.Damage names(String names) throws IOException {
    Map<String, String> before = LogInspectorTest.files(dir);
    LogInspectorTest.Seen seen = LogInspectorTest.walk(config.dir(), false);
    LogInspector.Damage damage =
        seen.damage.stream()
            .filter(one -> one.kind() == LogInspector.Damage.Kind.ORDER)
            .findFirst()
            .orElseThrow();
    assertEquals(misplaced(names), damage.problem());
    for (LogNeed need : List.of(LogNeed.EVERYTHING, LogNeed.from(stream.length, History.fresh()))) {
      LogException refused =
          assertThrows(
              LogException.class,
              () -> ReplicationLog.open(config, LogListener.none(), need, LogDisk.SYSTEM));
      assertEquals(LogException.Kind.MISPLACED, refused.kind());
      assertEquals(damage.toString(), refused.getMessage());
    }
    LogInspector log = LogInspector.open(config.dir(), false);
    LogException uncut =
        assertThrows(
            LogException.class, () -> LogCut.plan(config.dir(), log, seen.damage, 0, seen.end));
    assertEquals(LogException.Kind.MISUSE, uncut.kind());
    assertEquals(misplaced(names), uncut.getMessage());
    assertEquals(before, LogInspectorTest.files(dir));
    return damage;
  }

  /** {@link #names}, and all of the stream is there without it. */
  private void namesTheCopy(Path copy) throws IOException {
    LogInspector.Damage damage = names(name(copy));
    assertEquals(QueueFile.find(copy), damage.file());
    LogInspectorTest.Seen seen = LogInspectorTest.walk(config.dir(), false);
    assertEquals(List.of(damage), seen.damage);
    assertArrayEquals(stream, seen.bytes());
    assertFalse(damage.isBetween(0, seen.end));
    SegmentFiles.delete(copy);
    opensWhole();
  }

  private void opensWhole() {
    try (ReplicationLog log = ReplicationLog.open(config, LogListener.none())) {
      assertEquals(List.of(), log.recovery().findings());
      assertTrue(log.wasClean());
      assertArrayEquals(stream, LogModel.read(log, 0, 5_000));
    }
  }

  /** What may have become of a copy. */
  private enum Copy {
    EXACT {
      @Override
      void apply(Path dir, List<Long> at) {}
    },
    SECOND_HALF_ZEROED {
      @Override
      void apply(Path dir, List<Long> at) throws IOException {
        zero(dir, (at.get(1) + at.get(at.size() - 1)) / 2, Long.MAX_VALUE);
      }
    },
    MIDDLE_ZEROED {
      @Override
      void apply(Path dir, List<Long> at) throws IOException {
        zero(dir, at.get(3) + 40, at.get(4) + 40);
      }
    },
    TAKEN_EARLIER {
      @Override
      void apply(Path dir, List<Long> at) throws IOException {
        zero(dir, at.get(3), Long.MAX_VALUE);
      }
    },
    TAKEN_BEFORE_ITS_FIRST_EFFECT {
      @Override
      void apply(Path dir, List<Long> at) throws IOException {
        zero(dir, at.get(1), Long.MAX_VALUE);
      }
    },
    FIRST_EFFECT_ZEROED {
      @Override
      void apply(Path dir, List<Long> at) throws IOException {
        zero(dir, at.get(1), at.get(2));
      }
    },
    WITHOUT_THE_MARKER_OF_A_CLEAN_CLOSE {
      @Override
      void apply(Path dir, List<Long> at) throws IOException {
        zero(dir, at.get(at.size() - 2), Long.MAX_VALUE);
      }
    };

    abstract void apply(Path dir, List<Long> at) throws IOException;
  }

  @ParameterizedTest
  @EnumSource(Copy.class)
  void shouldNameACopyOfTheNewestSegment(Copy how) throws IOException {
    List<Long> at = positions(segments.get(2).dir());
    for (long number : new long[] {4, 99}) {
      Path copy = copy(2, number);
      how.apply(copy, at);
      namesTheCopy(copy);
    }
  }

  @ParameterizedTest
  @EnumSource(Copy.class)
  void shouldNameACopyOfTheNewestSegmentWithoutTheForcedEnd(Copy how) throws IOException {
    Path copy = copy(2, 99);
    how.apply(copy, positions(copy));
    forgetForcedEnd();
    namesTheCopy(copy);
  }

  /** Where numbers are missing, others may follow. */
  @ParameterizedTest
  @EnumSource(Copy.class)
  void shouldNameACopyOfAnOlderSegmentRightBehindIt(Copy how) throws IOException {
    Files.move(segments.get(2).dir(), SegmentFiles.path(config.dir(), 10));
    forgetForcedEnd();
    Path copy = copy(1, 7);
    how.apply(copy, positions(copy));
    namesTheCopy(copy);
  }

  /** The forced end speaks of the one that the server has written. */
  @ParameterizedTest
  @EnumSource(
      value = Copy.class,
      mode = EnumSource.Mode.EXCLUDE,
      names = {"TAKEN_BEFORE_ITS_FIRST_EFFECT", "FIRST_EFFECT_ZEROED"})
  void shouldNameACopyUnderALowerNumber(Copy how) throws IOException {
    SegmentFiles.delete(segments.get(2).dir());
    writeAgainAs(5);
    Path copy = copy(SegmentFiles.path(config.dir(), 5), 3);
    how.apply(copy, positions(copy));
    namesTheCopy(copy);
  }

  /** The third run once more, with another number. */
  private void writeAgainAs(long number) throws IOException {
    Path gap = Files.createDirectory(SegmentFiles.path(config.dir(), number - 1));
    ForcedEnd.lower(config.dir(), startOf(2), LogDisk.SYSTEM);
    try (ReplicationLog log = ReplicationLog.open(config, LogListener.none())) {
      assertEquals(startOf(2), log.endOffset());
      for (int i = 0; i < EFFECTS; i++) {
        int from = (int) startOf(2) + i * EFFECT_BYTES;
        append(log, Arrays.copyOfRange(stream, from, from + EFFECT_BYTES));
      }
      log.markClean(0, 9);
    }
    SegmentFiles.delete(gap.resolveSibling("cut-" + gap.getFileName()));
    assertEquals(number, ForcedEnd.read(config.dir()).sequence());
  }

  private static void append(ReplicationLog log, byte[] effect) {
    Await.until("space", () -> log.canAppend(effect.length));
    log.append(Unpooled.wrappedBuffer(effect), 0, effect.length, 0, 9);
  }

  @Test
  void shouldNameEachOfSeveralCopies() throws IOException {
    Path half = copy(2, 4);
    zero(half, Files.size(QueueFile.find(half)) / 2, Long.MAX_VALUE);
    Path exact = copy(2, 99);
    List<LogInspector.Damage> damage = LogInspectorTest.walk(config.dir(), false).damage;
    assertEquals(2, damage.size(), damage.toString());
    assertEquals(misplaced(name(half)), damage.get(0).problem());
    assertEquals(misplaced(name(exact)), damage.get(1).problem());
    names(name(half));
    SegmentFiles.delete(half);
    namesTheCopy(exact);
  }

  @Test
  void shouldNameTheOneThatIsDamagedIfTheCopyIsWhole() throws IOException {
    Path copy = copy(2, 99);
    List<Long> at = positions(copy);
    zero(segments.get(2).dir(), at.get(3) + 40, at.get(4));
    names(name(segments.get(2).dir()));
    SegmentFiles.delete(segments.get(2).dir());
    opensWhole();
  }

  @Test
  void shouldNameBothIfBothAreDamagedAtDifferentPlaces() throws IOException {
    Path copy = copy(2, 99);
    List<Long> at = positions(copy);
    zero(segments.get(2).dir(), at.get(3) + 40, at.get(4));
    zero(copy, at.get(4) + 40, at.get(5));
    LogInspector.Damage damage = names(name(segments.get(2).dir()) + " or " + name(copy));
    assertEquals(startOf(2), damage.offset());
    assertEquals(-1, damage.nextOffset());
  }

  @Test
  void shouldNameTheCopyIfBothAreDamagedAlike() throws IOException {
    List<Long> at = positions(segments.get(2).dir());
    zero(segments.get(2).dir(), at.get(3) + 40, at.get(4));
    Path copy = copy(2, 99);
    names(name(copy));
    forgetForcedEnd();
    names(name(copy));
  }

  @Test
  void shouldNameASegmentOfAnotherLogByWhatWasForced() throws IOException {
    LogConfig others = LogModel.smallConfig(dir.resolve("other"));
    try (LogModel other = new LogModel(others, startOf(2), new Random(8))) {
      for (int i = 0; i < EFFECTS + 1; i++) {
        other.append(EFFECT_BYTES);
      }
    }
    Path stranger = copy(SegmentFiles.list(others.dir()).get(0).dir(), 99);
    names(name(stranger));
    forgetForcedEnd();
    names(name(segments.get(2).dir()) + " or " + name(stranger));
  }

  @Test
  void shouldNameACopyBesideTheWriter() throws IOException {
    try (ReplicationLog log = ReplicationLog.open(config, LogListener.none())) {
      append(log, new byte[EFFECT_BYTES]);
      Path copy = copy(SegmentFiles.path(config.dir(), 4), 99);
      append(log, new byte[EFFECT_BYTES]);
      LogInspectorTest.Seen seen = LogInspectorTest.walk(config.dir(), true);
      assertEquals(1, seen.damage.size(), seen.damage.toString());
      assertEquals(misplaced(name(copy)), seen.damage.get(0).problem());
      assertEquals(stream.length + 2 * EFFECT_BYTES, seen.bytes().length);
    }
  }

  @Test
  void shouldNameACopyThatStandsBehindASegmentInTheMaking() throws IOException {
    Path copy = copy(segments.get(segments.size() - 1).dir(), 99);
    Path making = SegmentFiles.path(config.dir(), 98);
    Files.createDirectory(making);
    LogInspectorTest.Seen seen = LogInspectorTest.walk(config.dir(), true);
    assertEquals(1, seen.damage.size(), seen.damage.toString());
    assertEquals(misplaced(name(copy)), seen.damage.get(0).problem());
    assertArrayEquals(stream, seen.bytes());
    // In front of a segment that belongs there, it is one that lost its file.
    Files.move(making, SegmentFiles.path(config.dir(), 0));
    assertEquals(2, LogInspectorTest.walk(config.dir(), true).damage.size());
  }

  private void isSound(boolean running, byte[] expected) {
    LogInspectorTest.Seen seen = LogInspectorTest.walk(config.dir(), running);
    assertEquals(List.of(), seen.damage);
    assertArrayEquals(expected, seen.bytes());
  }

  @Test
  void shouldTakeSegmentsThatHoldAnIdentityAloneForSound() throws IOException {
    for (int i = 0; i < 3; i++) {
      try (ReplicationLog log = ReplicationLog.open(config, LogListener.none())) {
        log.appendIdentity(log.history(), 0, 10 + i);
        isSound(true, stream);
        log.markClean(0, 20 + i);
      }
    }
    byte[] more = Arrays.copyOf(stream, stream.length + EFFECT_BYTES);
    try (ReplicationLog log = ReplicationLog.open(config, LogListener.none())) {
      append(log, new byte[EFFECT_BYTES]);
      isSound(true, more);
    }
    isSound(false, more);
    // A copy of one of them is none of those.
    Path copy = copy(SegmentFiles.path(config.dir(), 5), 99);
    stream = more;
    LogInspector.Damage damage = names(name(copy));
    assertFalse(damage.isBetween(0, stream.length));
  }

  /** What is cut stays in the file, and more records may be whole behind it. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldTakeASegmentWhoseFirstEffectWasTornForSound(boolean partsAreWhole) throws IOException {
    Path torn = SegmentFiles.path(config.dir(), 4);
    try (ReplicationLog log = ReplicationLog.open(config, LogListener.none())) {
      append(log, new byte[GROUP_BYTES]);
      append(log, new byte[EFFECT_BYTES]);
    }
    List<Long> at = positions(torn);
    assertEquals(6, at.size(), at.toString());
    int damaged = partsAreWhole ? 3 : 1;
    zero(torn, at.get(damaged) + 40 - 8, at.get(damaged) + 40);
    forgetForcedEnd();
    byte[] effect = new byte[EFFECT_BYTES];
    Arrays.fill(effect, (byte) 'z');
    byte[] more = Arrays.copyOf(stream, stream.length + EFFECT_BYTES);
    System.arraycopy(effect, 0, more, stream.length, EFFECT_BYTES);
    try (ReplicationLog log = ReplicationLog.open(config, LogListener.none())) {
      assertEquals(stream.length, log.endOffset());
      assertEquals(1, log.recovery().findings().size(), log.recovery().toString());
      append(log, effect);
      isSound(true, more);
      log.markClean(0, 30);
    }
    isSound(false, more);
    stream = more;
    opensWhole();
    isSound(false, more);
  }
}
