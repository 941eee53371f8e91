package org.chronolith.replicationlog;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
import org.chronolith.replicationlog.RecordHeader.Field;
import org.chronolith.replicationlog.chronicle.QueueFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The damage table of single bits: each one of each field that a record has, in records that were
 * on disk. A start refuses it with file, position and what is wrong, and changes nothing.
 */
class FlippedBitTest {
  private static final int ORIGIN = 1000;
  private static final int[] EFFECTS = {100, 200, 300};

  /** The identity that heads the segment, the effects, and a second identity. */
  private static final int RECORDS = EFFECTS.length + 2;

  @TempDir Path dir;
  private LogConfig config;
  private Path file;
  private byte[] sound;
  private final List<Long> positions = new ArrayList<>();
  private final List<RecordHeader> headers = new ArrayList<>();

  @BeforeEach
  void writeALog() throws IOException {
    config = LogModel.smallConfig(dir.resolve("log"));
    History history = History.fresh().newId(ORIGIN);
    try (ReplicationLog log =
        ReplicationLog.create(config, LogListener.none(), ORIGIN, history, 0)) {
      for (int length : EFFECTS) {
        byte[] effect = new byte[length];
        Arrays.fill(effect, (byte) 'e');
        log.append(Unpooled.wrappedBuffer(effect), 0, length, 0, 1);
      }
      log.appendIdentity(history.newId(log.endOffset()), 0, 2);
    }
    file = QueueFile.find(SegmentFiles.list(config.dir()).get(0).dir());
    sound = Files.readAllBytes(file);
    try (FileChannel channel = FileChannel.open(file);
        RecordCursor cursor = new RecordCursor(config.maxRecordBytes())) {
      cursor.reset(channel, 0);
      RecordHeader header = new RecordHeader();
      while (cursor.next(header, channel.size()) == RecordCursor.Step.RECORD) {
        positions.add(cursor.documentPosition());
        headers.add(header);
        header = new RecordHeader();
      }
    }
    assertEquals(RECORDS, positions.size());
    assertTrue(headers.get(0).has(RecordHeader.IDENTITY));
    assertTrue(headers.get(RECORDS - 1).has(RecordHeader.IDENTITY));
  }

  /** What a start says of a flipped bit, counted from the lowest one of the field. */
  private static String expected(Field field, int bit) {
    boolean sign = bit == field.bytes * Byte.SIZE - 1;
    return switch (field) {
      case MAGIC -> "not a record: it begins with 0x";
      case VERSION -> "unknown record version ";
      case FLAGS -> bit < 4 ? "checksum of a record" : "unknown flags 0x";
      case START_OFFSET, DB, PART ->
          sign ? "negative offset, database or part number" : "checksum of a record";
      case PAYLOAD_LENGTH -> "payload of ";
      case WALL_CLOCK_MS, CRC -> "checksum of a record";
    };
  }

  @Test
  void shouldHaveNoByteInAHeaderThatIsNoFields() {
    int at = 0;
    for (Field field : Field.values()) {
      assertEquals(at, field.at, field.name());
      at += field.bytes;
    }
    assertEquals(RecordHeader.BYTES, at);
  }

  @ParameterizedTest
  @EnumSource(Field.class)
  void shouldRefuseAFlippedBitInAHeader(Field field) throws IOException {
    for (int bit = 0; bit < field.bytes * Byte.SIZE; bit++) {
      // Big-endian: the lowest bit is in the last byte.
      int at = QueueFile.HEADER_BYTES + field.at + field.bytes - 1 - bit / Byte.SIZE;
      String what = expected(field, bit);
      refuses(2, at, bit % Byte.SIZE, what, "damaged at offset " + (ORIGIN + EFFECTS[0]));
      refuses(RECORDS - 1, at, bit % Byte.SIZE, what, "damaged at offset " + end());
      refuses(0, at, bit % Byte.SIZE, what, "no segment of ");
    }
  }

  /** The offset up to which all was on disk, the history's version, id, and ancestors. */
  @Test
  void shouldRefuseAFlippedBitInEachByteOfAnIdentity() throws IOException {
    for (int record : new int[] {0, RECORDS - 1}) {
      int bytes = headers.get(record).payloadLength;
      assertTrue(bytes > History.MAX_ENCODED_BYTES / History.MAX_LINEAGE, "it has an ancestor");
      for (int i = 0; i < bytes; i++) {
        int at = QueueFile.HEADER_BYTES + RecordHeader.BYTES + i;
        refuses(record, at, i % Byte.SIZE, "checksum of a record");
      }
    }
  }

  /**
   * Little-endian: length, and a bit each for a document of the queue's own and an unfinished one.
   */
  @Test
  void shouldRefuseAFlippedBitInTheFraming() throws IOException {
    for (int bit = 0; bit < Integer.SIZE; bit++) {
      String what =
          switch (bit) {
            case 31 -> "a record was not finished";
            case 30 -> "the record starts at offset 1300 instead of 1100";
            default -> ofLength((RecordHeader.BYTES + EFFECTS[1]) ^ 1 << bit);
          };
      refuses(2, bit / Byte.SIZE, bit % Byte.SIZE, what, "damaged at offset 1100");
    }
  }

  /** What a start says of the second effect if its framing gives it this length. */
  private String ofLength(int length) {
    if (length > RecordHeader.BYTES + config.maxRecordBytes()) {
      return "is beyond the largest record";
    }
    boolean inFile = positions.get(2) + QueueFile.HEADER_BYTES + length <= sound.length;
    return inFile ? "payload of 200 bytes in a record of " + length : "the file ends within";
  }

  private static int end() {
    return ORIGIN + Arrays.stream(EFFECTS).sum();
  }

  private void refuses(int record, int at, int bit, String... words) throws IOException {
    long position = positions.get(record) + at;
    String where = "record " + record + ", byte " + at + ", bit " + bit + ": ";
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      open.seek(position);
      open.write(sound[(int) position] ^ 1 << bit);
    }
    Map<String, String> before = LogInspectorTest.files(dir);
    LogException refused =
        assertThrows(
            LogException.class, () -> ReplicationLog.open(config, LogListener.none()), where);
    assertEquals(LogException.Kind.DAMAGED, refused.kind());
    String message = refused.getMessage();
    assertTrue(message.contains(file + " at position "), where + message);
    for (String word : words) {
      assertTrue(message.contains(word), where + message);
    }
    assertEquals(before, LogInspectorTest.files(dir), where);
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      open.seek(position);
      open.write(sound[(int) position]);
    }
    assertArrayEquals(sound, Files.readAllBytes(file));
  }
}
