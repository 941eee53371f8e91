package org.chronolith.network;

import static org.chronolith.network.TestClient.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ListenerTest {
  @Test
  void shouldServeAUnixSocket(@TempDir Path dir) throws Exception {
    Path path = dir.resolve("c.sock");
    Files.writeString(path, "left by somebody");
    try (CommandServer server = new CommandServer()) {
      Listener unix = Listener.bindUnix(server.loop, path, 0700, server.config, server, server);
      assertEquals(-1, unix.port());
      assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
      server.on("ADDRESS", (c, r) -> c.reply().simple(c.remoteAddress()));
      try (SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
        client.connect(UnixDomainSocketAddress.of(path));
        client.write(ByteBuffer.wrap("ADDRESS\r\nQUIT\r\n".getBytes(StandardCharsets.US_ASCII)));
        ByteBuffer reply = ByteBuffer.allocate(1000);
        while (client.read(reply) >= 0) {
          assertTrue(reply.hasRemaining());
        }
        assertEquals("+" + path + ":0\r\n+OK\r\n", new String(reply.array(), 0, reply.position()));
      }
      unix.close();
      assertFalse(Files.exists(path));
    }
  }

  @Test
  void shouldSayThatUnixSocketsNeedEpoll(@TempDir Path dir) {
    try (NetworkLoop loop = new NetworkLoop("nio", false)) {
      NetworkException refused =
          assertThrows(
              NetworkException.class,
              () ->
                  Listener.bindUnix(
                      loop, dir.resolve("s"), 0, ListenerConfig.defaults(), null, null));
      assertTrue(refused.getMessage().contains("unix sockets need epoll"));
      assertEquals(NetworkException.Severity.FATAL, refused.severity());
    }
  }

  @Test
  void shouldSayThatAPortIsTaken() {
    try (CommandServer server = new CommandServer()) {
      for (String host : List.of("127.0.0.1", "localhost")) {
        NetworkException refused =
            assertThrows(
                NetworkException.class,
                () ->
                    Listener.bind(server.loop, host, server.port(), server.config, server, server));
        assertTrue(
            refused.getMessage().startsWith("could not listen on " + host + ":" + server.port()),
            refused.getMessage());
      }
    }
  }

  @Test
  void shouldRunTasksAndHooksInOrder() throws Exception {
    List<String> order = new ArrayList<>();
    CountDownLatch done = new CountDownLatch(1);
    try (NetworkLoop loop = new NetworkLoop("ordered", true)) {
      loop.execute(
          () -> {
            assertEquals("ordered", Thread.currentThread().getName());
            assertTrue(loop.inLoop());
            loop.onEndOfTurn(() -> order.add("end of turn"));
            loop.execute(() -> order.add("next task"));
            loop.requestEndOfTurn();
            loop.requestEndOfTurn();
            Scheduled never = loop.schedule(() -> order.add("cancelled"), 30);
            never.cancel();
            order.add("task");
          });
      loop.schedule(done::countDown, 60);
      done.await();
      assertFalse(loop.inLoop());
    }
    assertEquals(List.of("task", "next task", "end of turn"), order);
  }

  @Test
  void shouldGoOnAfterATaskFailed() {
    AtomicInteger failures = new AtomicInteger();
    AtomicInteger runs = new AtomicInteger();
    try (NetworkLoop loop = new NetworkLoop("failing", true)) {
      loop.onUncaught(failure -> failures.incrementAndGet());
      Scheduled periodic =
          loop.every(
              () -> {
                runs.incrementAndGet();
                throw new IllegalStateException("again");
              },
              1);
      await("five runs", () -> runs.get() >= 5 && failures.get() >= 5);
      periodic.cancel();
    }
  }

  @Test
  void shouldServeTextOverHttp() throws Exception {
    try (NetworkLoop loop = new NetworkLoop("http", true);
        HttpTextEndpoint endpoint =
            HttpTextEndpoint.bind(
                loop, "127.0.0.1", 0, "/metrics", "text/plain; version=0.0.4", () -> "up 1\n")) {
      HttpClient client = HttpClient.newHttpClient();
      URI uri = URI.create("http://127.0.0.1:" + endpoint.port() + "/metrics");
      for (int i = 0; i < 40; i++) {
        HttpResponse<String> found = get(client, HttpRequest.newBuilder(uri).build());
        assertEquals(200, found.statusCode());
        assertEquals("up 1\n", found.body());
        assertEquals(
            "text/plain; version=0.0.4", found.headers().firstValue("content-type").orElseThrow());
      }
      assertEquals(404, get(client, HttpRequest.newBuilder(uri.resolve("/")).build()).statusCode());
      assertEquals(405, get(client, HttpRequest.newBuilder(uri).DELETE().build()).statusCode());
    }
  }

  private static HttpResponse<String> get(HttpClient client, HttpRequest request) throws Exception {
    return client.send(request, HttpResponse.BodyHandlers.ofString());
  }
}
