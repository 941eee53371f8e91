package org.chronolith.replicationlog;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import org.chronolith.replicationlog.chronicle.QueueFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Segments that are missing, doubled, exchanged, or damaged where only the queue library writes.
 */
class SegmentDamageTest {
  private static final int EFFECT_BYTES = 3000;
  private static final int SEGMENTS = 5;

  @TempDir Path dir;
  private LogConfig config;
  private byte[] stream;
  private History history;
  private List<SegmentFiles.Entry> segments;

  @BeforeEach
  void writeFiveSegments() throws IOException {
    config = LogModel.smallConfig(dir.resolve("log"));
    try (LogModel model = new LogModel(config, 0, new Random(7))) {
      for (int i = 0; i < SEGMENTS; i++) {
        model.append(EFFECT_BYTES);
        model.append(EFFECT_BYTES);
        if (i < SEGMENTS - 1) {
          model.reopen();
        }
      }
      model.log.markClean(0, 9);
      stream = model.bytes;
      history = model.log.history();
    }
    segments = SegmentFiles.list(config.dir());
    assertEquals(SEGMENTS, segments.size());
  }

  private static long startOf(int segment) {
    return segment * 2L * EFFECT_BYTES;
  }

  private Path fileOf(int segment) throws IOException {
    return QueueFile.find(segments.get(segment).dir());
  }

  private ReplicationLog open(long need) {
    return ReplicationLog.open(
        config, LogListener.none(), LogNeed.from(need, history), LogDisk.SYSTEM);
  }

  private void refuses(long need, String... words) throws IOException {
    refuses(LogException.Kind.DAMAGED, need, words);
  }

  private void refuses(LogException.Kind kind, long need, String... words) throws IOException {
    Map<String, String> before = LogInspectorTest.files(dir);
    LogException refused = assertThrows(LogException.class, () -> open(need));
    assertEquals(kind, refused.kind());
    for (String word : words) {
      assertTrue(refused.getMessage().contains(word), refused.getMessage());
    }
    assertEquals(before, LogInspectorTest.files(dir), "a refusal changes nothing");
  }

  private void opensFrom(long need, long expectedStart) {
    try (ReplicationLog log = open(need)) {
      assertEquals(expectedStart, log.startOffset(), log.recovery().toString());
      assertEquals(stream.length, log.endOffset());
      assertTrue(log.wasClean());
      assertEquals(history, log.history());
      assertArrayEquals(
          Arrays.copyOfRange(stream, (int) expectedStart, stream.length),
          LogModel.read(log, expectedStart, 5_000));
    }
  }

  @Test
  void shouldOpenCleanWithNothingToSay() {
    try (ReplicationLog log = open(0)) {
      assertEquals(List.of(), log.recovery().findings());
      assertEquals(List.of(), log.recovery().damage());
      assertEquals(stream.length, log.recovery().forcedOffset());
    }
    opensFrom(0, 0);
  }

  @Test
  void shouldMissASegmentInTheMiddle() throws IOException {
    SegmentFiles.delete(segments.get(2).dir());
    refuses(0, fileOf(1).toString(), "ends at offset " + startOf(2), "starts at " + startOf(3));
    refuses(startOf(2), "needed from " + startOf(2));
    try (ReplicationLog log = open(startOf(3))) {
      // Older than what is needed, and not looked at before somebody asks for it.
      assertEquals(0, log.startOffset());
      assertThrows(LogException.class, () -> LogModel.read(log, 0, 5_000));
      log.dropDamaged(startOf(3));
      assertEquals(startOf(3), log.startOffset());
    }
  }

  @Test
  void shouldMissTheNewestSegment() throws IOException {
    SegmentFiles.delete(segments.get(4).dir());
    refuses(0, fileOf(3).toString(), "on disk up to " + stream.length + " (by forced)");
    refuses(startOf(4) + 1, "needed from");
    try (ReplicationLog log = open(stream.length)) {
      assertEquals(startOf(4), log.endOffset());
      assertFalse(log.wasClean());
      assertEquals(1, log.recovery().damage().size());
    }
  }

  @Test
  void shouldRefuseExchangedSegments() throws IOException {
    Path away = dir.resolve("away");
    Files.move(segments.get(1).dir(), away);
    Files.move(segments.get(3).dir(), segments.get(1).dir());
    Files.move(away, segments.get(3).dir());
    Path first = segments.get(1).dir().getFileName();
    String names = first + " or " + segments.get(2).dir().getFileName();
    refuses(LogException.Kind.MISPLACED, stream.length, names + " does not belong there");
  }

  @Test
  void shouldRefuseACopyOfAnOlderSegmentUnderANewerName() throws IOException {
    Path twin = SegmentFiles.path(config.dir(), segments.get(4).sequence() + 1);
    copy(segments.get(2).dir(), twin);
    String name = twin.getFileName().toString();
    refuses(LogException.Kind.MISPLACED, stream.length, name + " does not belong there: move it");
  }

  @Test
  void shouldRefuseACopyOfTheNewestSegment() throws IOException {
    Path twin = SegmentFiles.path(config.dir(), segments.get(4).sequence() + 1);
    copy(segments.get(4).dir(), twin);
    String name = twin.getFileName().toString();
    refuses(LogException.Kind.MISPLACED, 0, name + " does not belong there: move it");
    refuses(LogException.Kind.MISPLACED, stream.length, name + " does not belong there: move it");
    SegmentFiles.delete(twin);
    opensFrom(0, 0);
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectory(to);
    for (String name : from.toFile().list()) {
      Files.copy(from.resolve(name), to.resolve(name));
    }
  }

  @Test
  void shouldLeaveForeignFilesAloneAndNameThem() throws IOException {
    Path note = Files.writeString(config.dir().resolve("notes.txt"), "x");
    Path badName = Files.createDirectory(config.dir().resolve("segment-12"));
    Path other = Files.writeString(segments.get(4).dir().resolve("00000000F.cq4"), "junk");
    try (ReplicationLog log = open(0)) {
      String findings = String.join("\n", log.recovery().findings());
      assertTrue(findings.contains(note + ": not a part of the log"), findings);
      assertTrue(findings.contains(badName + ": not a part of the log"), findings);
      assertEquals(0, log.recovery().cutBytes());
    }
    opensFrom(0, 0);
    assertTrue(Files.exists(note) && Files.exists(badName) && Files.exists(other));
  }

  @Test
  void shouldNotNeedTheQueuesMetadataFile() throws IOException {
    for (int i = 0; i < SEGMENTS; i++) {
      Path metadata = segments.get(i).dir().resolve("metadata.cq4t");
      assertFalse(Files.exists(metadata), "complete segments have none");
      if (i % 2 == 0) {
        Files.write(metadata, new byte[100]);
      }
    }
    opensFrom(0, 0);
  }

  /** Everything in front of the first record, in every way, in one segment and in all. */
  @Test
  void shouldNotNeedTheQueuesHeadersAndIndexes() throws IOException {
    long[] ends = new long[SEGMENTS];
    try (RecordCursor cursor = new RecordCursor(config.maxRecordBytes())) {
      for (int i = 0; i < SEGMENTS; i++) {
        ends[i] = SegmentHead.read(cursor, segments.get(i)).firstPosition();
      }
    }
    Random random = new Random(17);
    List<byte[]> sound = new ArrayList<>();
    for (int i = 0; i < SEGMENTS; i++) {
      sound.add(Files.readAllBytes(fileOf(i)));
    }
    for (String how : List.of("zeros", "junk", "first page", "a header", "preamble")) {
      for (int i = 0; i < SEGMENTS; i++) {
        byte[] bytes = sound.get(i).clone();
        int end = (int) ends[i];
        switch (how) {
          case "zeros" -> Arrays.fill(bytes, 0, end, (byte) 0);
          case "junk" -> {
            byte[] junk = new byte[end];
            random.nextBytes(junk);
            System.arraycopy(junk, 0, bytes, 0, end);
          }
          case "first page" -> Arrays.fill(bytes, 0, Math.min(4096, end), (byte) 0);
          // A length that leads behind the end of the file, into a record, and so on.
          case "a header" -> bytes[1 + random.nextInt(2)] ^= (byte) (1 << random.nextInt(8));
          default -> bytes[end - 8] ^= 1;
        }
        Files.write(fileOf(i), bytes);
      }
      opensFrom(0, 0);
      try (ReplicationLog log = open(0)) {
        String findings = String.join("\n", log.recovery().findings());
        assertTrue(findings.contains("the first record, at position"), how + ": " + findings);
      }
    }
    assertEquals(List.of(), SegmentFiles.listSetAside(config.dir()), "nothing was cut");
  }

  @Test
  void shouldNotTakeASegmentWithADamagedQueueHeaderForAnUnusedOne() throws IOException {
    try (RandomAccessFile open = new RandomAccessFile(fileOf(4).toFile(), "rw")) {
      open.seek(0);
      open.write(new byte[] {0, 0, (byte) 0xf0, 0x40});
    }
    opensFrom(0, 0);
  }

  @Test
  void shouldFindDamageInOldSegmentsInTheBackground() throws IOException {
    try (RandomAccessFile open = new RandomAccessFile(fileOf(1).toFile(), "rw")) {
      open.seek(open.length() - 500);
      open.write(new byte[] {1, 2, 3});
    }
    List<String> told = new CopyOnWriteArrayList<>();
    LogListener listener = damageInto(told);
    LogNeed need = LogNeed.from(stream.length, history);
    try (ReplicationLog log = ReplicationLog.open(config, listener, need, LogDisk.SYSTEM)) {
      assertEquals(ScrubStatus.NONE, log.scrubStatus());
      log.scrub(false, 0);
      Await.until("it has ended", () -> log.scrubStatus().endedMs() > 0);
      ScrubStatus status = log.scrubStatus();
      assertEquals(1, status.damaged());
      assertTrue(status.lastDamage().contains(fileOf(1) + " at position "), status.toString());
      assertTrue(status.verifiedBytes() > 3L * EFFECT_BYTES, status.toString());
      assertEquals(1, told.size());
      assertTrue(told.get(0).endsWith(" below " + startOf(2)), told.get(0));
      log.dropDamaged(startOf(2) - 1);
      assertEquals(0, log.startOffset(), "a start may still need it");
      log.dropDamaged(startOf(2));
      assertEquals(startOf(2), log.startOffset());
      assertArrayEquals(
          Arrays.copyOfRange(stream, (int) startOf(2), stream.length),
          LogModel.read(log, startOf(2), 5_000));
      // What was found sound is not read again, unless that is asked for.
      log.scrub(false, 0);
      Await.until("again", () -> !log.scrubStatus().running() && log.scrubStatus().damaged() == 0);
      assertEquals(0, log.scrubStatus().verifiedBytes());
      log.scrub(true, 1 << 30);
      Await.until(
          "all", () -> log.scrubStatus().endedMs() > 0 && log.scrubStatus().verifiedBytes() > 0);
    }
  }

  @Test
  void shouldEndARoundThatMeetsAnErrorAndBeThereForTheNext() throws IOException {
    try (RandomAccessFile open = new RandomAccessFile(fileOf(1).toFile(), "rw")) {
      open.seek(open.length() - 500);
      open.write(new byte[] {1, 2, 3});
    }
    List<Error> thrown = new CopyOnWriteArrayList<>(List.of(new OutOfMemoryError("for the test")));
    List<Throwable> warnings = new CopyOnWriteArrayList<>();
    LogListener listener =
        new LogListener() {
          @Override
          public void damaged(String problem, long endOffset) {
            if (!thrown.isEmpty()) {
              throw thrown.remove(0);
            }
          }

          @Override
          public void warning(String message, Throwable cause) {
            warnings.add(cause);
          }
        };
    LogNeed need = LogNeed.from(stream.length, history);
    try (ReplicationLog log = ReplicationLog.open(config, listener, need, LogDisk.SYSTEM)) {
      log.scrub(false, 0);
      Await.until("it is told", () -> !warnings.isEmpty());
      assertTrue(warnings.get(0) instanceof OutOfMemoryError, warnings.toString());
      assertFalse(log.scrubStatus().running());
      long verified = log.scrubStatus().verifiedBytes();
      log.scrub(true, 0);
      Await.until(
          "another one",
          () -> !log.scrubStatus().running() && log.scrubStatus().verifiedBytes() > verified);
      assertEquals(1, log.scrubStatus().damaged());
    }
  }

  @Test
  void shouldVerifyTheNewestSegmentTooWhenAllIsAskedFor() throws IOException {
    List<Long> told = new CopyOnWriteArrayList<>();
    BlockingQueue<ScrubStatus> rounds = new LinkedBlockingQueue<>();
    LogListener listener =
        new LogListener() {
          @Override
          public void damaged(String problem, long endOffset) {
            told.add(endOffset);
          }

          @Override
          public void scrubbed(ScrubStatus status) {
            rounds.add(status);
          }
        };
    byte[] effect = new byte[EFFECT_BYTES];
    Arrays.fill(effect, (byte) 'z');
    try (ReplicationLog log =
        ReplicationLog.open(config, listener, LogNeed.EVERYTHING, LogDisk.SYSTEM)) {
      Await.until("space", () -> log.canAppend(EFFECT_BYTES));
      log.append(Unpooled.wrappedBuffer(effect), 0, EFFECT_BYTES, 0, 9);
      ScrubStatus sound = scrubAll(log, rounds);
      assertEquals(0, sound.damaged(), sound.toString());
      assertTrue(sound.verifiedBytes() > stream.length + EFFECT_BYTES, sound.toString());
      Path newest = QueueFile.find(SegmentFiles.path(config.dir(), segments.get(4).sequence() + 1));
      int last = new String(Files.readAllBytes(newest), ISO_8859_1).lastIndexOf('z');
      try (RandomAccessFile open = new RandomAccessFile(newest.toFile(), "rw")) {
        open.seek(last);
        open.write('y');
      }
      ScrubStatus damaged = scrubAll(log, rounds);
      assertEquals(1, damaged.damaged(), damaged.toString());
      assertTrue(damaged.lastDamage().contains(newest.toString()), damaged.toString());
      assertEquals(List.of((long) stream.length + EFFECT_BYTES), told);
    }
  }

  private static ScrubStatus scrubAll(ReplicationLog log, BlockingQueue<ScrubStatus> rounds) {
    log.scrub(true, 0);
    Await.until("the scrub has ended", () -> !rounds.isEmpty());
    return rounds.remove();
  }

  @Test
  void shouldTellOnceOfDamageThatReadersMeet() throws IOException {
    Path damaged = fileOf(1);
    List<String> told = new CopyOnWriteArrayList<>();
    LogListener listener = damageInto(told);
    try (ReplicationLog log =
        ReplicationLog.open(config, listener, LogNeed.EVERYTHING, LogDisk.SYSTEM)) {
      try (RandomAccessFile open = new RandomAccessFile(damaged.toFile(), "rw")) {
        open.seek(open.length() - 500);
        open.write(new byte[] {1, 2, 3});
      }
      for (int round = 0; round < 3; round++) {
        LogException met = assertThrows(LogException.class, () -> LogModel.read(log, 0, 5_000));
        assertEquals(LogException.Kind.DAMAGED, met.kind());
      }
      assertEquals(1, told.size(), told.toString());
      assertTrue(told.get(0).contains(damaged + " at position "), told.get(0));
      assertTrue(told.get(0).endsWith(" below " + startOf(2)), told.get(0));
      log.dropDamaged(startOf(2));
      assertEquals(startOf(2), log.startOffset());
    }
  }

  /** Else a replica would make data of it, and log it as sound. */
  @ParameterizedTest
  @ValueSource(ints = {1, 100, 4_096, 50_000})
  void shouldGiveNothingOfADamagedRecord(int maxBytes) throws IOException {
    int[] effects = {9_000, 3_000, 9_000, 100};
    LogConfig own = LogModel.smallConfig(dir.resolve("own"));
    try (LogModel model = new LogModel(own, 0, new Random(8))) {
      for (int effect : effects) {
        model.append(effect);
      }
      Path file = QueueFile.find(SegmentFiles.list(own.dir()).get(0).dir());
      long begin = 0;
      for (int effect : effects) {
        flip(file, Arrays.copyOfRange(model.bytes, (int) begin, (int) begin + effect));
        ByteBuf read = Unpooled.directBuffer();
        try {
          LogException met =
              assertThrows(LogException.class, () -> readAll(model.log, read, maxBytes));
          assertTrue(met.getMessage().contains("checksum of"), met.getMessage());
          int given = read.readableBytes();
          assertTrue(maxBytes == 1 ? given == begin : given <= begin, given + " bytes to " + begin);
          assertEquals(Unpooled.wrappedBuffer(model.bytes, 0, given), read);
        } finally {
          read.release();
        }
        flip(file, Arrays.copyOfRange(model.bytes, (int) begin, (int) begin + effect));
        begin += effect;
      }
      assertArrayEquals(model.bytes, model.read(0, maxBytes));
    }
  }

  private static void readAll(ReplicationLog log, ByteBuf into, int maxBytes) {
    try (LogReader reader = log.reader(0)) {
      while (reader.read(into, maxBytes) > 0) {
        assertEquals(reader.offset(), into.readableBytes());
      }
    }
  }

  /** Turns one bit in the last byte of what is found in the file, or back. */
  private static void flip(Path file, byte[] payload) throws IOException {
    byte[] content = Files.readAllBytes(file);
    byte[] start = Arrays.copyOf(payload, 64);
    int at = 0;
    while (!Arrays.equals(content, at, at + start.length, start, 0, start.length)) {
      at++;
    }
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      open.seek(at + payload.length - 1);
      int last = open.read();
      open.seek(at + payload.length - 1);
      open.write(last ^ 1);
    }
  }

  /** What a recovery cut may lie there, in a segment that no start has read since. */
  @Test
  void shouldBranchBeforeWhatLiesBehindTheEndOfASegment() throws IOException {
    try (RandomAccessFile open = new RandomAccessFile(fileOf(2).toFile(), "rw")) {
      open.seek(open.length());
      open.write("what was cut".repeat(10).getBytes(ISO_8859_1));
    }
    LogConfig other = LogModel.smallConfig(dir.resolve("other"));
    try (ReplicationLog log = open(stream.length);
        ReplicationLog branch =
            log.branch(other, LogListener.none(), startOf(3)).orElseThrow().log()) {
      assertEquals(startOf(3), branch.endOffset());
      assertArrayEquals(Arrays.copyOf(stream, (int) startOf(3)), LogModel.read(branch, 0, 5_000));
    }
  }

  /** A node that is started and stopped, and nobody writes: segments with an identity alone. */
  @Test
  void shouldBranchBehindASegmentWithoutBytes() {
    for (int i = 0; i < 2; i++) {
      try (ReplicationLog log = open(stream.length)) {
        log.appendIdentity(log.history().newId(stream.length), 0, 10 + i);
        log.markClean(0, 20 + i);
      }
    }
    LogConfig other = LogModel.smallConfig(dir.resolve("other"));
    try (ReplicationLog log = open(stream.length)) {
      appendWhenThereIsSpace(log, new byte[EFFECT_BYTES]);
      try (ReplicationLog branch =
          log.branch(other, LogListener.none(), stream.length + 1).orElseThrow().log()) {
        assertEquals(stream.length, branch.endOffset());
        assertArrayEquals(stream, LogModel.read(branch, 0, 5_000));
      }
    }
  }

  /** A bad sector fails to be read, rather than to be right. */
  @Test
  void shouldTakeForDamageWhatCannotBeRead() throws IOException {
    List<String> told = new CopyOnWriteArrayList<>();
    LogListener listener = damageInto(told);
    LogNeed need = LogNeed.from(stream.length, history);
    try (ReplicationLog log = ReplicationLog.open(config, listener, need, LogDisk.SYSTEM)) {
      Path file = fileOf(1);
      Files.move(file, dir.resolve("elsewhere"));
      // To open it works, to read it does not.
      Files.createDirectory(file);
      for (int i = 0; i < 2; i++) {
        LogException met = assertThrows(LogException.class, () -> LogModel.read(log, 0, 5_000));
        assertEquals(LogException.Kind.DAMAGED, met.kind());
      }
      assertEquals(1, told.size(), told.toString());
      assertTrue(told.get(0).contains(file + " at position "), told.get(0));
      log.dropDamaged(startOf(2));
      assertEquals(startOf(2), log.startOffset());
    }
  }

  @Test
  void shouldNotTakeForDamageWhatCannotBeOpenedNow() throws IOException {
    List<String> told = new CopyOnWriteArrayList<>();
    LogListener listener =
        new LogListener() {
          @Override
          public void warning(String message, Throwable cause) {
            told.add(message);
          }
        };
    LogNeed need = LogNeed.from(stream.length, history);
    try (ReplicationLog log = ReplicationLog.open(config, listener, need, LogDisk.SYSTEM)) {
      Path file = fileOf(1);
      Path elsewhere = dir.resolve("elsewhere");
      Files.move(file, elsewhere);
      Files.createSymbolicLink(file, file);
      log.scrub(false, 0);
      Await.until("it has ended", () -> log.scrubStatus().endedMs() > 0);
      assertEquals(0, log.scrubStatus().damaged());
      assertEquals(1, told.size(), told.toString());
      assertTrue(told.get(0).contains("cannot open " + file), told.get(0));
      log.dropDamaged(startOf(4));
      assertEquals(0, log.startOffset());
      Files.delete(file);
      Files.move(elsewhere, file);
      assertArrayEquals(stream, LogModel.read(log, 0, 5_000));
    }
  }

  private static LogListener damageInto(List<String> told) {
    return new LogListener() {
      @Override
      public void damaged(String problem, long endOffset) {
        told.add(problem + " below " + endOffset);
      }
    };
  }

  private static void appendWhenThereIsSpace(ReplicationLog log, byte[] effect) {
    Await.until("space", () -> log.canAppend(effect.length));
    log.append(Unpooled.wrappedBuffer(effect), 0, effect.length, 0, 10);
  }

  /** Also while nobody writes: whoever needs what is damaged would try for ever. */
  @Test
  void shouldLeaveANewestSegmentThatIsDamagedForTheNextOne() throws IOException {
    try (ReplicationLog log = open(0)) {
      assertFalse(log.leaveDamaged(0, 10), "it is sound");
      byte[] effect = new byte[EFFECT_BYTES];
      Arrays.fill(effect, (byte) 'z');
      appendWhenThereIsSpace(log, effect);
      appendWhenThereIsSpace(log, effect);
      assertFalse(log.leaveDamaged(0, 10), "it is sound");
      // Behind it there may be one that is not in use yet.
      Path newest = QueueFile.find(SegmentFiles.list(config.dir()).get(SEGMENTS).dir());
      String content = Files.readString(newest, ISO_8859_1);
      try (RandomAccessFile open = new RandomAccessFile(newest.toFile(), "rw")) {
        open.seek(content.indexOf("zzz") + EFFECT_BYTES / 2);
        open.write('y');
      }
      LogException met =
          assertThrows(LogException.class, () -> LogModel.read(log, stream.length, 5_000));
      assertEquals(LogException.Kind.DAMAGED, met.kind());
      long end = log.endOffset();
      log.dropDamaged(end);
      assertEquals(0, log.startOffset(), "something is appended to it");

      Await.until("the next segment", () -> log.leaveDamaged(0, 11));
      assertFalse(log.leaveDamaged(0, 11), "it has been left");
      Await.until("the force", log::durableIdentity);
      log.dropDamaged(end - 1);
      assertEquals(0, log.startOffset(), "a start may still need it");
      log.dropDamaged(end);
      assertEquals(end, log.startOffset());
      appendWhenThereIsSpace(log, effect);
      assertArrayEquals(effect, LogModel.read(log, end, 5_000));
      log.markClean(0, 13);
    }
    long start = stream.length + 2L * EFFECT_BYTES;
    try (ReplicationLog log = open(start)) {
      assertEquals(start, log.startOffset());
      assertEquals(start + EFFECT_BYTES, log.endOffset());
      assertEquals(List.of(), log.recovery().damage());
      assertEquals(history, log.history());
    }
  }

  @Test
  void shouldGoOnWithoutTheRecordOfTheForcedEnd() throws IOException {
    Path forced = config.dir().resolve(ForcedEnd.NAME);
    for (byte[] content : List.of(new byte[0], new byte[8192], "junk".getBytes("US-ASCII"))) {
      Files.write(forced, content);
      try (ReplicationLog log = open(0)) {
        assertEquals(stream.length, log.endOffset());
        // What the newest segment's first record says remains.
        assertEquals(startOf(4), log.recovery().forcedOffset());
        assertEquals(1, log.recovery().findings().size(), log.recovery().toString());
      }
      assertEquals(stream.length, ForcedEnd.read(config.dir()).offset());
    }
  }

  @Test
  void shouldKeepTheOtherSlotOfTheForcedEndIfOneIsTorn() throws IOException {
    Path forced = config.dir().resolve(ForcedEnd.NAME);
    byte[] bytes = Files.readAllBytes(forced);
    long newest = ForcedEnd.read(config.dir()).count();
    for (int slot = 0; slot < 2; slot++) {
      byte[] torn = bytes.clone();
      torn[slot * 4096 + 20] ^= 1;
      Files.write(forced, torn);
      ForcedEnd.Slot left = ForcedEnd.read(config.dir());
      assertTrue(left.count() == newest || left.count() == newest - 1, left.toString());
      assertTrue(left.offset() <= stream.length && left.offset() > 0);
    }
  }
}
