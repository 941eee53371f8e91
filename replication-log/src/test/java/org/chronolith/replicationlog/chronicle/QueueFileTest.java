package org.chronolith.replicationlog.chronicle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.ExcerptTailer;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueueBuilder;
import net.openhft.chronicle.queue.rollcycles.LargeRollCycles;
import net.openhft.chronicle.wire.DocumentContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Our reading of the file against Chronicle's own. */
class QueueFileTest {
  private static final int BLOCK_BYTES = 256 * 1024;
  @TempDir Path dir;

  @Test
  void shouldFrameDocumentsAsChronicleDoes() throws IOException {
    Random random = new Random(17);
    List<byte[]> written = new ArrayList<>();
    List<Long> positions = new ArrayList<>();
    Path segment = dir.resolve("segment");
    long end;
    try (SegmentAppender appender = SegmentAppender.create(segment, BLOCK_BYTES, Volume.REAL)) {
      appender.reserve(4 * BLOCK_BYTES);
      assertEquals(4 * BLOCK_BYTES, appender.reservedBytes());
      for (int i = 0; i < 3000; i++) {
        byte[] document = new byte[1 + random.nextInt(i % 100 == 0 ? 30_000 : 60)];
        random.nextBytes(document);
        int head = random.nextInt(document.length + 1);
        positions.add(
            appender.append(
                ByteBuffer.wrap(document, 0, head).slice(),
                Unpooled.wrappedBuffer(document),
                head,
                document.length - head));
        written.add(document);
        appender.touch(appender.position(), appender.position() + 20_000);
      }
      end = appender.position();
    }
    Path file = QueueFile.find(segment);
    SegmentAppender.truncate(file, end);
    assertEquals(end + QueueFile.HEADER_BYTES, Files.size(file));
    checkWithOurReading(ByteBuffer.wrap(Files.readAllBytes(file)), written, positions);
    checkWithChronicle(segment, written);
  }

  private static void checkWithOurReading(
      ByteBuffer file, List<byte[]> written, List<Long> positions) {
    file.order(ByteOrder.LITTLE_ENDIAN);
    int at = -1;
    long position = 0;
    int word = file.getInt(0);
    while (!QueueFile.isEnd(word)) {
      assertFalse(QueueFile.isIncomplete(word));
      int length = QueueFile.length(word);
      if (!QueueFile.isQueueOwn(word)) {
        byte[] content = new byte[length];
        file.position((int) position + QueueFile.HEADER_BYTES);
        file.get(content);
        if (at < 0) {
          assertEquals(SegmentAppender.PREAMBLE, ByteBuffer.wrap(content).getLong());
        } else {
          assertEquals(positions.get(at), position);
          assertEquals(ByteBuffer.wrap(written.get(at)), ByteBuffer.wrap(content));
        }
        at++;
      }
      position = QueueFile.next(position, length);
      word = file.getInt((int) position);
    }
    assertEquals(written.size(), at);
  }

  private static void checkWithChronicle(Path segment, List<byte[]> written) {
    try (ChronicleQueue queue =
            SingleChronicleQueueBuilder.single(segment.toFile())
                .rollCycle(LargeRollCycles.LARGE_DAILY)
                .timeProvider(() -> 0L)
                .blockSize(BLOCK_BYTES)
                .readOnly(true)
                .build();
        ExcerptTailer tailer = queue.createTailer()) {
      for (int i = -1; i < written.size(); i++) {
        try (DocumentContext document = tailer.readingDocument()) {
          assertTrue(document.isPresent(), "document " + i);
          byte[] content = document.wire().bytes().toByteArray();
          if (i >= 0) {
            assertEquals(ByteBuffer.wrap(written.get(i)), ByteBuffer.wrap(content));
          }
        }
      }
      try (DocumentContext document = tailer.readingDocument()) {
        assertFalse(document.isPresent());
      }
    }
  }

  @Test
  void shouldFrameLengths() {
    assertEquals(8, QueueFile.next(0, 1));
    assertEquals(8, QueueFile.next(0, 4));
    assertEquals(112, QueueFile.next(100, 8));
    assertEquals(116, QueueFile.next(100, 9));
  }
}
