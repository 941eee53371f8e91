package org.chronolith.network;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.channel.unix.DomainSocketAddress;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class AddressesTest {
  private static final int PORT = 6379;
  private static final int SCOPE = 7;

  private static String text(String hex) throws UnknownHostException {
    byte[] bytes = HexFormat.of().parseHex(hex);
    InetAddress address =
        bytes.length == 4
            ? InetAddress.getByAddress(bytes)
            : Inet6Address.getByAddress(null, bytes, SCOPE);
    InetSocketAddress remote = new InetSocketAddress(address, PORT);
    return Addresses.text(remote, remote);
  }

  @Test
  void shouldWriteAddressesAsInetNtopDoes() throws UnknownHostException {
    String[][] cases = {
      {"7f000001", "127.0.0.1:6379"},
      {"00000000000000000000000000000001", "[::1]:6379"},
      {"00000000000000000000000000000000", "[::]:6379"},
      {"fe800000000000000215005600780009", "[fe80::215:56:78:9]:6379"},
      {"20010db8000000010000000000000001", "[2001:db8:0:1::1]:6379"},
      {"20010db8000000010002000300040005", "[2001:db8:0:1:2:3:4:5]:6379"},
      {"00000000000000000000ffffc0a80102", "192.168.1.2:6379"},
    };
    for (String[] one : cases) {
      assertEquals(one[1], text(one[0]), one[0]);
    }
  }

  @Test
  void shouldNameAClientOfAUnixSocketAfterTheSocket() {
    DomainSocketAddress local = new DomainSocketAddress("/run/chronolith.sock");
    assertEquals("/run/chronolith.sock:0", Addresses.text(new DomainSocketAddress(""), local));
  }

  @Test
  void shouldKnowAHostHoweverItIsWritten() {
    Object[][] cases = {
      {"::1", "0:0:0:0:0:0:0:1", true},
      {"::1", "[::1]", true},
      {"2001:DB8::1", "2001:db8:0:0::1", true},
      {"10.0.0.1", "::ffff:10.0.0.1", true},
      {"::1", "::2", false},
      {"127.0.0.1", "::1", false},
      {"replica.example", "Replica.Example", true},
      {"replica.example", "10.0.0.1", false},
    };
    for (Object[] one : cases) {
      assertEquals(
          one[2], Addresses.isSameHost((String) one[0], (String) one[1]), one[0] + " " + one[1]);
    }
  }
}
