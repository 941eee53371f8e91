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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.chronolith.replicationlog.chronicle.QueueFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reading a log's files without opening the log, copying it while it is in use, cutting it. */
class LogInspectorTest {
  private static final long ORIGIN = 1000;

  @TempDir Path dir;

  /** What a walk shows; the bytes of committed records alone. */
  static final class Seen implements LogInspector.Visitor {
    final ByteBuf stream = Unpooled.buffer();
    final List<LogInspector.Damage> damage = new ArrayList<>();
    final List<Long> positions = new ArrayList<>();
    int committed;
    int identities;
    long end;

    @Override
    public boolean record(LogInspector.SegmentInfo segment, LogRecord record, long position) {
      positions.add(position);
      if (record.isIdentity()) {
        identities++;
        assertEquals(0, record.history().lineage().size());
      }
      stream.writeBytes(record.buffer(), record.payloadIndex(), record.length());
      committed = record.isCommit() ? stream.writerIndex() : committed;
      return true;
    }

    @Override
    public void groupLost(LogInspector.SegmentInfo segment) {
      stream.writerIndex(committed);
    }

    @Override
    public void damaged(LogInspector.Damage one) {
      damage.add(one);
    }

    @Override
    public void segmentEnd(LogInspector.SegmentInfo segment, long endOffset, long endPosition) {
      end = endOffset;
    }

    byte[] bytes() {
      return Arrays.copyOf(stream.array(), stream.writerIndex());
    }
  }

  static Seen walk(Path path, boolean running) {
    Seen seen = new Seen();
    LogInspector.open(path, running).walk(seen);
    return seen;
  }

  private LogModel filled(int segments) {
    LogModel model = new LogModel(LogModel.smallConfig(dir.resolve("log")), ORIGIN, new Random(7));
    while (segments(model).size() < segments) {
      model.append(1 + model.random.nextInt(40_000));
    }
    return model;
  }

  private static List<LogInspector.SegmentInfo> segments(LogModel model) {
    return segments(model.config.dir());
  }

  private static List<LogInspector.SegmentInfo> segments(Path log) {
    return LogInspector.open(log, true).segments().stream()
        .filter(LogInspector.SegmentInfo::usable)
        .collect(Collectors.toList());
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

  private static void flip(Path file, long at) throws IOException {
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      open.seek(at);
      int old = open.read();
      open.seek(at);
      open.write(old ^ 4);
    }
  }

  @Test
  void shouldShowTheWholeStreamBesideTheWriterAndAfterIt() throws IOException {
    try (LogModel model = filled(3)) {
      Seen live = walk(model.config.dir(), true);
      assertEquals(List.of(), live.damage);
      assertArrayEquals(model.bytes, live.bytes());
      model.log.markClean(0, 5);
    }
    Map<String, String> before = files(dir);
    Seen closed = walk(dir.resolve("log"), false);
    assertEquals(List.of(), closed.damage);
    assertEquals(3, closed.identities);
    assertTrue(LogInspector.foresee(dir.resolve("log"), LogNeed.EVERYTHING).report().clean());
    assertEquals(before, files(dir));
  }

  @Test
  void shouldTakeTheNewestSegmentThatIsJustBeingMadeForNoDamage() throws IOException {
    byte[] bytes;
    try (LogModel model = filled(2)) {
      bytes = model.bytes;
    }
    Path log = dir.resolve("log");
    List<SegmentFiles.Entry> entries = SegmentFiles.list(log);
    SegmentFiles.Entry last = entries.get(entries.size() - 1);
    Path making = SegmentFiles.path(log, last.sequence() + 1);
    Path file = making.resolve(QueueFile.find(last.dir()).getFileName());
    Files.createDirectory(making);
    assertNoDamage(log, bytes);
    Files.createFile(file);
    assertNoDamage(log, bytes);
    // The queue begins its own first document, and then the log its first record behind that.
    byte[] newFile = new byte[64 * 1024];
    newFile[3] = (byte) 0x80;
    Files.write(file, newFile);
    assertNoDamage(log, bytes);
    assertEquals(1, walk(log, false).damage.size());
    byte[] begun = Arrays.copyOf(Files.readAllBytes(QueueFile.find(last.dir())), newFile.length);
    int first = (int) segments(log).get(entries.size() - 1).firstPosition();
    Arrays.fill(begun, first, begun.length, (byte) 0);
    begun[first + 3] = (byte) 0x80;
    Files.write(file, begun);
    assertNoDamage(log, bytes);
  }

  private static void assertNoDamage(Path log, byte[] bytes) {
    Seen seen = walk(log, true);
    assertEquals(List.of(), seen.damage);
    assertArrayEquals(bytes, seen.bytes());
  }

  @Test
  void shouldReadOneSegmentAndOneFile() throws IOException {
    List<LogInspector.SegmentInfo> segments;
    byte[] bytes;
    try (LogModel model = filled(3)) {
      segments = segments(model);
      bytes = model.bytes;
    }
    Path aside = Files.move(segments.get(1).dir(), dir.resolve("cut-segment-0000000002"));
    int from = (int) (segments.get(1).startOffset() - ORIGIN);
    int to = (int) (segments.get(2).startOffset() - ORIGIN);
    assertArrayEquals(Arrays.copyOfRange(bytes, from, to), walk(aside, false).bytes());
    assertArrayEquals(
        Arrays.copyOfRange(bytes, from, to), walk(QueueFile.find(aside), false).bytes());
    assertFalse(LogInspector.isLog(dir));
    LogException none = assertThrows(LogException.class, () -> LogInspector.open(dir, false));
    assertTrue(none.getMessage().contains("there is no log in"), none.getMessage());
  }

  @Test
  void shouldGoOnBehindADamagedRecordAndTellEachDamage() throws IOException {
    List<LogInspector.SegmentInfo> segments;
    try (LogModel model = filled(3)) {
      segments = segments(model);
    }
    Seen sound = walk(dir.resolve("log"), false);
    Path first = segments.get(0).file();
    Path last = segments.get(2).file();
    flip(first, sound.positions.get(2) + 60);
    flip(last, sound.positions.get(sound.positions.size() - 1) + 60);
    Seen seen = walk(dir.resolve("log"), false);
    assertEquals(2, seen.damage.size(), seen.damage.toString());
    LogInspector.Damage one = seen.damage.get(0);
    assertEquals(first, one.file());
    assertEquals(sound.positions.get(2), one.position());
    assertTrue(one.problem().contains("checksum"), one.toString());
    assertTrue(one.offset() >= ORIGIN && one.nextOffset() > one.offset(), one.toString());
    assertEquals(last, seen.damage.get(1).file());
    int lost = sound.bytes().length - seen.bytes().length;
    assertTrue(lost > 0 && lost <= 2 * 40_000, "lost " + lost);
  }

  @Test
  void shouldTellAMissingSegmentAndAnUnreadableOne() throws IOException {
    List<LogInspector.SegmentInfo> segments;
    try (LogModel model = filled(4)) {
      segments = segments(model);
    }
    SegmentFiles.delete(segments.get(1).dir());
    Files.write(segments.get(3).file(), new byte[100]);
    Seen seen = walk(dir.resolve("log"), false);
    assertEquals(2, seen.damage.size(), seen.damage.toString());
    assertEquals(segments.get(1).startOffset(), seen.damage.get(0).offset());
    assertEquals(segments.get(2).startOffset(), seen.damage.get(0).nextOffset());
    assertEquals(segments.get(3).file(), seen.damage.get(1).file());
    assertEquals(segments.get(3).startOffset(), seen.damage.get(1).offset());
  }

  @Test
  void shouldCutAtTheFirstDamageAndKeepWhatItCut() throws IOException {
    List<LogInspector.SegmentInfo> segments;
    byte[] bytes;
    try (LogModel model = filled(4)) {
      segments = segments(model);
      bytes = model.bytes;
    }
    Path log = dir.resolve("log");
    LogInspector.SegmentInfo third = segments.get(2);
    // A backup shares the file: it must not change.
    Path shared = Files.createLink(dir.resolve("shared.cq4"), third.file());
    // The size was listed while space was reserved behind the records.
    flip(third.file(), Files.size(third.file()) * 3 / 4);
    byte[] damaged = Files.readAllBytes(shared);
    Seen seen = walk(log, false);
    LogInspector inspector = LogInspector.open(log, false);
    assertEquals(
        Optional.empty(),
        LogCut.plan(log, inspector, seen.damage, segments.get(3).startOffset(), seen.end));
    LogCut cut = LogCut.plan(log, inspector, seen.damage, ORIGIN, seen.end).orElseThrow();
    assertEquals(List.of(third.name(), segments.get(3).name()), cut.segments());
    List<Path> kept = cut.apply();
    assertEquals(2, kept.size());
    assertArrayEquals(damaged, Files.readAllBytes(shared));
    assertArrayEquals(damaged, Files.readAllBytes(QueueFile.find(kept.get(1))));

    Seen after = walk(log, false);
    assertEquals(List.of(), after.damage);
    assertEquals(cut.newEndOffset(), after.end);
    assertArrayEquals(Arrays.copyOf(bytes, (int) (cut.newEndOffset() - ORIGIN)), after.bytes());
    try (ReplicationLog open = ReplicationLog.open(LogModel.smallConfig(log), LogListener.none())) {
      assertEquals(List.of(), open.recovery().findings());
      assertEquals(cut.newEndOffset(), open.endOffset());
    }
  }

  @Test
  void shouldAcceptTheEndOfALogThatHasLostItsNewestSegment() throws IOException {
    List<LogInspector.SegmentInfo> segments;
    try (LogModel model = filled(3)) {
      segments = segments(model);
    }
    Path log = dir.resolve("log");
    SegmentFiles.delete(segments.get(2).dir());
    long end = segments.get(2).startOffset();
    LogException refused =
        assertThrows(LogException.class, () -> LogInspector.foresee(log, LogNeed.EVERYTHING));
    assertTrue(refused.getMessage().contains("it was on disk up to"), refused.getMessage());
    Seen seen = walk(log, false);
    assertEquals(List.of(), seen.damage);
    LogInspector inspector = LogInspector.open(log, false);
    LogCut cut = LogCut.plan(log, inspector, seen.damage, ORIGIN, seen.end).orElseThrow();
    assertEquals(end, cut.newEndOffset());
    assertEquals(0, cut.cutBytes());
    assertEquals(List.of(), cut.apply());
    assertEquals(end, LogInspector.foresee(log, LogNeed.EVERYTHING).report().endOffset());
    assertEquals(Optional.empty(), LogCut.plan(log, inspector, seen.damage, ORIGIN, seen.end));
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectory(to);
    for (String name : from.toFile().list()) {
      Files.copy(from.resolve(name), to.resolve(name));
    }
  }

  @Test
  void shouldNameASegmentThatDoesNotBelongThereAndLeaveItOut() throws IOException {
    List<LogInspector.SegmentInfo> segments;
    byte[] bytes;
    try (LogModel model = filled(5)) {
      segments = segments(model);
      bytes = model.bytes;
    }
    Path log = dir.resolve("log");
    long free = segments.get(4).sequence() + 5;
    // A copy of the last but one, too: without the last, the others would be in order as well.
    for (int twin : List.of(3, 1)) {
      Path copy = SegmentFiles.path(log, free);
      copy(segments.get(twin).dir(), copy);
      Seen seen = walk(log, false);
      assertArrayEquals(bytes, seen.bytes());
      assertEquals(1, seen.damage.size(), seen.damage.toString());
      LogInspector.Damage damage = seen.damage.get(0);
      assertEquals(LogInspector.Damage.Kind.ORDER, damage.kind());
      assertEquals(QueueFile.find(copy), damage.file());
      String problem =
          copy.getFileName()
              + " does not belong there: move it out of "
              + log
              + " (or give it back its name)";
      assertEquals(problem, damage.problem());
      assertFalse(damage.isBetween(ORIGIN, seen.end), damage.toString());
      Map<String, String> before = files(log);
      LogInspector inspector = LogInspector.open(log, false);
      LogException refused =
          assertThrows(
              LogException.class,
              () -> LogCut.plan(log, inspector, seen.damage, seen.end, seen.end));
      assertEquals(problem, refused.getMessage());
      assertEquals(before, files(log));
      LogException start =
          assertThrows(LogException.class, () -> LogInspector.foresee(log, LogNeed.EVERYTHING));
      assertEquals(LogException.Kind.MISPLACED, start.kind());
      assertEquals(damage.toString(), start.getMessage());
      SegmentFiles.delete(copy);
    }
    // Where it is missing, there is a gap.
    Path renamed = Files.move(segments.get(2).dir(), SegmentFiles.path(log, free));
    Seen gap = walk(log, false);
    assertEquals(2, gap.damage.size(), gap.damage.toString());
    assertTrue(gap.damage.get(0).problem().contains("its successor starts at"), gap.damage + "");
    assertTrue(gap.damage.get(1).problem().startsWith(renamed.getFileName() + " does"));
    Files.move(renamed, segments.get(2).dir());
    // With what follows it alone, either could be the one; and nobody knows where the log ends.
    Files.move(segments.get(3).dir(), renamed);
    LogInspector.Damage end = walk(log, false).damage.get(0);
    assertTrue(end.problem().startsWith(segments.get(4).name() + " or " + renamed.getFileName()));
    assertEquals(segments.get(3).startOffset(), end.offset());
    assertEquals(-1, end.nextOffset());
  }

  @Test
  void shouldNameBothSegmentsWhereEitherMayBeTheOneThatDoesNotBelongThere() throws IOException {
    List<LogInspector.SegmentInfo> segments;
    try (LogModel model = filled(5)) {
      segments = segments(model);
    }
    Path log = dir.resolve("log");
    Files.move(segments.get(2).dir(), dir.resolve("away"));
    Files.move(segments.get(3).dir(), segments.get(2).dir());
    Files.move(dir.resolve("away"), segments.get(3).dir());
    Seen seen = walk(log, false);
    LogInspector.Damage damage =
        seen.damage.stream()
            .filter(one -> one.kind() == LogInspector.Damage.Kind.ORDER)
            .findFirst()
            .orElseThrow();
    String names = segments.get(2).name() + " or " + segments.get(3).name();
    assertTrue(damage.problem().startsWith(names + " does not belong there: "), damage.problem());
    assertEquals(segments.get(2).startOffset(), damage.offset());
    assertEquals(segments.get(4).startOffset(), damage.nextOffset());
    assertTrue(damage.isBetween(ORIGIN, seen.end));
  }

  /** Older damage is left: what a cut takes behind it does not begin where the log ends. */
  @Test
  void shouldTellTheEndOfWhatStays() throws IOException {
    List<LogInspector.SegmentInfo> segments;
    try (LogModel model = filled(4)) {
      segments = segments(model);
    }
    Path log = dir.resolve("log");
    SegmentFiles.delete(segments.get(1).dir());
    flip(segments.get(2).file(), segments.get(2).firstPosition() + 60);
    Seen seen = walk(log, false);
    LogInspector inspector = LogInspector.open(log, false);
    long from = segments.get(2).startOffset();
    LogCut cut = LogCut.plan(log, inspector, seen.damage, from, seen.end).orElseThrow();
    cut.apply();
    assertEquals(segments.get(1).startOffset(), cut.newEndOffset());
    assertEquals(walk(log, false).end, cut.newEndOffset());
  }

  @Test
  void shouldCopyALogThatIsInUse() throws IOException {
    Path copy = Files.createDirectory(dir.resolve("copy"));
    try (LogModel model = filled(3)) {
      byte[] then = model.bytes;
      LogCopy made = model.log.copyTo(copy);
      assertEquals(ORIGIN, made.startOffset());
      assertEquals(model.end(), made.endOffset());
      assertEquals(2, made.linkedFiles());
      assertEquals(1, made.copiedFiles());
      model.append(30_000);
      assertArrayEquals(then, walk(copy, false).bytes());
      Path oldest = SegmentFiles.list(model.config.dir()).get(0).dir();
      assertTrue(
          Files.isSameFile(
              QueueFile.find(oldest), QueueFile.find(copy.resolve(oldest.getFileName()))));
    }
    try (ReplicationLog open =
        ReplicationLog.open(LogModel.smallConfig(copy), LogListener.none())) {
      assertEquals(List.of(), open.recovery().findings());
    }
  }
}
