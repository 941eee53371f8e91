package org.chronolith.server.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real process whose log is damaged while it runs, and a replica that needs what is there. */
@Tag("slow")
class DamagedHistoryIT {
  private static final int KEYS = 200;
  private static final int VALUE_BYTES = 4096;
  private static final long DEADLINE_S = 60;
  private static final int TIMEOUT_MS = 30_000;

  @TempDir Path directory;

  @Test
  void shouldShortenTheWindowBehindDamageThatAReplicaMeetsAndResyncItFully() throws Exception {
    int port = ChronolithProcess.freePort();
    Path data = directory.resolve("a");
    try (ChronolithProcess first = start(data, port);
        RespClient client = first.connect()) {
      fill(client);
      first.kill();
    }
    try (ChronolithProcess master = start(data, port);
        RespClient client = master.connect()) {
      assertEquals("OK", client.call("SET", "after", "the restart"));
      String id = client.info("replication", "master_replid2");
      // In the segment of the first run, which the start has verified: no snapshot is behind it.
      damage(data.resolve("gen-1/log/segment-0000000001/19700101L.cq4"));
      String answer = resync(port, id);
      assertTrue(answer.startsWith("+CONTINUE"), answer);
      String last = answer;
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_S);
      while (last.startsWith("+CONTINUE") && System.nanoTime() < deadline) {
        TimeUnit.MILLISECONDS.sleep(20);
        last = resync(port, id);
      }
      assertTrue(last.startsWith("+FULLRESYNC"), () -> "no full resync: " + master.output());
      assertTrue(Long.parseLong(client.info("replication", "repl_backlog_first_byte_offset")) > 1);
      String[] told = master.output().split("Log damaged: ", -1);
      assertEquals(2, told.length, master::output);
      assertTrue(told[1].contains("segment-0000000001"), told[1]);
      assertEquals((long) KEYS + 1, client.call("DBSIZE"));
    }
  }

  /** What is appended to cannot be dropped: it has to be left first. */
  @Test
  void shouldShortenTheWindowBehindDamageInTheNewestSegment() throws Exception {
    int port = ChronolithProcess.freePort();
    Path data = directory.resolve("a");
    try (ChronolithProcess master = start(data, port);
        RespClient client = master.connect()) {
      fill(client);
      String id = client.info("replication", "master_replid");
      damage(data.resolve("gen-1/log/segment-0000000001/19700101L.cq4"));
      String last = resync(port, id);
      assertTrue(last.startsWith("+CONTINUE"), last);
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_S);
      for (int i = 0; last.startsWith("+CONTINUE") && System.nanoTime() < deadline; i++) {
        assertEquals("OK", client.call("SET", "later" + i % 10, "the log goes on"));
        TimeUnit.MILLISECONDS.sleep(20);
        last = resync(port, id);
      }
      assertTrue(last.startsWith("+FULLRESYNC"), () -> "no full resync: " + master.output());
      assertEquals(2, master.output().split("Log damaged: ", -1).length, master::output);
      // What is new can be followed.
      long end = Long.parseLong(client.info("replication", "master_repl_offset"));
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        assertTrue(ask(socket, id, end + 1).startsWith("+CONTINUE"));
      }
      master.kill();
    }
    try (ChronolithProcess master = start(data, port);
        RespClient client = master.connect()) {
      assertEquals("the log goes on", client.call("GET", "later0"), master::output);
      assertEquals("x".repeat(VALUE_BYTES), client.call("GET", "key" + (KEYS / 2)));
    }
  }

  private static ChronolithProcess start(Path data, int port) {
    return ChronolithProcess.start(data, port, "--save", "", "--appendfsync", "always");
  }

  private static void fill(RespClient client) {
    for (int i = 0; i < KEYS; i++) {
      assertEquals("OK", client.call("SET", "key" + i, "x".repeat(VALUE_BYTES)));
    }
  }

  private static void damage(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    int at = text.indexOf("key" + KEYS / 2) + VALUE_BYTES / 2;
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      open.seek(at);
      open.write('y');
    }
  }

  /** Asks for the stream from its beginning; the first line of the answer, once the link ends. */
  private static String resync(int port, String id) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      String line = ask(socket, id, 1);
      if (line.startsWith("+CONTINUE")) {
        socket.getInputStream().readAllBytes();
      }
      return line;
    }
  }

  private static String ask(Socket socket, String id, long nextByte) throws IOException {
    socket.setSoTimeout(TIMEOUT_MS);
    String request = "PSYNC " + id + " " + nextByte + "\r\n";
    socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
    InputStream in = socket.getInputStream();
    StringBuilder line = new StringBuilder();
    for (int b = in.read(); b >= 0 && b != '\r'; b = in.read()) {
      line.append((char) b);
    }
    // Before it there are empty lines, signs of life while a snapshot is made.
    return line.toString().strip();
  }
}
