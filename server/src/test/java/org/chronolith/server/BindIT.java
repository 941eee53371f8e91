package org.chronolith.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.chronolith.server.testing.ChronolithProcess;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real processes: the addresses that {@code bind} names. */
@Tag("slow")
class BindIT {
  private static final int TIMEOUT_MS = 30_000;

  @TempDir Path directory;

  private static boolean hasIpv6() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("::1"))) {
      return socket.isBound();
    } catch (IOException e) {
      return false;
    }
  }

  /** Whether it answers a PING there. */
  private static boolean serves(String host, int port) {
    try (Socket socket = new Socket()) {
      socket.setSoTimeout(TIMEOUT_MS);
      socket.connect(new InetSocketAddress(InetAddress.getByName(host), port), TIMEOUT_MS);
      socket.getOutputStream().write("PING\r\n".getBytes(StandardCharsets.US_ASCII));
      byte[] reply = socket.getInputStream().readNBytes(7);
      return new String(reply, StandardCharsets.US_ASCII).equals("+PONG\r\n");
    } catch (IOException e) {
      // Refused.
      return false;
    }
  }

  @Test
  void shouldServeEveryAddressAsRedisWritesIt() {
    boolean ipv6 = hasIpv6();
    Object[][] cases = {
      // Redis's own default, and that of its configuration file.
      {"* -::*", true}, {"127.0.0.1 -::1", true}, {"-::* *", true}, {"*", false},
    };
    for (Object[] one : cases) {
      String bind = (String) one[0];
      int port = ChronolithProcess.freePort();
      try (ChronolithProcess node =
          ChronolithProcess.start(directory.resolve("d" + port), port, "--bind", bind)) {
        assertTrue(serves("127.0.0.1", port), bind);
        assertEquals(ipv6 && (Boolean) one[1], serves("::1", port), bind);
        assertFalse(ipv6 && node.output().contains("Not listening on"), node::output);
      }
    }
  }
}
