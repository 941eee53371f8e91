package org.chronolith.server.tools;

import static java.nio.file.StandardOpenOption.APPEND;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.chronolith.server.recovery.NodeId;
import org.chronolith.server.recovery.RecoveryException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CheckAndRepairTest {
  private static final long T0 = 1_769_860_800_000L;
  private static final int COMMANDS = 60;

  @TempDir Path directory;
  private long snapshotOffset;
  private long end;
  private String id;

  /** Three clean runs, so three segments, and a checkpoint in the middle of the second. */
  @BeforeEach
  void write() throws Exception {
    for (int i = 0; i < COMMANDS; ) {
      try (DataFixture node = new DataFixture(directory)) {
        id = node.log().history().currentId();
        node.write(T0 + i * 1000L, "SELECT", "0");
        for (int last = i + COMMANDS / 3; i < last; i++) {
          node.write(T0 + i * 1000L, "SET", "key" + i, Integer.toString(i).repeat(2000));
          if (i == COMMANDS / 2) {
            node.checkpoint(T0 + i * 1000L);
            snapshotOffset = node.offset();
          }
        }
        end = node.offset();
        node.markClean(T0 + i * 1000L);
      }
    }
  }

  private DataFixture.Run check(String... more) {
    return DataFixture.tool(
        Stream.concat(Stream.of("check", directory.toString()), Stream.of(more))
            .toArray(String[]::new));
  }

  private DataFixture.Run repair(String... more) {
    return DataFixture.tool(
        Stream.concat(Stream.of("repair", directory.toString()), Stream.of(more))
            .toArray(String[]::new));
  }

  private Path checkpoint() {
    return directory.resolve("gen-1/snapshot/checkpoint-" + snapshotOffset);
  }

  @Test
  void shouldFindASoundDirectorySoundAndChangeNothing() throws Exception {
    Map<String, String> before = DataFixture.files(directory);
    DataFixture.Run run = check();
    assertEquals(0, run.code(), run.out() + run.err());
    assertTrue(run.out().contains("offset " + snapshotOffset), run.out());
    assertTrue(run.out().contains((COMMANDS / 2 + 1) + " keys"), run.out());
    assertTrue(run.out().contains("log offsets [0, " + end + "), id " + id), run.out());
    assertTrue(run.out().contains("segment-0000000003: ["), run.out());
    assertTrue(run.out().contains("ends clean"), run.out());
    assertTrue(run.out().contains("a start would load checkpoint-" + snapshotOffset), run.out());
    assertTrue(run.out().contains("a start would keep the replication id"), run.out());
    DataFixture.Run json = check("--json");
    assertTrue(json.out().contains("\"sound\":true"), json.out());
    assertTrue(json.out().contains("\"end-offset\":" + end), json.out());
    assertEquals(before, DataFixture.files(directory));
  }

  @Test
  void shouldNameTheFileAndTheOffsetOfADamagedRecord() throws Exception {
    Path file = DataFixture.segment(directory, 3);
    DataFixture.flip(file, Files.size(file) / 2);
    DataFixture.Run run = check();
    assertEquals(1, run.code(), run.out());
    assertTrue(run.out().contains("DAMAGE " + file + " at position "), run.out());
    assertTrue(run.out().contains("checksum of a record"), run.out());
    assertTrue(run.out().contains("findings: 1"), run.out());
  }

  @Test
  void shouldNameADamagedTableAndSayThatAStartWouldGoBackBehindIt() throws Exception {
    Path table;
    try (Stream<Path> files = Files.list(checkpoint())) {
      table = files.filter(path -> path.toString().endsWith(".sst")).findFirst().orElseThrow();
    }
    DataFixture.flip(table, Files.size(table) / 2);
    DataFixture.Run run = check();
    assertEquals(1, run.code(), run.out());
    assertTrue(run.out().contains(table + ": CRC32C is"), run.out());
    assertTrue(
        run.out().contains("a start would find checkpoint-" + snapshotOffset + " damaged"),
        run.out());
    assertTrue(run.out().contains("apply " + end + " bytes of the log"), run.out());
  }

  @Test
  void shouldNameADamagedTableAndSayThatAStartWouldBeRefusedIfTheLogDoesNotReachBack()
      throws Exception {
    Path table;
    try (Stream<Path> files = Files.list(checkpoint())) {
      table = files.filter(path -> path.toString().endsWith(".sst")).findFirst().orElseThrow();
    }
    DataFixture.flip(table, Files.size(table) / 2);
    Path first = DataFixture.segment(directory, 1).getParent();
    Files.move(first, directory.resolve("elsewhere"));
    DataFixture.Run run = check();
    assertEquals(1, run.code(), run.out());
    assertTrue(run.out().contains("a start would be refused: " + table), run.out());
  }

  @Test
  void shouldSayWhatAStartWouldDoWithoutTheCheckpoint() throws Exception {
    Files.write(checkpoint().resolve("META"), new byte[] {1, 2, 3});
    DataFixture.Run run = check("--json");
    assertEquals(1, run.code(), run.out());
    assertTrue(run.out().contains("META: is cut short"), run.out());
    assertTrue(run.out().contains("apply " + end + " bytes of the log"), run.out());
  }

  @Test
  void shouldForeseeARefusalIfTheLogEndsBeforeACheckpointWithADamagedMeta() throws Exception {
    Path beyond = checkpoint().resolveSibling("checkpoint-" + (end + 1));
    Files.move(checkpoint(), beyond);
    Files.write(beyond.resolve("META"), new byte[] {1, 2, 3});
    DataFixture.Run run = check();
    assertEquals(1, run.code(), run.out());
    assertTrue(
        run.out()
            .contains(
                "a start would be refused: " + beyond + " is damaged, and the log ends at " + end),
        run.out());
  }

  @Test
  void shouldTellAMissingSegment() throws Exception {
    Path segment = DataFixture.segment(directory, 2).getParent();
    Files.move(segment, directory.resolve("elsewhere"));
    DataFixture.Run run = check();
    assertEquals(1, run.code(), run.out());
    assertTrue(run.out().contains("its successor starts at"), run.out());
  }

  /** As {@code cp -rp} does it. */
  private static void copy(Path from, Path to) throws Exception {
    try (Stream<Path> paths = Files.walk(from)) {
      for (Path path : paths.toList()) {
        Path target = to.resolve(from.relativize(path).toString());
        if (!target.equals(to)) {
          Files.copy(path, target, StandardCopyOption.COPY_ATTRIBUTES);
        }
      }
    }
  }

  @Test
  void shouldForeseeThatACopyTakesNewIds(@TempDir Path copy) throws Exception {
    NodeId.of(directory);
    assertFalse(check().out().contains("node id"), check().out());
    copy(directory, copy);
    DataFixture.Run run = DataFixture.tool("check", copy.toString());
    assertEquals(0, run.code(), run.out());
    assertTrue(
        run.out().contains("a start would take a new replication id, since it is a copy"),
        run.out());
    assertTrue(run.out().contains("a start would take a new node id, since"), run.out());
    try (DataFixture node = new DataFixture(copy)) {
      assertNotEquals(id, node.log().history().currentId(), "as it was foreseen");
    }
  }

  @Test
  void shouldForeseeANewIdWhenThereIsNoProofOfACleanStop() throws Exception {
    Files.delete(directory.resolve("INSTANCE"));
    DataFixture.Run run = check();
    assertEquals(0, run.code(), run.out());
    assertTrue(
        run.out().contains("take a new replication id, since no master was stopped in it"),
        run.out());
  }

  @Test
  void shouldForeseeANewIdWhenAReplicaHasMore() throws Exception {
    String body = "a".repeat(40) + " " + (end + 5) + " 1 1 7777 127.0.0.1\n";
    CRC32C crc = new CRC32C();
    crc.update(body.getBytes(StandardCharsets.US_ASCII));
    Files.writeString(
        directory.resolve("REPLICAS"),
        "chronolith-replicas 1 " + String.format("%08x", crc.getValue()) + "\n" + body);
    DataFixture.Run run = check();
    assertEquals(0, run.code(), run.out());
    assertTrue(
        run.out()
            .contains(
                "take a new replication id, since a replica has the stream up to " + (end + 5)),
        run.out());
  }

  private void checkDamaged(String file, boolean refused, String problem) throws Exception {
    byte[] sound =
        Files.exists(directory.resolve(file))
            ? Files.readAllBytes(directory.resolve(file))
            : new byte[0];
    Files.writeString(directory.resolve(file), "junk");
    Map<String, String> before = DataFixture.files(directory);
    DataFixture.Run run = check();
    assertEquals(1, run.code(), run.out() + run.err());
    assertTrue(run.out().contains("DAMAGE " + directory.resolve(file) + ": " + problem), run.out());
    assertEquals(refused, run.out().contains("a start would be refused: "), run.out());
    assertTrue(check("--json").out().contains("\"refused\":" + refused), run.out());
    assertEquals(before, DataFixture.files(directory));
    Files.write(directory.resolve(file), sound);
  }

  @Test
  void shouldFindDamageToTheSmallFiles() throws Exception {
    NodeId.of(directory);
    checkDamaged("CURRENT", true, "names 'junk', which is no generation here; there are [gen-1]");
    checkDamaged("NODE-ID", true, "does not begin with 40 hex digits");
    checkDamaged("INSTANCE", false, "INSTANCE is damaged");
    assertEquals(0, check().code(), check().out());
    checkDamaged("REPLICAS", false, "cannot be used: version or checksum is wrong");
    checkDamaged("gen-1/log/forced", false, "nothing in it can be read; what was on disk is known");
  }

  @Test
  void shouldTakeARecordOfForcesForSoundThatWasNeverWritten() throws Exception {
    Path forced = directory.resolve("gen-1/log/forced");
    for (byte[] blank : new byte[][] {new byte[0], new byte[8192]}) {
      Files.write(forced, blank);
      assertEquals(0, check().code(), check().out());
    }
    Files.delete(forced);
    assertEquals(0, check().code(), check().out());
  }

  @Test
  void shouldNameTheRecordOfForcesThatCannotBeRead() throws Exception {
    Path forced = directory.resolve("gen-1/log/forced");
    Files.delete(forced);
    Files.createDirectory(forced);
    DataFixture.Run run = check();
    assertEquals(1, run.code(), run.out() + run.err());
    assertTrue(
        run.out().contains("DAMAGE " + forced + ": cannot be read: Is a directory"), run.out());
    assertTrue(run.out().contains("segment-0000000003: ["), run.out());
    assertTrue(run.out().contains("a start would be refused: "), run.out());
  }

  @Test
  void shouldNameTheMarkOfADirectoryThatWasNotFinished() throws Exception {
    Path mark = Files.createFile(directory.resolve("UNFINISHED"));
    DataFixture.Run run = check();
    assertEquals(1, run.code(), run.out() + run.err());
    assertTrue(
        run.out().contains("DAMAGE " + mark + ": says that the restore or import"), run.out());
    assertFalse(run.out().contains("CURRENT"), run.out());
  }

  @Test
  void shouldRefuseWhatIsNoDataDirectory(@TempDir Path other) throws Exception {
    DataFixture.Run run = DataFixture.tool("check", other.toString());
    assertEquals(2, run.code());
    assertTrue(run.err().contains("is no data directory"), run.err());
    assertEquals(2, DataFixture.tool("repair", other.toString(), "--cut").code());
    try (Stream<Path> entries = Files.list(other)) {
      assertEquals(0, entries.count());
    }
    assertEquals(2, DataFixture.tool().code());
    assertEquals(2, DataFixture.tool("check").code());
  }

  @Test
  void shouldHaveNothingToCutInASoundLog() throws Exception {
    DataFixture.Run run = repair("--cut", "--yes");
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("there is nothing to cut"), run.out());
    assertFalse(Files.exists(directory.resolve("FORKED")));
  }

  @Test
  void shouldShowAskCutAndKeep() throws Exception {
    Path file = DataFixture.segment(directory, 3);
    byte[] last = "59".repeat(2000).getBytes(StandardCharsets.US_ASCII);
    DataFixture.flip(file, find(Files.readAllBytes(file), last) + 100);
    byte[] damaged = Files.readAllBytes(file);

    DataFixture.Run shown = repair();
    assertEquals(1, shown.code());
    assertTrue(shown.out().contains("nothing was changed"), shown.out());
    assertEquals(1, answer("no\n", () -> repair("--cut").code()));
    assertEquals(2, answer("", () -> repair("--cut").code()));
    assertTrue(Arrays.equals(damaged, Files.readAllBytes(file)));

    assertEquals(0, answer("yes\n", () -> repair("--cut").code()));
    Path kept = directory.resolve("gen-1/log/repair-cut-segment-0000000003/19700101L.cq4");
    assertTrue(Arrays.equals(damaged, Files.readAllBytes(kept)));
    assertTrue(Files.exists(directory.resolve("FORKED")));
    assertEquals(0, check().code(), check().out());
    try (DataFixture node = new DataFixture(directory)) {
      assertTrue(node.offset() < end && node.offset() > snapshotOffset);
      assertNotEquals(id, node.log().history().currentId());
      assertEquals(node.offset(), node.log().history().validTo(id));
    }
  }

  /** A checkpoint behind the last byte of the log, whose META cannot be read. */
  private Path damagedBeyond(long offset) throws Exception {
    Path beyond = checkpoint().resolveSibling("checkpoint-" + offset);
    Files.createDirectory(beyond);
    copy(checkpoint(), beyond);
    Files.write(beyond.resolve("META"), new byte[] {1, 2, 3});
    return beyond;
  }

  private Path asideOf(Path damaged) throws Exception {
    try (Stream<Path> entries = Files.list(damaged.getParent())) {
      return entries
          .filter(
              path -> path.getFileName().toString().startsWith("damaged-" + damaged.getFileName()))
          .findFirst()
          .orElseThrow();
    }
  }

  @Test
  void shouldSetDamagedCheckpointsAsideThatACutLeavesBeyondTheLog() throws Exception {
    flipLast(DataFixture.segment(directory, 3));
    Path beyond = damagedBeyond(end);
    DataFixture.Run shown = repair();
    assertEquals(1, shown.code());
    assertTrue(shown.out().contains(beyond + " is damaged, and"), shown.out());
    DataFixture.Run run = repair("--cut", "--yes");
    assertEquals(0, run.code(), run.out() + run.err());
    assertFalse(Files.exists(beyond));
    Path aside = asideOf(beyond);
    assertTrue(run.out().contains(aside.toString()), run.out());
    assertTrue(Files.exists(checkpoint()), "the sound one stays");
    assertEquals(0, check().code(), check().out());
    try (DataFixture node = new DataFixture(directory)) {
      assertTrue(node.offset() < end && node.offset() > snapshotOffset);
      assertNotEquals(id, node.log().history().currentId());
    }
  }

  @Test
  void shouldSetADamagedCheckpointAsideBeyondALogWithNothingToCut() throws Exception {
    Path beyond = damagedBeyond(end + 1);
    assertTrue(check().out().contains("a start would be refused"), check().out());
    assertEquals(1, repair().code());
    assertTrue(Files.exists(beyond));
    DataFixture.Run run = repair("--cut", "--yes", "--json");
    assertEquals(0, run.code(), run.out() + run.err());
    assertTrue(run.out().contains("\"end-offset\":" + end), run.out());
    assertTrue(run.out().contains(asideOf(beyond).toString()), run.out());
    try (DataFixture node = new DataFixture(directory)) {
      assertEquals(end, node.offset());
      assertNotEquals(id, node.log().history().currentId());
    }
  }

  @Test
  void shouldRepairABackupBelowADataDirectoryAndNotThatDirectory() throws Exception {
    Path backup = Files.createDirectory(directory.resolve("backup"));
    for (String name : new String[] {"CURRENT", "gen-1"}) {
      copyTree(directory.resolve(name), backup.resolve(name));
    }
    flipLast(DataFixture.segment(backup, 3));
    Map<String, String> node = filesOfTheNode();
    DataFixture.Run run = DataFixture.tool("repair", backup.toString(), "--cut", "--yes");
    assertEquals(0, run.code(), run.out() + run.err());
    assertTrue(Files.exists(backup.resolve("gen-1/log/repair-cut-segment-0000000003")));
    assertTrue(Files.exists(backup.resolve("FORKED")));
    assertEquals(node, filesOfTheNode());
    assertEquals(0, DataFixture.tool("check", backup.toString()).code());
  }

  private Map<String, String> filesOfTheNode() throws Exception {
    Map<String, String> files = new java.util.TreeMap<>(DataFixture.files(directory));
    files.keySet().removeIf(name -> name.startsWith(directory.resolve("backup").toString()));
    return files;
  }

  private static void copyTree(Path from, Path to) throws Exception {
    if (Files.isDirectory(from)) {
      Files.createDirectory(to);
      copy(from, to);
    } else {
      Files.copy(from, to);
    }
  }

  private static void flipLast(Path file) throws Exception {
    byte[] last = "59".repeat(2000).getBytes(StandardCharsets.US_ASCII);
    DataFixture.flip(file, find(Files.readAllBytes(file), last) + 100);
  }

  @Test
  void shouldNotCutForASegmentThatDoesNotBelongThere(@TempDir Path other) throws Exception {
    Path log = directory.resolve("gen-1/log");
    Path twin = Files.createDirectory(log.resolve("segment-0000000010"));
    Path file = DataFixture.segment(directory, 2);
    Files.copy(file, twin.resolve(file.getFileName()));
    Map<String, String> before = DataFixture.files(log);
    String problem =
        "segment-0000000010 does not belong there: move it out of "
            + log
            + " (or give it back its name)";
    DataFixture.Run check = check();
    assertEquals(1, check.code(), check.out());
    assertTrue(check.out().contains("DAMAGE " + twin.resolve(file.getFileName())), check.out());
    assertTrue(check.out().contains(problem), check.out());
    assertTrue(check.out().contains("findings: 1"), check.out());
    assertTrue(check.out().contains("log offsets [0, " + end + ")"), check.out());
    for (DataFixture.Run run : List.of(repair(), repair("--cut", "--yes"))) {
      assertEquals(2, run.code(), run.out());
      assertTrue(run.err().contains(problem), run.err());
      assertFalse(run.out().contains("the log would end"), run.out());
    }
    assertEquals(before, DataFixture.files(log));
    assertFalse(Files.exists(directory.resolve("FORKED")));
    RecoveryException refused =
        assertThrows(RecoveryException.class, () -> new DataFixture(directory).close());
    assertTrue(refused.getMessage().contains(problem), refused.getMessage());
    assertFalse(refused.getMessage().contains("repair"), refused.getMessage());
    assertEquals(2, refused.getMessage().split("offset ").length, refused.getMessage());
    // All of the stream is there.
    String into = other.resolve("into").toString();
    DataFixture.Run restored =
        DataFixture.tool("restore", directory.toString(), "--to", "end", "--into", into);
    assertEquals(0, restored.code(), restored.err());
    assertTrue(restored.out().contains("as of offset " + end + " "), restored.out());
    assertTrue(restored.out().contains("left out: "), restored.out());
    String late = Long.toString(end - 5000);
    DataFixture.Run shown = DataFixture.tool("log", directory.toString(), "--from", late);
    assertEquals(1, shown.code());
    assertTrue(shown.out().contains("\"SET\" \"key59\""), shown.err());
  }

  @ParameterizedTest
  @CsvSource({"4, false", "4, true", "99, false", "99, true"})
  void shouldNameACopyOfTheNewestSegmentAndCutNothing(int number, boolean half) throws Exception {
    Path log = directory.resolve("gen-1/log");
    String name = String.format("segment-%010d", number);
    Path twin = Files.createDirectory(log.resolve(name));
    Path file = DataFixture.segment(directory, 3);
    byte[] content = Files.readAllBytes(file);
    if (half) {
      Arrays.fill(content, content.length / 2, content.length, (byte) 0);
    }
    Files.write(twin.resolve(file.getFileName()), content);
    Map<String, String> before = DataFixture.files(log);
    String problem =
        name + " does not belong there: move it out of " + log + " (or give it back its name)";
    DataFixture.Run check = check();
    assertEquals(1, check.code(), check.out());
    assertTrue(check.out().contains("DAMAGE " + twin.resolve(file.getFileName())), check.out());
    assertTrue(check.out().contains(problem), check.out());
    assertTrue(check.out().contains("findings: 1"), check.out());
    assertTrue(check.out().contains("log offsets [0, " + end + ")"), check.out());
    assertTrue(check.out().contains("a start would be refused"), check.out());
    for (DataFixture.Run run : List.of(repair(), repair("--cut", "--yes"))) {
      assertEquals(2, run.code(), run.out());
      assertTrue(run.err().contains(problem), run.err());
    }
    assertEquals(before, DataFixture.files(log));
    Path away = Files.move(twin, directory.resolve("away"));
    assertEquals(0, check().code(), check().out());
    Files.move(away, twin);
    RecoveryException refused =
        assertThrows(RecoveryException.class, () -> new DataFixture(directory).close());
    assertTrue(refused.getMessage().contains(problem), refused.getMessage());
    assertFalse(refused.getMessage().contains("repair"), refused.getMessage());
  }

  @Test
  void shouldKeepWhatARepairCutWhenAStartCutsATail() throws Exception {
    Path file = DataFixture.segment(directory, 3);
    byte[] last = "58".repeat(2000).getBytes(StandardCharsets.US_ASCII);
    DataFixture.flip(file, find(Files.readAllBytes(file), last) + 100);
    byte[] damaged = Files.readAllBytes(file);
    assertEquals(0, repair("--cut", "--yes").code());
    try (DataFixture node = new DataFixture(directory)) {
      node.write(T0 + 100_000, "SET", "later", "1");
    }
    Path newest = DataFixture.newestSegment(directory);
    Files.write(newest, "torn".repeat(10).getBytes(StandardCharsets.US_ASCII), APPEND);
    try (DataFixture node = new DataFixture(directory)) {
      assertTrue(Files.exists(DataFixture.aside(newest)), "the start has cut the tail");
      assertTrue(node.log().recovery().cutBytes() > 0);
      assertEquals(1, node.log().recovery().findings().size(), node.log().recovery().toString());
    }
    Path kept = directory.resolve("gen-1/log/repair-cut-segment-0000000003");
    assertArrayEquals(damaged, Files.readAllBytes(kept.resolve("19700101L.cq4")));
    DataFixture.Run log = DataFixture.tool("log", kept.toString(), "--key", "key59");
    assertTrue(log.out().contains("\"SET\" \"key59\""), log.out() + log.err());
  }

  @Test
  void shouldTakeANewIdAfterACutThatLeavesACleanEnd() throws Exception {
    // All that follows the clean marker is in a segment of its own, and that is lost.
    try (DataFixture node = new DataFixture(directory)) {
      node.write(T0 + 100_000, "SET", "last", "1");
    }
    Path file = DataFixture.newestSegment(directory);
    Files.write(file, new byte[100]);
    DataFixture.Run run = repair("--cut", "--yes", "--json");
    assertEquals(0, run.code(), run.out() + run.err());
    assertTrue(run.out().contains("\"end-offset\":" + end), run.out());
    try (DataFixture node = new DataFixture(directory)) {
      assertEquals(end, node.offset());
      assertNotEquals(id, node.log().history().currentId());
    }
    assertFalse(Files.exists(directory.resolve("FORKED")));
  }

  @Test
  void shouldLeaveOlderHistoryAlone() throws Exception {
    Path file = DataFixture.segment(directory, 1);
    DataFixture.flip(file, Files.size(file) / 2);
    DataFixture.Run run = repair("--cut", "--yes");
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("older than the snapshot, left alone: " + file), run.out());
    assertEquals(1, check().code());
  }

  private interface Tool {
    int run();
  }

  private static int answer(String text, Tool tool) {
    InputStream before = System.in;
    System.setIn(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    try {
      return tool.run();
    } finally {
      System.setIn(before);
    }
  }

  private static int find(byte[] in, byte[] what) {
    for (int i = 0; i + what.length <= in.length; i++) {
      if (Arrays.equals(in, i, i + what.length, what, 0, what.length)) {
        return i;
      }
    }
    throw new AssertionError("not found");
  }
}
