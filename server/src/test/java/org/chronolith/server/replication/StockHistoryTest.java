package org.chronolith.server.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.chronolith.network.ProtocolException;
import org.chronolith.replicationlog.History;
import org.junit.jupiter.api.Test;

class StockHistoryTest {
  private static final String FIRST = "0123456789".repeat(4);
  private static final String SECOND = "abcdef0123".repeat(4);

  private static String info(String role, String id, long end, String second, long offset) {
    return "# Replication\r\nrole:"
        + role
        + "\r\nconnected_slaves:0\r\nmaster_failover_state:no-failover\r\nmaster_replid:"
        + id
        + "\r\nmaster_replid2:"
        + second
        + "\r\nmaster_repl_offset:"
        + end
        + "\r\nsecond_repl_offset:"
        + offset
        + "\r\nrepl_backlog_active:1\r\nrepl_backlog_size:1048576\r\n"
        + "repl_backlog_first_byte_offset:101\r\nrepl_backlog_histlen:900\r\n";
  }

  private static String bulk(String text) {
    return "$" + text.length() + "\r\n" + text + "\r\n";
  }

  private static ByteBuf bytes(String text) {
    return Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
  }

  private static StockHistory read(String reply) {
    StockHistory read = new StockHistory(FIRST, 1_301);
    assertTrue(read.bytes(bytes(reply)), reply);
    return read;
  }

  @Test
  void shouldFindWhereAPromotedRedisServerLeftThisNode() {
    StockHistory read = read(bulk(info("master", SECOND, 5_000, FIRST, 1_001)));
    Divergence told = read.divergence().orElseThrow();
    assertEquals(100, told.startOffset());
    assertEquals(5_000, told.names().get(0).validTo());
    assertEquals(new Divergence.Point(1_000, FIRST), told.from(History.of(FIRST), 1_300));
    // Not reached: it can go on as it is.
    assertEquals(new Divergence.Point(900, FIRST), told.from(History.of(FIRST), 900));
    // Behind what the backlog still has.
    assertEquals(-1, told.from(History.of(FIRST), 99).offset());
    assertFalse(read.isBehind());
  }

  @Test
  void shouldKnowAMasterThatHasLostItsEndAndAReplicaThatOnlyLagsBehind() {
    StockHistory master = read(bulk(info("master", FIRST, 1_200, History.NO_ID, -1)));
    Divergence told = master.divergence().orElseThrow();
    assertEquals(new Divergence.Point(1_200, FIRST), told.from(History.of(FIRST), 1_300));
    assertFalse(master.isBehind());
    assertTrue(read(bulk(info("slave", FIRST, 1_299, History.NO_ID, -1))).isBehind());
    assertFalse(read(bulk(info("slave", FIRST, 1_300, History.NO_ID, -1))).isBehind());
    assertFalse(read(bulk(info("slave", SECOND, 1_200, FIRST, 1_101))).isBehind());
  }

  @Test
  void shouldTakeTheReplyInWhateverPiecesItComesAndLeaveWhatFollows() {
    ByteBuf all = bytes("\n" + bulk(info("master", SECOND, 5_000, FIRST, 1_001)) + "+CONTINUE\r\n");
    ByteBuf in = Unpooled.buffer();
    StockHistory read = new StockHistory(FIRST, 1_301);
    boolean ended = false;
    while (!ended) {
      in.writeByte(all.readByte());
      ended = read.bytes(in);
    }
    assertEquals("+CONTINUE\r\n", all.toString(StandardCharsets.US_ASCII));
    assertFalse(in.isReadable());
    assertEquals(5_000, read.divergence().orElseThrow().names().get(0).validTo());
  }

  @Test
  void shouldDoWithoutWhatTheMasterDoesNotSay() {
    String said = info("master", SECOND, 5_000, FIRST, 1_001);
    String[] replies = {
      "-NOPERM this user has no permissions to run the 'info' command\r\n",
      "$-1\r\n",
      "+OK\r\n",
      "$x\r\n",
      bulk(""),
      bulk("# Replication\r\nrole:master\r\n"),
      bulk(said.replace("repl_backlog_active:1", "repl_backlog_active:0")),
      bulk(said.replace("first_byte_offset:101", "first_byte_offset:0")),
      bulk(said.replace("master_replid:" + SECOND, "master_replid:x")),
      bulk(said.replace("master_repl_offset:5000", "master_repl_offset:-5")),
      bulk(said.replace("master_repl_offset:5000", "master_repl_offset:" + "9".repeat(30))),
    };
    for (String reply : replies) {
      assertTrue(read(reply).divergence().isEmpty(), reply);
      assertEquals(!reply.startsWith("$") || reply.length() < 6, !read(reply).refusal().isEmpty());
    }
    String noSecond = bulk(info("master", SECOND, 5_000, History.NO_ID, -1));
    assertEquals(-1, read(noSecond).divergence().orElseThrow().from(History.of(FIRST), 9).offset());
  }

  @Test
  void shouldRefuseAReplyWithoutBounds() {
    String[] replies = {
      "$1048577\r\n", "$999999999999\r\n", "$20\r\n" + "x".repeat(8_000), "$4\r\nrole:master\r\n"
    };
    for (String reply : replies) {
      StockHistory read = new StockHistory(FIRST, 1_301);
      assertThrows(ProtocolException.class, () -> read.bytes(bytes(reply)), reply);
    }
  }
}
