package org.chronolith.network;

import static org.chronolith.network.TestClient.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StreamConnectionTest {
  private final PooledMemory memory = new PooledMemory();
  private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
  private final List<NetworkLoop> loops = new ArrayList<>();
  private CommandServer server;

  private CommandServer start(boolean preferNative) {
    server = new CommandServer(preferNative, ListenerConfig.defaults());
    return server;
  }

  private NetworkLoop loop(String name, boolean preferNative) {
    NetworkLoop loop = new NetworkLoop(name, preferNative);
    loop.onUncaught(failures::add);
    loops.add(loop);
    return loop;
  }

  @AfterEach
  void stop() {
    if (server != null) {
      server.close();
      failures.addAll(server.failures);
    }
    loops.forEach(NetworkLoop::close);
    assertEquals(List.of(), List.copyOf(failures));
    memory.assertNoneLeaked();
  }

  /** Sends back what it gets, and records how it ended. */
  private static class Echo implements StreamHandler {
    final AtomicInteger connected = new AtomicInteger();
    final AtomicInteger closed = new AtomicInteger();
    final AtomicReference<Throwable> cause = new AtomicReference<>();

    @Override
    public void connected(StreamConnection c) {
      assertTrue(c.loop().inLoop());
      connected.incrementAndGet();
    }

    @Override
    public void bytes(StreamConnection c, ByteBuf in) {
      assertTrue(c.loop().inLoop());
      c.write(PooledByteBufAllocator.DEFAULT.directBuffer(in.readableBytes()).writeBytes(in));
      c.flush();
    }

    @Override
    public void writable(StreamConnection c) {
      assertTrue(c.isWritable());
    }

    @Override
    public void closed(StreamConnection c, Throwable failure) {
      assertTrue(c.loop().inLoop());
      cause.set(failure);
      closed.incrementAndGet();
    }
  }

  @ParameterizedTest
  @CsvSource({"true,false", "true,true", "false,false", "false,true"})
  void shouldHandOverUnderLoadWithoutLosingAByte(boolean preferNative, boolean sameLoop)
      throws Exception {
    start(preferNative);
    NetworkLoop other = sameLoop ? server.loop : loop("other", preferNative);
    Echo echo = new Echo();
    server.on(
        "HANDOVER",
        (c, r) -> {
          c.reply().simple("MOVING");
          c.handOver(other, echo);
        });
    long seed = System.nanoTime();
    Random random = new Random(seed);
    int rounds = 60;
    for (int round = 0; round < rounds; round++) {
      int requests = random.nextInt(2_000);
      byte[] stream = new byte[random.nextInt(300_000)];
      random.nextBytes(stream);
      try (TestClient client = new TestClient(server.port())) {
        Thread writer =
            new Thread(
                () -> {
                  try {
                    client.send("PING\r\n".repeat(requests) + "HANDOVER\r\n");
                    client.send(stream);
                  } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                  }
                });
        writer.start();
        assertEquals("+PONG\r\n".repeat(requests) + "+MOVING\r\n", client.read(requests * 7 + 9));
        assertArrayEquals(stream, client.in().readNBytes(stream.length), "seed " + seed);
        writer.join();
      }
    }
    await("closed", () -> echo.closed.get() == rounds);
    assertEquals(rounds, echo.connected.get());
    assertEquals(rounds, server.opened.get());
    assertEquals(0, server.closed.get());
  }

  @Test
  void shouldHandOverOnlyWhenHeldRepliesHaveLeft() throws Exception {
    start(true);
    NetworkLoop other = loop("other", true);
    Echo echo = new Echo();
    server.on(
        "HANDOVER",
        (c, r) -> {
          c.reply().simple("MOVING");
          c.holdUntil(7);
          c.handOver(other, echo);
        });
    try (TestClient client = new TestClient(server.port());
        TestClient control = new TestClient(server.port())) {
      client.send("HANDOVER\r\nabc");
      server.on(
          "RELEASE",
          (c, r) -> {
            assertEquals(0, echo.connected.get());
            c.loop().release(7);
          });
      await("handed over", () -> server.bytesRead.get() >= 10);
      control.send("RELEASE\r\n");
      assertEquals("+MOVING\r\nabc", client.read(12));
      client.send("def");
      assertEquals("def", client.read(3));
    }
    await("closed", () -> echo.closed.get() == 1);
  }

  @Test
  void shouldTellTheStreamHandlerOfAClientThatLeftBeforeItMoved() throws Exception {
    start(true);
    NetworkLoop other = loop("other", true);
    Echo echo = new Echo();
    server.on(
        "HANDOVER",
        (c, r) -> {
          c.reply().simple("MOVING");
          c.holdUntil(7);
          c.handOver(other, echo);
        });
    try (TestClient client = new TestClient(server.port())) {
      client.send("HANDOVER\r\nabc");
      await("handed over", () -> server.bytesRead.get() >= 10);
    }
    await("closed", () -> echo.closed.get() == 1);
    assertEquals(0, echo.connected.get());
    assertEquals(0, server.closed.get());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldDialAndTalk(boolean preferNative) throws Exception {
    start(preferNative);
    NetworkLoop dialing = loop("dialing", preferNative);
    StringBuffer received = new StringBuffer();
    AtomicBoolean ended = new AtomicBoolean();
    StreamConnection stream =
        Dialer.connect(
            dialing,
            "localhost",
            server.port(),
            5_000,
            new Echo() {
              @Override
              public void connected(StreamConnection c) {
                c.write(
                    PooledByteBufAllocator.DEFAULT
                        .directBuffer()
                        .writeBytes("PING\r\n".getBytes()));
                c.flush();
              }

              @Override
              public void bytes(StreamConnection c, ByteBuf in) {
                // Reads by the line: what is unread must come again.
                if (in.getByte(in.writerIndex() - 1) == '\n') {
                  received.append(
                      in.readCharSequence(
                          in.readableBytes(), java.nio.charset.StandardCharsets.US_ASCII));
                  c.write(
                      PooledByteBufAllocator.DEFAULT
                          .directBuffer()
                          .writeBytes("QUIT\r\n".getBytes()));
                  c.flush();
                }
              }

              @Override
              public void closed(StreamConnection c, Throwable cause) {
                ended.set(true);
              }
            });
    await("closed", ended::get);
    assertEquals("+PONG\r\n+OK\r\n", received.toString());
    assertEquals("127.0.0.1:" + server.port(), stream.remoteAddress());
    assertEquals(12, stream.bytesIn());
  }

  @Test
  void shouldReportWhatCannotBeDialed() throws Exception {
    NetworkLoop dialing = loop("dialing", true);
    int freePort = FreePort.next();
    for (String host : List.of("127.0.0.1", "no-such-host.invalid")) {
      Echo echo = new Echo();
      Dialer.connect(dialing, host, freePort, 5_000, echo);
      await("closed", () -> echo.closed.get() == 1);
      assertNotNull(echo.cause.get());
      assertEquals(0, echo.connected.get());
    }
  }

  @Test
  void shouldGiveUpADialThatIsClosed() throws Exception {
    start(true);
    NetworkLoop dialing = loop("dialing", true);
    for (int i = 0; i < 20; i++) {
      Echo echo = new Echo();
      Dialer.connect(dialing, "127.0.0.1", server.port(), 5_000, echo).close();
      await("closed", () -> echo.closed.get() == 1);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldSendAFileBetweenOtherBytes(boolean preferNative, @TempDir Path dir) throws Exception {
    start(preferNative);
    NetworkLoop other = loop("other", preferNative);
    byte[] content = new byte[30 << 20];
    new Random(1).nextBytes(content);
    Path path = dir.resolve("file");
    Files.write(path, content);
    AtomicInteger done = new AtomicInteger();
    try (FileChannel file = FileChannel.open(path)) {
      server.on(
          "FILE",
          (c, r) ->
              c.handOver(
                  other,
                  new Echo() {
                    @Override
                    public void connected(StreamConnection stream) {
                      stream.write(text("head"));
                      stream.sendFile(
                          file,
                          100,
                          content.length - 100,
                          () -> {
                            done.incrementAndGet();
                            stream.write(text("tail"));
                            stream.closeAfterFlush();
                          });
                    }
                  }));
      try (TestClient client = new TestClient(server.port())) {
        client.send("FILE\r\n");
        assertEquals("head", client.read(4));
        byte[] sent = client.in().readNBytes(content.length - 100);
        assertEquals(
            0, java.util.Arrays.compare(content, 100, content.length, sent, 0, sent.length));
        assertEquals("tail", client.readToEnd());
      }
      assertEquals(1, done.get());
      assertTrue(file.isOpen());
    }
  }

  private static ByteBuf text(String text) {
    return PooledByteBufAllocator.DEFAULT.directBuffer().writeBytes(text.getBytes());
  }

  @Test
  void shouldKeepLittleInMemoryForASlowReader() throws Exception {
    start(true);
    NetworkLoop other = loop("other", true);
    AtomicLong mostPending = new AtomicLong();
    long total = 64L << 20;
    server.on(
        "FEED",
        (c, r) ->
            c.handOver(
                other,
                new Echo() {
                  private long sent;

                  @Override
                  public void connected(StreamConnection stream) {
                    writable(stream);
                  }

                  @Override
                  public void writable(StreamConnection stream) {
                    while (sent < total && stream.isWritable()) {
                      stream.write(
                          PooledByteBufAllocator.DEFAULT.directBuffer(65536).writeZero(65536));
                      sent += 65536;
                      stream.flush();
                      mostPending.accumulateAndGet(stream.pendingBytes(), Math::max);
                    }
                  }
                }));
    try (TestClient client = new TestClient(server.port(), 1 << 16)) {
      client.send("FEED\r\n");
      assertEquals(total, client.in().skip(0) + skip(client, total));
    }
    assertTrue(mostPending.get() < 2 << 20, "pending " + mostPending);
  }

  /**
   * Else whoever writes would be entered a second time before its first call has come to an end.
   */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldNeverSayFromWithinAFlushThatItIsWritable(boolean preferNative) throws Exception {
    start(preferNative);
    NetworkLoop other = loop("other", preferNative);
    AtomicInteger calls = new AtomicInteger();
    AtomicInteger within = new AtomicInteger();
    long total = 64L << 20;
    server.on(
        "FEED",
        (c, r) ->
            c.handOver(
                other,
                new Echo() {
                  private long sent;
                  private boolean flushing;

                  @Override
                  public void connected(StreamConnection stream) {
                    fill(stream);
                  }

                  @Override
                  public void writable(StreamConnection stream) {
                    super.writable(stream);
                    calls.incrementAndGet();
                    if (flushing) {
                      within.incrementAndGet();
                      stream.close();
                    } else {
                      fill(stream);
                    }
                  }

                  private void fill(StreamConnection stream) {
                    while (sent < total && stream.isWritable()) {
                      stream.write(
                          PooledByteBufAllocator.DEFAULT.directBuffer(65536).writeZero(65536));
                      sent += 65536;
                    }
                    flushing = true;
                    stream.flush();
                    flushing = false;
                  }
                }));
    try (TestClient client = new TestClient(server.port())) {
      client.send("FEED\r\n");
      assertEquals(total, skip(client, total));
    }
    assertEquals(0, within.get());
    assertTrue(calls.get() > 0);
  }

  private static long skip(TestClient client, long total) throws IOException {
    long read = 0;
    byte[] bytes = new byte[100_000];
    while (read < total) {
      int count = client.in().read(bytes, 0, (int) Math.min(bytes.length, total - read));
      assertTrue(count > 0);
      read += count;
    }
    return read;
  }

  @Test
  void shouldNotReadWhilePaused() throws Exception {
    start(true);
    NetworkLoop other = loop("other", true);
    AtomicReference<StreamConnection> stream = new AtomicReference<>();
    server.on(
        "PAUSED",
        (c, r) ->
            c.handOver(
                other,
                new Echo() {
                  @Override
                  public void connected(StreamConnection connection) {
                    connection.readPaused(true);
                    stream.set(connection);
                  }
                }));
    try (TestClient client = new TestClient(server.port())) {
      client.send("PAUSED\r\n");
      await("connected", () -> stream.get() != null);
      client.send("abc");
      AtomicLong seen = new AtomicLong(-1);
      other.schedule(() -> seen.set(stream.get().bytesIn()), 50);
      await("looked", () -> seen.get() >= 0);
      assertEquals(0, seen.get());
      other.execute(() -> stream.get().readPaused(false));
      assertEquals("abc", client.read(3));
    }
  }

  @Test
  void shouldCloseAStreamThatNeverBecomesComplete() throws Exception {
    start(true);
    NetworkLoop other = loop("other", true);
    AtomicReference<Throwable> reason = new AtomicReference<>();
    server.on(
        "GREEDY",
        (c, r) ->
            c.handOver(
                other,
                new Echo() {
                  @Override
                  public void connected(StreamConnection connection) {
                    connection.inputLimitBytes(100_000);
                  }

                  @Override
                  public void bytes(StreamConnection connection, ByteBuf in) {
                    assertTrue(in.isReadable());
                  }

                  @Override
                  public void closed(StreamConnection connection, Throwable failure) {
                    reason.set(failure);
                  }
                }));
    try (TestClient client = new TestClient(server.port())) {
      client.send("GREEDY\r\n");
      client.send(new byte[200_000]);
      client.readToEnd();
    }
    await("closed", () -> reason.get() != null);
    assertTrue(reason.get() instanceof NetworkException, reason.toString());
  }
}
