package org.chronolith.bench.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;
import org.chronolith.bench.BenchException;
import org.junit.jupiter.api.Test;

final class RespConnectionTest {

  @Test
  void shouldReadEveryKindOfReply() throws IOException {
    withReplies(
        "+OK\r\n:42\r\n$5\r\nhello\r\n$-1\r\n*2\r\n$1\r\na\r\n:1\r\n*-1\r\n",
        connection -> {
          assertEquals("OK", connection.readReply());
          assertEquals(42L, connection.readReply());
          assertEquals("hello", connection.readReply());
          assertEquals(null, connection.readReply());
          assertEquals(Arrays.asList("a", 1L), connection.readReply());
          assertEquals(null, connection.readReply());
        });
  }

  @Test
  void shouldThrowOnAnErrorAmongSkippedReplies() throws IOException {
    withReplies(
        "+OK\r\n-OOM command not allowed\r\n",
        connection -> {
          BenchException failure =
              assertThrows(BenchException.class, () -> connection.skipReplies(2));
          assertEquals(
              "the server replied with an error: OOM command not allowed", failure.getMessage());
        });
  }

  @Test
  void shouldThrowWhenTheServerClosesInTheMiddle() throws IOException {
    withReplies(
        "$5\r\nhel", connection -> assertThrows(BenchException.class, connection::readReply));
  }

  @Test
  void shouldFindAFieldOfInfo() throws IOException {
    withReplies(
        "$27\r\n# Memory\r\nused_memory:123\r\n\r\n",
        connection -> assertEquals("123", connection.info("memory", "used_memory")));
  }

  @Test
  void shouldSayThatNobodyAnswersOnAClosedPort() throws IOException {
    int port;
    try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = listener.getLocalPort();
    }
    assertFalse(RespConnection.answersPing(port));
  }

  private static void withReplies(String replies, Consumer<RespConnection> test)
      throws IOException {
    try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        RespConnection connection = RespConnection.open(listener.getLocalPort());
        Socket accepted = listener.accept()) {
      accepted.getOutputStream().write(replies.getBytes(StandardCharsets.US_ASCII));
      accepted.shutdownOutput();
      test.accept(connection);
    }
  }
}
