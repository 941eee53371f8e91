package org.chronolith.server.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgressTest {
  private static final String CLEAR = "\r\u001b[K";
  private static final long DEADLINE_S = 20;

  private final StringWriter text = new StringWriter();

  @TempDir Path directory;

  @Test
  void shouldMakeWayForALineOnATerminal() {
    Progress progress = new Progress(new PrintWriter(text), true, true);
    progress.begin("log", 1000);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_S);
    while (text.toString().isEmpty() && System.nanoTime() < deadline) {
      progress.at(500);
    }
    assertTrue(text.toString().startsWith(CLEAR + "log [####"), text.toString());
    text.getBuffer().setLength(0);
    progress.makeWay();
    assertEquals(CLEAR, text.toString());
    progress.at(501);
    progress.makeWay();
    progress.end();
    assertEquals(CLEAR, text.toString(), "neither back at once, nor taken away twice");
  }

  @Test
  void shouldEndWithALineWhereThereIsNoTerminal() {
    Progress progress = new Progress(new PrintWriter(text), true, false);
    progress.begin("log", 1000);
    progress.at(1000);
    progress.makeWay();
    assertEquals("", text.toString());
    progress.end();
    progress.end();
    assertEquals(1, text.toString().lines().count(), text.toString());
    assertTrue(text.toString().contains("100 %  1000 B of 1000 B"), text.toString());
  }

  /** A server that takes its time, up to when the tool has said that it waits. */
  @Test
  void shouldShowThatABackupIsWaitedFor() throws Exception {
    PrintWriter err = new PrintWriter(text);
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      CompletableFuture<Integer> code =
          CompletableFuture.supplyAsync(
              () ->
                  Main.execute(
                      new PrintWriter(new StringWriter()),
                      err,
                      "backup",
                      "--progress",
                      "--port",
                      Integer.toString(server.getLocalPort()),
                      directory.resolve("backup").toString()));
      try (Socket tool = server.accept()) {
        awaitText("the server makes the backup ");
        reply(tool, "*2\r\n$6\r\noffset\r\n:7\r\n");
        assertEquals(0, code.get(DEADLINE_S, TimeUnit.SECONDS), text::toString);
      }
    }
  }

  private void awaitText(String wanted) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_S);
    while (!text.toString().contains(wanted)) {
      assertTrue(System.nanoTime() < deadline, text::toString);
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }

  private static void reply(Socket tool, String reply) throws IOException {
    tool.getOutputStream().write(reply.getBytes(StandardCharsets.US_ASCII));
    tool.getOutputStream().flush();
  }
}
