package org.chronolith.server.logging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogWriterTest {

  @TempDir Path dir;

  @Test
  void shouldWriteEverythingQueuedBeforeItCloses() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    StringBuilder expected = new StringBuilder();
    try (LogWriter writer = new LogWriter(out)) {
      for (int i = 0; i < 1000; i++) {
        writer.offer("line " + i + "\n");
        expected.append("line ").append(i).append('\n');
      }
    }
    assertEquals(expected.toString(), out.toString(StandardCharsets.UTF_8));
  }

  @Test
  void shouldNeitherBlockNorForgetToSayThatItDroppedLines() throws Exception {
    CountDownLatch stuck = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    OutputStream slow =
        new OutputStream() {
          @Override
          public void write(int b) {
            out.write(b);
          }

          @Override
          public void write(byte[] bytes, int from, int length) throws IOException {
            stuck.countDown();
            try {
              release.await();
            } catch (InterruptedException e) {
              throw new IOException(e);
            }
            out.write(bytes, from, length);
          }
        };
    try (LogWriter writer = new LogWriter(slow)) {
      writer.offer("first\n");
      stuck.await();
      for (int i = 0; i < LogWriter.MAX_QUEUED_LINES + 5; i++) {
        writer.offer("x\n");
      }
      release.countDown();
    }
    String text = out.toString(StandardCharsets.UTF_8);
    assertTrue(text.startsWith("first\nx\n"), text.substring(0, 20));
    assertTrue(
        text.endsWith("... 5 log lines were dropped: the log could not be written in time\n"));
  }

  @Test
  void shouldAppendToAFileAndFollowItsRotation() throws Exception {
    Path file = dir.resolve("a.log");
    Files.writeString(file, "old\n");
    try (LogWriter writer = new LogWriter(OutputStream.nullOutputStream())) {
      writer.file(Optional.of(file));
      writer.offer("one\n");
      awaitText(file, "old\none\n");
      Files.move(file, dir.resolve("a.log.1"));
      writer.offer("two\n");
      awaitText(file, "two\n");
    }
  }

  private static void awaitText(Path file, String text) throws Exception {
    long deadline = System.nanoTime() + 10_000_000_000L;
    while (!Files.exists(file) || !Files.readString(file).equals(text)) {
      assertTrue(System.nanoTime() < deadline, "not written in 10 s");
      Thread.onSpinWait();
    }
  }
}
