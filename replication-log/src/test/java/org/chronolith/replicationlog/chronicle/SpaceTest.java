package org.chronolith.replicationlog.chronicle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Space on a file system without fallocate, where zeros are written instead. */
class SpaceTest {
  private static final int BLOCK_BYTES = 256 * 1024;
  private static final int UNIT_BYTES = 512;

  @TempDir Path dir;

  private static final Volume WITHOUT_FALLOCATE =
      new Volume() {
        @Override
        public void reserve(Path file, long from, long to) throws IOException {
          Space.writeZeros(file, from, to);
        }

        @Override
        public long usableBytes(Path directory) {
          return REAL.usableBytes(directory);
        }
      };

  @Test
  void shouldTakeDiskBlocksForAllThatIsReservedThoughTheFileIsLongerAlready() throws Exception {
    Path segment = dir.resolve("segment");
    try (SegmentAppender appender =
        SegmentAppender.create(segment, BLOCK_BYTES, WITHOUT_FALLOCATE)) {
      long length = Files.size(appender.file());
      assertTrue(length >= BLOCK_BYTES, "Chronicle has made it " + length + " bytes long");
      assertTrue(diskBytes(appender.file()) < BLOCK_BYTES, "without disk blocks at its end");
      appender.reserve(BLOCK_BYTES);
      assertTrue(
          diskBytes(appender.file()) >= BLOCK_BYTES,
          () -> "only " + diskBytes(appender.file()) + " bytes of disk are taken");
    }
  }

  @Test
  void shouldLeaveAloneWhatTheAppenderHasWritten() throws IOException {
    Random random = new Random(5);
    List<byte[]> written = new ArrayList<>();
    List<Long> positions = new ArrayList<>();
    Path file;
    try (SegmentAppender appender =
        SegmentAppender.create(dir.resolve("segment"), BLOCK_BYTES, WITHOUT_FALLOCATE)) {
      file = appender.file();
      while (appender.position() < 4 * BLOCK_BYTES) {
        byte[] document = new byte[1 + random.nextInt(9_000)];
        random.nextBytes(document);
        // As little ahead as can be: the next document ends where the reserved space does.
        appender.reserve(appender.position() + document.length + 32);
        positions.add(appender.append(ByteBuffer.wrap(document), Unpooled.EMPTY_BUFFER, 0, 0));
        written.add(document);
      }
    }
    byte[] content = Files.readAllBytes(file);
    for (int i = 0; i < written.size(); i++) {
      int at = (int) (positions.get(i) + QueueFile.HEADER_BYTES);
      byte[] document = written.get(i);
      assertEquals(
          document.length,
          QueueFile.length(Integer.reverseBytes(ByteBuffer.wrap(content).getInt(at - 4))));
      assertArrayEquals(document, Arrays.copyOfRange(content, at, at + document.length));
    }
  }

  /** What the file takes, whatever its length. */
  private static long diskBytes(Path file) {
    try {
      Process stat = new ProcessBuilder("stat", "-c", "%b", file.toString()).start();
      byte[] out = stat.getInputStream().readAllBytes();
      assertEquals(0, stat.waitFor());
      return Long.parseLong(new String(out, StandardCharsets.US_ASCII).trim()) * UNIT_BYTES;
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }
}
