package org.chronolith.server;

import static org.chronolith.server.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.chronolith.server.config.ConfigException;
import org.chronolith.server.config.ConfigLoader;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.LoggerFactory;

/**
 * A master that was stopped cleanly, one of whose small files is then damaged: the next start
 * serves all data or none, never under an id that another node may have, and says which file it is
 * and what to do.
 */
@Tag("slow")
class SmallFileDamageIT {
  private static final int KEYS = 200;

  /** All that is written before the damage takes less of the log. */
  private static final int SMALL_BYTES = 100_000;

  private static final String CLAIM_ID = "c1a1".repeat(10);

  /** Within the marker's record of 36 bytes. */
  private static final int MARKER_BYTES = 32;

  private static final int FROM_THE_END = 8;

  private static final int SLOT_SPACING_BYTES = 4096;
  private static final int SLOT_SEQUENCE_AT = 24;
  private static final int SLOT_POSITION_AT = 32;

  /** What happens to a file. */
  private enum Damage {
    FLIPPED,
    MISSING,
    EMPTY,
    ZEROED
  }

  /** What the start does. */
  private enum Outcome {
    /** Everything is as it was, the id too. */
    SAME,
    /** All data is there, under a new id. */
    NEW_ID,
    /** It ends, with a message. */
    REFUSES
  }

  /**
   * @param file relative to the data directory
   * @param says words of the log that name what is wrong and what to do; empty if nothing is
   */
  private record Row(String file, Damage damage, Outcome outcome, String... says) {}

  private static final List<Row> ROWS = new ArrayList<>();

  private static void rows(
      String file, Outcome outcome, String says, Damage first, Damage... others) {
    ROWS.add(new Row(file, first, outcome, says.isEmpty() ? new String[0] : says.split(" … ")));
    if (others.length > 0) {
      rows(file, outcome, says, others[0], Arrays.copyOfRange(others, 1, others.length));
    }
  }

  static {
    rows("META", Outcome.SAME, "META: does not match its CRC32C", Damage.FLIPPED, Damage.ZEROED);
    rows("META", Outcome.SAME, "META: missing; the checkpoint is half-made", Damage.MISSING);
    rows("META", Outcome.SAME, "META: is cut short: 0 bytes", Damage.EMPTY);
    rows(
        "/CURRENT",
        Outcome.REFUSES,
        "/CURRENT names ' … there are [gen-1]: write the name of the live one into it",
        Damage.FLIPPED,
        Damage.EMPTY,
        Damage.ZEROED);
    rows(
        "/CURRENT",
        Outcome.REFUSES,
        "has data in gen-1 but no file CURRENT; write the name of the live generation into it",
        Damage.MISSING);
    rows(
        "/NODE-ID",
        Outcome.REFUSES,
        "/NODE-ID does not  … ; remove it, and the node gets a new id",
        Damage.FLIPPED,
        Damage.EMPTY,
        Damage.ZEROED);
    // As at the first start.
    rows("/NODE-ID", Outcome.SAME, "", Damage.MISSING);
    rows("/NODE-ANCHOR", Outcome.SAME, "or its NODE-ANCHOR was changed", Damage.MISSING);
    rows(
        "/REPLICAS",
        Outcome.SAME,
        "/REPLICAS are not used: version or checksum is wrong. A replica that connects has one",
        Damage.FLIPPED,
        Damage.EMPTY,
        Damage.ZEROED);
    // As where no replica ever was.
    rows("/REPLICAS", Outcome.SAME, "", Damage.MISSING);
    // One of its two slots is enough, and without the file the segments have to be.
    rows("log/forced", Outcome.SAME, "", Damage.FLIPPED, Damage.MISSING);
    rows(
        "log/forced",
        Outcome.SAME,
        "log/forced: nothing in it can be read; what was on disk is known from the segments alone",
        Damage.EMPTY,
        Damage.ZEROED);
    rows(
        "/INSTANCE",
        Outcome.NEW_ID,
        "goes on: INSTANCE is damaged",
        Damage.FLIPPED,
        Damage.EMPTY,
        Damage.ZEROED);
    rows(
        "/INSTANCE",
        Outcome.NEW_ID,
        "goes on: no master was stopped in it: there is no INSTANCE",
        Damage.MISSING);
    rows("/ANCHOR", Outcome.NEW_ID, "goes on: its ANCHOR is missing", Damage.MISSING);
    rows("/ANCHOR", Outcome.NEW_ID, "its INSTANCE or ANCHOR was changed", Damage.EMPTY);
  }

  static Stream<Arguments> rows() {
    return ROWS.stream().map(row -> Arguments.of(row.file() + " " + row.damage(), row));
  }

  @TempDir Path root;
  private Path data;
  private final int port = ChronolithProcess.freePort();
  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
  private final Logger logger = (Logger) LoggerFactory.getLogger("org.chronolith");
  private volatile boolean ended;
  private String id;
  private Server server;

  /** The process does not end, but what would have ended it is noted. */
  private final Platform platform =
      new Platform(
          Platform.REAL.loops(),
          Platform.REAL.workers(),
          Platform.REAL.logs(),
          Platform.REAL.snapshots(),
          Platform.REAL.disk(),
          Platform.REAL.slabs(),
          Platform.REAL.hashSeeds(),
          new Platform.End() {
            @Override
            public void exit(int status) {
              ended = true;
            }

            @Override
            public void halt(String reason, Throwable cause) {
              ended = true;
            }
          });

  @BeforeEach
  void makeANode() throws Exception {
    data = root.resolve("data");
    start();
    try (RespClient client = new RespClient(port)) {
      fill(client, 0);
      assertEquals("OK", client.call("SAVE"));
      fill(client, KEYS);
      id = client.info("replication", "master_replid");
    }
    stop();
    writeClaim();
    lines.start();
    logger.addAppender(lines);
  }

  @AfterEach
  void end() {
    logger.detachAppender(lines);
    if (server != null) {
      stop();
    }
  }

  private void fill(RespClient client, int from) {
    for (int i = from; i < from + KEYS; i++) {
      assertEquals("OK", client.call("SET", "key:" + i, "value:" + i));
    }
  }

  /** What the newer slot of {@code log/forced} says at this place. */
  private long forced(int at) throws IOException {
    ByteBuffer slots = ByteBuffer.wrap(Files.readAllBytes(find("log/forced")));
    int newer = slots.getLong(8) > slots.getLong(SLOT_SPACING_BYTES + 8) ? 0 : SLOT_SPACING_BYTES;
    return slots.getLong(newer + at);
  }

  private String segmentOfMarker() throws IOException {
    return String.format("segment-%010d", forced(SLOT_SEQUENCE_AT));
  }

  /** One replica's claim, in the layout of docs/formats/data-directory.md. */
  private void writeClaim() throws IOException {
    long now = System.currentTimeMillis();
    String body = CLAIM_ID + " 5 " + now + " " + now + " 7777 127.0.0.1\n";
    CRC32C crc = new CRC32C();
    crc.update(body.getBytes(StandardCharsets.UTF_8));
    Files.writeString(
        data.resolve("REPLICAS"),
        "chronolith-replicas 1 " + String.format("%08x", crc.getValue()) + "\n" + body);
  }

  private void start(String... directives) throws ConfigException {
    List<String> words = new ArrayList<>(List.of("--port", "" + port, "--dir", data.toString()));
    words.addAll(List.of(directives));
    ended = false;
    server = new Server(ConfigLoader.of(words.toArray(new String[0])), platform);
    server.start();
    await("it serves or ends", () -> ended || serves());
  }

  private void stop() {
    server.stop();
    server = null;
  }

  private boolean serves() {
    try (RespClient client = new RespClient(port)) {
      return "PONG".equals(client.call("PING"));
    } catch (RespClient.Disconnected | RespClient.ErrorReply e) {
      return false;
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("rows")
  void shouldServeAllOrNothingAndNameTheFileAndTheRemedy(String name, Row row) throws Exception {
    damage(find(row.file()), row.damage());
    start();
    String said = said();
    assertEquals(row.outcome() == Outcome.REFUSES, ended, said);
    for (String words : row.says()) {
      assertTrue(said.contains(words), () -> "'" + words + "' is not in\n" + said);
    }
    if (row.says().length == 0) {
      assertEquals(0, logged().stream().filter(SmallFileDamageIT::isWarning).count(), said);
    }
    if (!ended) {
      assertServesAll(row.outcome());
    }
  }

  /** The remedies that the messages name. */
  @Test
  void shouldServeAllOnceTheRemedyIsTaken() throws Exception {
    damage(data.resolve("CURRENT"), Damage.MISSING);
    Files.write(data.resolve("NODE-ID"), new byte[40]);
    start();
    assertTrue(ended, said());
    stop();
    Files.delete(data.resolve("NODE-ID"));
    start();
    assertTrue(ended, said());
    stop();
    Files.writeString(data.resolve("CURRENT"), "gen-1\n");
    start();
    assertServesAll(Outcome.SAME);
  }

  /** Without the log from its beginning, the checkpoint is all there is. */
  @ParameterizedTest
  @EnumSource(Damage.class)
  void shouldRefuseADamagedMetaWithoutAnotherWayToTheData(Damage damage) throws Exception {
    start("--log-segment-bytes", "1mb", "--repl-log-retention-bytes", "1mb");
    try (RespClient client = new RespClient(port)) {
      String value = "v".repeat(100_000);
      for (int i = 0; i < 100; i++) {
        assertEquals("OK", client.call("SET", "big:" + i % 10, value));
      }
      assertEquals("OK", client.call("SAVE"));
      await(
          "the log is trimmed",
          () ->
              Long.parseLong(client.info("persistence", "chronolith_log_start_offset"))
                  > SMALL_BYTES);
    }
    stop();
    Path meta = newestMeta();
    byte[] sound = Files.readAllBytes(meta);
    damage(meta, damage);
    start();
    assertTrue(ended, said());
    for (String words :
        List.of(meta + ": ", "but there is no sound checkpoint", "chronolith check", "a backup")) {
      assertTrue(said().contains(words), () -> "'" + words + "' is not in\n" + said());
    }
    stop();
    // Nothing was touched: with the file again, all is there.
    Files.write(meta, sound);
    start();
    assertServesAll(Outcome.SAME);
  }

  /** The last record of the log says that the stop was clean. The snapshot holds all before it. */
  @ParameterizedTest
  @EnumSource(
      value = Damage.class,
      names = {"FLIPPED", "ZEROED"})
  void shouldTakeANewIdWithoutASoundMarkerOfTheCleanStop(Damage damage) throws Exception {
    String segment = damageMarker(damage);
    start();
    assertTrue(said().contains(segment + " was on disk up to position"), said());
    assertServesAll(Outcome.NEW_ID);
  }

  /** Without that snapshot it cannot be known what else there was. */
  @ParameterizedTest
  @EnumSource(
      value = Damage.class,
      names = {"FLIPPED", "ZEROED"})
  void shouldRefuseADamagedMarkerBehindTheSnapshotAndNameTheRepair(Damage damage) throws Exception {
    start("--save", "");
    try (RespClient client = new RespClient(port)) {
      assertEquals("OK", client.call("SET", "last", "1"));
    }
    stop();
    String segment = damageMarker(damage);
    start();
    assertTrue(ended, said());
    assertTrue(said().contains(segment + "/"), said());
    assertTrue(said().contains("repair " + data + " --cut"), said());
  }

  /** The name of its segment. */
  private String damageMarker(Damage damage) throws IOException {
    String name = segmentOfMarker();
    Path segment = find(name + "/19700101L.cq4");
    int end = (int) forced(SLOT_POSITION_AT);
    byte[] bytes = Files.readAllBytes(segment);
    if (damage == Damage.FLIPPED) {
      bytes[end - FROM_THE_END] ^= 1;
    } else {
      Arrays.fill(bytes, end - MARKER_BYTES, end, (byte) 0);
    }
    Files.write(segment, bytes);
    return name;
  }

  private void assertServesAll(Outcome outcome) {
    try (RespClient client = new RespClient(port)) {
      for (int i = 0; i < 2 * KEYS; i++) {
        assertEquals("value:" + i, client.call("GET", "key:" + i));
      }
      String now = client.info("replication", "master_replid");
      if (outcome == Outcome.SAME) {
        assertEquals(id, now);
      } else {
        assertNotEquals(id, now);
        assertEquals(id, client.info("replication", "master_replid2"));
      }
      assertEquals("OK", client.call("SET", "goes", "on"));
    }
  }

  private Path newestMeta() throws IOException {
    try (Stream<Path> all = Files.walk(data)) {
      return all.filter(path -> path.endsWith("META"))
          .max(Comparator.comparingLong(SmallFileDamageIT::offset))
          .orElseThrow();
    }
  }

  /** That a checkpoint's directory is named after. */
  private static long offset(Path meta) {
    String name = meta.getParent().getFileName().toString();
    return Long.parseLong(name.substring(name.indexOf('-') + 1));
  }

  private Path find(String end) throws IOException {
    try (Stream<Path> all = Files.walk(data)) {
      return all.filter(path -> path.toString().endsWith(end)).findFirst().orElseThrow();
    }
  }

  private static void damage(Path file, Damage damage) throws IOException {
    byte[] sound = Files.readAllBytes(file);
    switch (damage) {
      case FLIPPED -> {
        sound[3] ^= 1;
        Files.write(file, sound);
      }
      case MISSING -> Files.delete(file);
      case EMPTY -> Files.write(file, new byte[0]);
      case ZEROED -> Files.write(file, new byte[sound.length]);
    }
  }

  private static boolean isWarning(ILoggingEvent line) {
    return line.getLevel().isGreaterOrEqual(Level.WARN);
  }

  /** Its threads log all the time; the appender's lock is what they append under. */
  private List<ILoggingEvent> logged() {
    synchronized (lines) {
      return List.copyOf(lines.list);
    }
  }

  /** What it has logged since the damage. */
  private String said() {
    return logged().stream()
        .map(line -> line.getLevel() + " " + line.getFormattedMessage())
        .collect(Collectors.joining("\n"));
  }
}
