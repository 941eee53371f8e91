package org.chronolith.network;

import static org.chronolith.network.TestClient.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConnectionTest {
  private static final String PING = "*1\r\n$4\r\nPING\r\n";

  private final PooledMemory memory = new PooledMemory();
  private final ClientLimits limits = new ClientLimits();
  private CommandServer server;

  private CommandServer start() {
    return start(true);
  }

  private CommandServer start(boolean preferNative) {
    server = new CommandServer(preferNative, new ListenerConfig(limits, 511, 300));
    return server;
  }

  @AfterEach
  void stop() {
    if (server != null) {
      server.close();
      assertEquals(List.of(), List.copyOf(server.failures));
      await("all closed", () -> server.closed.get() == server.opened.get());
    }
    memory.assertNoneLeaked();
  }

  /** Asks the one connection, once it has been accepted. */
  private <T> T onLoop(Function<Connection, T> question) {
    List<T> answers = new CopyOnWriteArrayList<>();
    await(
        "a connection",
        () -> {
          CompletableFuture<Void> asked = new CompletableFuture<>();
          server.loop.execute(
              () -> {
                server.loop.forEachConnection(c -> answers.add(question.apply(c)));
                asked.complete(null);
              });
          asked.join();
          return !answers.isEmpty();
        });
    return answers.get(0);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldAnswerRequestsSplitAtEachByte(boolean preferNative) throws IOException {
    start(preferNative);
    assertEquals(preferNative, server.loop.isNative());
    try (TestClient client = new TestClient(server.port())) {
      for (byte b : RequestDecoderTest.bytes(PING + "PING\r\n*2\r\n$4\r\nECHO\r\n$3\r\nabc\r\n")) {
        client.send(new byte[] {b});
      }
      assertEquals("+PONG\r\n+PONG\r\n$3\r\nabc\r\n", client.read(23));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldTakeAPipelineWrittenBeforeAnyReplyIsRead(boolean preferNative) throws IOException {
    start(preferNative);
    int count = 100_000;
    String request = "*2\r\n$4\r\nECHO\r\n$100\r\n" + "v".repeat(100) + "\r\n";
    String reply = "$100\r\n" + "v".repeat(100) + "\r\n";
    try (TestClient client = new TestClient(server.port())) {
      byte[] hundred = RequestDecoderTest.bytes(request.repeat(100));
      for (int i = 0; i < count / 100; i++) {
        client.send(hundred);
      }
      for (int i = 0; i < count; i++) {
        assertEquals(reply, client.read(reply.length()));
      }
    }
    assertEquals((long) count * request.length(), server.bytesRead.get());
    assertEquals((long) count * reply.length(), server.bytesWritten.get());
  }

  @Test
  void shouldReceiveAndSendLargeValues() throws IOException {
    start();
    int length = 40 << 20;
    byte[] value = new byte[length];
    for (int i = 0; i < length; i++) {
      value[i] = (byte) ('a' + i % 23);
    }
    try (TestClient client = new TestClient(server.port())) {
      Thread writer =
          new Thread(
              () -> {
                try {
                  client.send(PING + "*2\r\n$4\r\nECHO\r\n$" + length + "\r\n");
                  client.send(value).send("\r\n" + PING);
                } catch (IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              });
      writer.start();
      assertEquals("+PONG", client.line());
      assertEquals("$" + length, client.line());
      byte[] echoed = client.in().readNBytes(length);
      assertEquals(0, java.util.Arrays.compare(value, echoed));
      assertEquals("\r\n+PONG\r\n", client.read(9));
      // The buffer that the large argument needed is given back.
      assertEquals(0, onLoop(Connection::queryBufferCapacity));
    }
  }

  @Test
  void shouldTakeNoMemoryForWhatIsOnlyAnnounced() throws IOException {
    start();
    try (TestClient client = new TestClient(server.port())) {
      client.send("*2\r\n$4\r\nECHO\r\n$536870912\r\nabc");
      await("received", () -> server.bytesRead.get() == 29);
      assertTrue(onLoop(Connection::queryBufferCapacity) <= NetworkLoop.READ_BYTES);
      assertEquals(29, onLoop(Connection::queryBufferBytes));
    }
  }

  @Test
  void shouldAnswerMalformedInputAndClose() throws IOException {
    start();
    try (TestClient client = new TestClient(server.port())) {
      client.send(PING + "*1\r\n+4\r\n" + PING);
      assertEquals("+PONG\r\n-ERR Protocol error: expected '$', got '+'\r\n", client.readToEnd());
    }
    await("closed", () -> server.closed.get() == 1);
  }

  @Test
  void shouldFlushOnceForAllRequestsOfATurn() throws IOException {
    start();
    AtomicLong turns = new AtomicLong();
    server.loop.onEndOfTurn(turns::incrementAndGet);
    try (TestClient client = new TestClient(server.port())) {
      client.send(PING.repeat(1000));
      client.read(7000);
    }
    assertTrue(turns.get() < 20, "turns " + turns);
  }

  @Test
  void shouldHoldRepliesUntilTheirOffsetIsReleased() throws IOException {
    start();
    server.on(
        "WRITE",
        (c, r) -> {
          c.reply().bulk(r.buffer(), r.offset(1), r.length(1));
          c.holdUntil(Long.parseLong(r.text(1)));
        });
    server.on(
        "RELEASE",
        (c, r) -> {
          c.reply().ok();
          c.loop().release(Long.parseLong(r.text(1)));
        });
    try (TestClient writer = new TestClient(server.port());
        TestClient other = new TestClient(server.port())) {
      writer.send("PING\r\n");
      assertEquals("+PONG", writer.line());
      writer.send("WRITE 10\r\nPING\r\nWRITE 20\r\nWRITE 20\r\nPING\r\nWRITE 30\r\n");
      await("handled", () -> onLoop(Connection::requests) == 7);
      other.send("PING\r\nRELEASE 9\r\n");
      assertEquals("+PONG\r\n+OK\r\n", other.read(12));
      assertFalse(writer.hasInput());
      other.send("RELEASE 10\r\n");
      assertEquals("+OK", other.line());
      // The PING behind it may leave only with what it is queued in front of.
      assertEquals("$2\r\n10\r\n", writer.read(8));
      assertFalse(writer.hasInput());
      other.send("RELEASE 25\r\n");
      assertEquals("+OK", other.line());
      assertEquals("+PONG\r\n$2\r\n20\r\n$2\r\n20\r\n", writer.read(23));
      other.send("RELEASE 30\r\n");
      assertEquals("+PONG\r\n$2\r\n30\r\n", writer.read(15));
      writer.send("WRITE 30\r\nPING\r\n");
      assertEquals("$2\r\n30\r\n+PONG\r\n", writer.read(15));
    }
  }

  @Test
  void shouldCloseAfterHeldRepliesHaveLeft() throws IOException {
    start();
    server.on(
        "WRITE",
        (c, r) -> {
          c.reply().ok();
          c.holdUntil(5);
        });
    try (TestClient client = new TestClient(server.port())) {
      client.send("WRITE\r\nQUIT\r\nPING\r\n");
      await("handled", () -> onLoop(Connection::requests) == 2);
      server.loop.execute(() -> server.loop.release(5));
      assertEquals("+OK\r\n+OK\r\n", client.readToEnd());
    }
  }

  @Test
  void shouldDropHeldRepliesOfAClientThatIsGone() throws IOException {
    start();
    server.on(
        "WRITE",
        (c, r) -> {
          c.reply().ok();
          c.holdUntil(5);
        });
    try (TestClient client = new TestClient(server.port())) {
      client.send("WRITE\r\n");
      await("handled", () -> onLoop(Connection::requests) == 1);
    }
    // It may have closed only its own side, and wait for the reply.
    server.loop.execute(() -> server.loop.release(5));
    await("closed", () -> server.closed.get() == 1);
  }

  @Test
  void shouldKeepRequestsOfAPausedConnectionInOrder() throws IOException {
    start();
    server.on(
        "PAUSE",
        (c, r) -> {
          c.pauseRequests();
          server.paused.add(c);
        });
    server.on(
        "RESUME",
        (c, r) -> {
          c.reply().ok();
          Connection blocked = server.paused.remove();
          blocked.reply().simple("resumed");
          blocked.resumeRequests();
        });
    try (TestClient blocked = new TestClient(server.port());
        TestClient other = new TestClient(server.port())) {
      blocked.send("PAUSE\r\nECHO 1\r\n");
      await("handled", () -> server.bytesRead.get() == 15);
      blocked.send("ECHO 2\r\nECHO ");
      await("handled", () -> server.bytesRead.get() == 28);
      other.send("RESUME\r\n");
      assertEquals("+OK", other.line());
      assertEquals("+resumed\r\n$1\r\n1\r\n$1\r\n2\r\n", blocked.read(24));
      blocked.send("3\r\n");
      assertEquals("$1\r\n3\r\n", blocked.read(7));
    }
  }

  @Test
  void shouldHandOutAPostponedRequestAgain() throws IOException {
    start();
    AtomicLong refusals = new AtomicLong(3);
    server.on(
        "LATER",
        (c, r) -> {
          if (refusals.getAndDecrement() > 0) {
            c.postponeRequest();
            c.loop().schedule(c::resumeRequests, 1);
          } else {
            c.reply().bulk(r.buffer(), r.offset(1), r.length(1));
          }
        });
    try (TestClient client = new TestClient(server.port())) {
      client.send(PING + "\r\nLATER \"1 2\"\r\n" + PING);
      assertEquals("+PONG\r\n$3\r\n1 2\r\n+PONG\r\n", client.read(23));
      assertEquals(-1, refusals.get());
      assertEquals(3L, onLoop(Connection::requests));
    }
  }

  @Test
  void shouldCloseAPausedConnectionWhoseRequestsPileUp() throws IOException {
    limits.queryBufferBytes(200_000);
    start();
    server.on("PAUSE", (c, r) -> c.pauseRequests());
    try (TestClient client = new TestClient(server.port())) {
      client.send("PAUSE\r\n");
      assertThrows(
          IOException.class,
          () -> {
            while (true) {
              client.send(PING.repeat(1000));
            }
          });
    }
    await("closed", () -> server.closed.get() == 1);
    assertEquals(1, server.queryBufferLimitReached.get());
  }

  @Test
  void shouldCloseAClientThatLeavesTooManyRepliesUnread() throws IOException {
    limits.outputLimit(new OutputLimit(8 << 20, 0, 0));
    start();
    try (TestClient client = new TestClient(server.port())) {
      client.send("BYTES 1000000\r\n".repeat(40));
      await("limit reached", () -> server.outputLimitReached.get() == 1);
      assertTrue(client.readToEnd().length() < 40_000_000);
    }
  }

  @Test
  void shouldCloseAClientThatStaysBeyondTheSoftLimit() throws IOException {
    limits.outputLimit(new OutputLimit(0, 100_000, 1));
    start();
    try (TestClient client = new TestClient(server.port())) {
      client.send("BYTES 1000000\r\n".repeat(40) + PING);
      await("limit reached", () -> server.outputLimitReached.get() == 1);
      client.readToEnd();
    }
  }

  @Test
  void shouldShareTurnsBetweenAClientOfManyLargeRepliesAndOthers() throws IOException {
    start();
    try (TestClient greedy = new TestClient(server.port());
        TestClient modest = new TestClient(server.port())) {
      CompletableFuture<Long> handled = new CompletableFuture<>();
      server.on(
          "HANDLED",
          (c, r) -> {
            handled.complete(server.loop.connection(1).requests());
            c.reply().ok();
          });
      await("both", () -> server.opened.get() == 2);
      CompletableFuture<Void> sent = new CompletableFuture<>();
      server.loop.execute(sent::join);
      // More than a thousand turns' worth of replies in one read. The loop finds both at once.
      greedy.send("BYTES 900000\r\n".repeat(300));
      modest.send("HANDLED\r\n");
      sent.complete(null);
      assertEquals("+OK", modest.line());
      assertTrue(
          handled.join() < 300, () -> "the other client waited for " + handled.join() + " replies");
    }
  }

  @Test
  void shouldCloseIdleClients() throws IOException {
    limits.idleTimeoutMs(100);
    start();
    server.on(
        "EXEMPT",
        (c, r) -> {
          c.idleExempt(true);
          c.reply().ok();
        });
    try (TestClient exempt = new TestClient(server.port());
        TestClient idle = new TestClient(server.port())) {
      exempt.send("EXEMPT\r\n");
      assertEquals("+OK", exempt.line());
      assertEquals("", idle.readToEnd());
      assertEquals(1, server.idleTimeoutReached.get());
      exempt.send(PING);
      assertEquals("+PONG", exempt.line());
    }
  }

  @Test
  void shouldTurnAwayClientsBeyondMaxclients() throws IOException {
    limits.maxClients(2);
    start();
    List<TestClient> clients = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      TestClient client = new TestClient(server.port());
      clients.add(client);
      client.send(PING);
      assertEquals("+PONG", client.line());
    }
    try (TestClient third = new TestClient(server.port())) {
      assertEquals("-ERR max number of clients reached\r\n", third.readToEnd());
    }
    assertEquals(1, server.rejected.get());
    clients.get(0).close();
    await("closed", () -> server.closed.get() == 1);
    try (TestClient next = new TestClient(server.port())) {
      next.send(PING);
      assertEquals("+PONG", next.line());
    }
    clients.get(1).close();
  }

  @Test
  void shouldDescribeConnections() throws IOException {
    start();
    try (TestClient client = new TestClient(server.port())) {
      client.send(PING + "*1\r\n$4\r\nPI");
      assertEquals("+PONG", client.line());
      await("received", () -> server.bytesRead.get() == PING.length() + 10);
      assertEquals(1L, onLoop(Connection::id));
      assertEquals("127.0.0.1:" + server.port(), onLoop(Connection::localAddress));
      assertTrue(onLoop(Connection::remoteAddress).startsWith("127.0.0.1:"));
      assertEquals(1L, onLoop(Connection::requests));
      assertEquals(PING.length() + 10L, onLoop(Connection::bytesIn));
      assertEquals(7L, onLoop(Connection::bytesOut));
      assertEquals(10, onLoop(Connection::queryBufferBytes));
      assertEquals(0L, onLoop(Connection::pendingOutputBytes));
      assertTrue(onLoop(Connection::lastInteractionMs) >= onLoop(Connection::createdMs));
    }
  }

  @Test
  void shouldCloseOnAHandlersFailureAndGoOnWithOthers() throws IOException {
    start();
    server.on(
        "FAIL",
        (c, r) -> {
          throw new IllegalStateException("broken command");
        });
    try (TestClient failing = new TestClient(server.port());
        TestClient other = new TestClient(server.port())) {
      failing.send("FAIL\r\n");
      assertEquals("", failing.readToEnd());
      assertEquals("broken command", server.failures.poll().getMessage());
      other.send(PING);
      assertEquals("+PONG", other.line());
    }
  }

  @Test
  void shouldAnswerBeforeAClientThatStopsSendingIsClosed() throws IOException {
    start();
    try (TestClient client = new TestClient(server.port())) {
      client.send(PING.repeat(10));
      client.shutdownOutput();
      assertEquals("+PONG\r\n".repeat(10), client.readToEnd());
    }
  }
}
