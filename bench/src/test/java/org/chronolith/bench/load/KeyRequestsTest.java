package org.chronolith.bench.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import org.chronolith.bench.resp.RespConnection;
import org.junit.jupiter.api.Test;

final class KeyRequestsTest {

  @Test
  void shouldPatchKeysAndValuesInPlace() throws IOException {
    KeyRequests sets = KeyRequests.sets(2, 10);
    assertEquals(2, sets.count());
    sets.setKey(0, 7);
    sets.setKey(1, 1234567890);
    sets.setValue(1, new SplittableRandom(3));
    String sent = send(sets, 2);
    String first = "*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000007\r\n$10\r\nxxxxxxxxxx\r\n";
    assertTrue(sent.startsWith(first), sent);
    String second = sent.substring(first.length());
    assertTrue(
        second.matches(
            "\\*3\r\n\\$3\r\nSET\r\n\\$16\r\nkey:001234567890\r\n\\$10\r\n[a-p]{10}\r\n"),
        second);
  }

  @Test
  void shouldMakeAGet() throws IOException {
    KeyRequests get = KeyRequests.get();
    get.setKey(0, 42);
    assertEquals("*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000042\r\n", send(get, 1));
  }

  private static String send(KeyRequests requests, int count) throws IOException {
    try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      RespConnection connection = RespConnection.open(listener.getLocalPort());
      try (Socket accepted = listener.accept();
          InputStream in = accepted.getInputStream()) {
        requests.send(connection, count);
        connection.close();
        return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
      }
    }
  }
}
