package org.chronolith.server.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.List;
import org.chronolith.network.ProtocolException;
import org.chronolith.server.config.ConfigException;
import org.chronolith.server.config.ConfigLoader;
import org.chronolith.server.config.ServerConfig;
import org.junit.jupiter.api.Test;

class HandshakeTest {
  private static final String NODE_ID = "0123456789".repeat(4);
  private final List<List<String>> sent = new ArrayList<>();

  private final List<String> heard = new ArrayList<>();

  private final class Heard implements Handshake.Verification {
    @Override
    public void agreed() {
      heard.add("agreed");
    }

    @Override
    public void differs(Mismatch.Told told) {
      heard.add(told.line());
    }

    @Override
    public void untrusted() {
      heard.add("untrusted");
    }
  }

  private Handshake handshake(String... arguments) throws ConfigException {
    ServerConfig config =
        ConfigLoader.load(List.of(arguments), new ByteArrayInputStream(new byte[0]));
    Handshake handshake = new Handshake(config, 7001, NODE_ID, sent::add, new Heard());
    handshake.start();
    return handshake;
  }

  @Test
  void shouldSayWhatRedisSaysInItsOrder() throws ConfigException {
    Handshake handshake = handshake();
    assertEquals(List.of(List.of("PING")), sent);
    assertFalse(handshake.line("+PONG"));
    assertEquals(List.of("REPLCONF", "listening-port", "7001"), sent.get(1));
    assertEquals(List.of("REPLCONF", "chronolith-id", NODE_ID), sent.get(2));
    assertEquals(
        List.of(
            "REPLCONF",
            "capa",
            "eof",
            "capa",
            "psync2",
            "capa",
            "chronolith-files",
            "capa",
            "chronolith-rewind",
            "capa",
            "chronolith-resume"),
        sent.get(3));
    assertFalse(handshake.line("+OK"));
    assertFalse(handshake.line("+OK"));
    assertEquals(List.of("REPLCONF", "chronolith-verify", "65536"), sent.get(4));
    assertFalse(handshake.line("+OK"));
    assertTrue(handshake.line("+OK"));
    assertTrue(handshake.isChronolith());
    assertEquals(5, sent.size());
    assertEquals(List.of("agreed"), heard);
  }

  @Test
  void shouldHearWhatTheMasterSaysOfItsData() throws ConfigException {
    String id = "0123456789".repeat(4);
    String mismatch = "MISMATCH 3 " + id + " 131072 0000abcd fedcba98 resync";
    String[][] cases = {
      {"-ERR Unrecognized REPLCONF option: chronolith-verify"},
      {"+OK", "agreed"},
      {"+UNTRUSTED", "agreed", "untrusted"},
      {"+" + mismatch, "agreed", mismatch},
      {"+SOMETHING of a later version", "agreed"},
    };
    for (String[] one : cases) {
      heard.clear();
      Handshake handshake = handshake();
      for (String line : List.of("+PONG", "+OK", "+OK", "+OK")) {
        assertFalse(handshake.line(line));
      }
      assertTrue(handshake.line(one[0]));
      assertEquals(List.of(one).subList(1, one.length), heard);
    }
    heard.clear();
    sent.clear();
    Handshake without = handshake("--repl-verify", "no");
    without.line("+PONG");
    assertEquals(4, sent.size());
  }

  @Test
  void shouldAuthenticateAndAnnounceItsAddress() throws ConfigException {
    Handshake handshake =
        handshake(
            "--masterauth",
            "secret",
            "--masteruser",
            "bob",
            "--replica-announce-ip",
            "10.1.1.1",
            "--replica-announce-port",
            "99");
    assertFalse(handshake.line("-NOAUTH Authentication required."));
    assertEquals(List.of("AUTH", "bob", "secret"), sent.get(1));
    assertEquals(List.of("REPLCONF", "listening-port", "99"), sent.get(2));
    assertEquals(List.of("REPLCONF", "ip-address", "10.1.1.1"), sent.get(3));
    LinkEnd refused =
        assertThrows(LinkEnd.class, () -> handshake.line("-WRONGPASS invalid password"));
    assertTrue(refused.getMessage().contains("Unable to AUTH"), refused.getMessage());
  }

  @Test
  void shouldSayWhatIsMissingForAMasterThatWantsAPassword() throws ConfigException {
    Handshake handshake = handshake();
    LinkEnd refused =
        assertThrows(LinkEnd.class, () -> handshake.line("-NOAUTH Authentication required."));
    assertEquals(
        "MASTER aborted replication with an error: NOAUTH Authentication required. Set"
            + " 'masterauth', and 'masteruser' for an ACL user",
        refused.getMessage());
  }

  @Test
  void shouldGoOnWithAMasterThatDoesNotKnowAnOption() throws ConfigException {
    Handshake handshake = handshake();
    handshake.line("+PONG");
    assertFalse(handshake.line("-ERR Unrecognized REPLCONF option: listening-port"));
    assertFalse(handshake.line("-ERR Unrecognized REPLCONF option: chronolith-id"));
    assertFalse(handshake.line("-ERR whatever"));
    assertTrue(handshake.line("-ERR Unrecognized REPLCONF option: chronolith-verify"));
    assertEquals(List.of(), heard);
    assertFalse(handshake.isChronolith());
  }

  @Test
  void shouldRefuseAMasterThatIsNone() throws ConfigException {
    Handshake handshake = handshake();
    assertThrows(LinkEnd.class, () -> handshake.line("-ERR loading"));
    assertThrows(ProtocolException.class, () -> handshake.line("+surplus"));
  }
}
