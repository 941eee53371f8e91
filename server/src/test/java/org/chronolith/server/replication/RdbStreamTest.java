package org.chronolith.server.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.chronolith.network.ProtocolException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RdbStreamTest {
  private static final String MARK = "ab".repeat(20);

  private final StringBuilder received = new StringBuilder();

  @Test
  void shouldEndAfterTheAnnouncedLength() {
    RdbStream stream = RdbStream.of("$5");
    assertEquals(5, stream.totalBytes());
    feed(stream, "abc");
    assertFalse(stream.ended());
    assertEquals("rest", feed(stream, "derest"));
    assertTrue(stream.ended());
    assertEquals("abcde", received.toString());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 39, 40, 41, 79, 1000})
  void shouldFindTheMarkHoweverTheBytesAreCut(int chunk) {
    // Begins of the mark before it, and right at its side.
    String data = "x".repeat(50) + MARK.substring(0, 39) + "-" + MARK.substring(0, 38) + "c";
    String all = data + MARK + "*1\r\n$4\r\nPING\r\n";
    RdbStream stream = RdbStream.of("$EOF:" + MARK);
    assertEquals(-1, stream.totalBytes());
    String rest = "";
    int at = 0;
    while (!stream.ended()) {
      int end = Math.min(all.length(), at + chunk);
      rest = feed(stream, all.substring(at, end));
      at = end;
    }
    assertEquals(data, received.toString());
    assertEquals("*1\r\n$4\r\nPING\r\n", rest + all.substring(at));
    stream.release();
  }

  @ParameterizedTest
  @ValueSource(strings = {"$", "$-1", "$0", "$x", "$EOF:", "$EOF:abc"})
  void shouldRefuseLinesThatAnnounceNothing(String line) {
    assertThrows(ProtocolException.class, () -> RdbStream.of(line));
  }

  @Test
  void shouldSayWhatRedisSaysOfAMasterThatSendsNone() {
    assertEquals(
        "MASTER aborted replication with an error: NOAUTH Authentication required.",
        assertThrows(LinkEnd.class, () -> RdbStream.of("-NOAUTH Authentication required."))
            .getMessage());
    assertEquals(
        "Bad protocol from MASTER, the first byte is not '$' (we received '+OK'), are you sure the"
            + " host and port are right?",
        assertThrows(LinkEnd.class, () -> RdbStream.of("+OK")).getMessage());
  }

  private String feed(RdbStream stream, String bytes) {
    ByteBuf in = Unpooled.copiedBuffer(bytes, StandardCharsets.ISO_8859_1);
    stream.bytes(
        in,
        data -> {
          received.append(data.toString(StandardCharsets.ISO_8859_1));
          data.release();
        });
    return in.toString(StandardCharsets.ISO_8859_1);
  }
}
