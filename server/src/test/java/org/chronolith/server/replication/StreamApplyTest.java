package org.chronolith.server.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.chronolith.network.NetworkLoop;
import org.chronolith.network.ProtocolException;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.LogConfig;
import org.chronolith.replicationlog.LogListener;
import org.chronolith.replicationlog.ReplicationLog;
import org.chronolith.server.command.StreamExecutor;
import org.chronolith.server.recovery.CommandStream;
import org.chronolith.server.write.Effects;
import org.chronolith.server.write.WritePath;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A stream that arrives in chunks, some of them damaged. */
class StreamApplyTest {
  private static final String GROUP_BEGINS = "*1\r\n$5\r\nMULTI\r\n";
  private static final String GROUP_ENDS = "*1\r\n$4\r\nEXEC\r\n";
  private static final String DAMAGE = "*1\r\n!4\r\n";

  @TempDir Path directory;
  private final CommandStream stream = new CommandStream();
  private final NetworkLoop loop = new NetworkLoop("engine", false);
  private final List<String> told = new ArrayList<>();
  private final Link link = new Link();
  private ReplicationLog log;
  private StreamApply apply;
  private long offered;

  @BeforeEach
  void open() {
    log =
        ReplicationLog.create(
            LogConfig.of(directory.resolve("log")), LogListener.none(), 0, History.fresh(), 0);
    long deadline = System.nanoTime() + 30_000_000_000L;
    while (!log.canAppend(1 << 16)) {
      assertTrue(System.nanoTime() < deadline, "no space is reserved");
      Thread.onSpinWait();
    }
    WritePath writePath = new WritePath(new Effects(), loop, 1 << 20);
    writePath.log(log);
    apply = new StreamApply(loop, writePath, stream.executor, () -> {}, host());
  }

  @AfterEach
  void close() {
    apply.reset();
    log.close();
    stream.close();
    loop.close();
  }

  private ReplicationHost host() {
    return (ReplicationHost)
        Proxy.newProxyInstance(
            ReplicationHost.class.getClassLoader(),
            new Class<?>[] {ReplicationHost.class},
            (proxy, method, arguments) -> {
              assertEquals("fatal", method.getName());
              told.add("fatal: " + arguments[1]);
              return null;
            });
  }

  private final class Link implements StreamApply.Source {
    private long taken;

    @Override
    public void taken(int bytes) {
      taken += bytes;
    }

    @Override
    public void malformed(ProtocolException cause) {
      told.add("malformed");
    }

    @Override
    public void refused(StreamExecutor.Refused command, long offset) {
      told.add(offset + ": " + command + ", " + command.why());
    }
  }

  private static String set(String key) {
    return command("SET", key, "value");
  }

  private static String command(String... words) {
    ByteBuf out = Unpooled.buffer();
    CommandStream.write(out, words);
    return out.toString(StandardCharsets.ISO_8859_1);
  }

  private void accept(String text) {
    offered += text.length();
    apply.accept(Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1), link);
  }

  /** What is refused is not applied, what is before it is, and the next link may bring it again. */
  private void assertRefused(String before, String refused, String why) {
    for (int i = 0; i < 2; i++) {
      told.clear();
      long start = log.endOffset();
      int db = apply.db();
      apply.reset();
      accept(before + refused + set("behind"));
      long end = start + before.length();
      assertEquals(List.of(end + ": " + why), told);
      assertEquals(end, log.endOffset());
      assertEquals(db, apply.db());
      accept(set("behind"));
      assertEquals(end, log.endOffset());
    }
    apply.reset();
  }

  /** Two bytes of version 10 and a checksum that nobody looks at, after the type. */
  private static String payload(int type) {
    return (char) type + "value\n\0" + "checksum";
  }

  @Test
  void shouldDropWhatComesAfterDamageInAGroupOfSeveralChunks() {
    accept(set("before"));
    long end = log.endOffset();
    accept(GROUP_BEGINS + set("one"));
    accept(set("two") + DAMAGE);
    assertEquals(List.of("malformed"), told);
    // The link had read them before it heard of the damage.
    accept(set("three"));
    accept(GROUP_ENDS);
    assertEquals(List.of("malformed"), told);
    assertEquals(end, log.endOffset());
    assertEquals(offered, link.taken, "the link would wait for ever with what is not taken");
  }

  @Test
  void shouldTellOfDamageOnce() {
    accept(set("before") + DAMAGE);
    accept(set("after"));
    assertEquals(List.of("malformed"), told, "twice at one offset means that it was read twice");
    assertEquals(0, log.endOffset());
  }

  @Test
  void shouldTakeAnInlineCommandForDamage() {
    accept("\r\n\n" + set("before"));
    long end = log.endOffset();
    accept("SET inline 1\r\n");
    assertEquals(List.of("malformed"), told);
    assertEquals(end, log.endOffset());
    told.clear();
    apply.reset();
    accept("G");
    assertEquals(List.of("malformed"), told, "without a line's end, too");
    assertEquals(end, log.endOffset());
  }

  @Test
  void shouldGoOnWithWhatTheNextLinkBrings() {
    accept(GROUP_BEGINS + set("one"));
    accept(DAMAGE);
    accept(set("two"));
    apply.reset();
    String whole = GROUP_BEGINS + set("one") + set("two") + GROUP_ENDS;
    accept(whole);
    assertEquals(List.of("malformed"), told);
    assertEquals(whole.length(), log.endOffset());
    assertEquals(2, stream.executor.appliedCommands());
  }

  @Test
  void shouldStopBeforeAValueOfATypeThatIsLacking() {
    String why =
        "the command 'RESTORE' of the key 'k', which this server refuses: ERR the payload is a %s,"
            + " a type that this server does not have";
    String stream = command("RESTORE", "k", "0", payload(15));
    assertRefused(set("a"), stream, String.format(why, "stream"));
    assertRefused("", command("RESTORE", "k", "0", payload(7)), String.format(why, "module value"));
    assertRefused(
        GROUP_BEGINS + set("b") + GROUP_ENDS,
        GROUP_BEGINS + set("c") + command("SELECT", "3") + stream + GROUP_ENDS,
        String.format(why, "stream"));
  }

  @Test
  void shouldStopBeforeADatabaseThatIsLacking() {
    String why = ", which this server refuses: ERR DB index is out of range";
    String select = command("SELECT", "16");
    assertRefused(set("a"), select, "the command 'SELECT' of database 16" + why);
    assertRefused(
        set("a"),
        GROUP_BEGINS + set("b") + select + set("c") + GROUP_ENDS,
        "the command 'SELECT' of database 16" + why);
    assertRefused(set("a"), command("MOVE", "a", "16"), "the command 'MOVE' of the key 'a'" + why);
    assertRefused(
        set("a"),
        GROUP_BEGINS + set("a") + command("COPY", "a", "b", "DB", "16") + GROUP_ENDS,
        "the command 'COPY' of the key 'a'" + why);
    assertRefused("", command("SWAPDB", "0", "16"), "the command 'SWAPDB'" + why);
    // As after a start with fewer of them.
    apply.select(16);
    assertRefused("", set("a"), "the command 'SET' of the key 'a'" + why);
  }

  @Test
  void shouldStopBeforeACommandThatFails() {
    String list = command("RPUSH", "list", "element");
    accept(list + command("SELECT", "3") + list + command("SELECT", "0"));
    String why =
        "the command 'APPEND' of the key 'list', which this server refuses: WRONGTYPE Operation"
            + " against a key holding the wrong kind of value";
    String fails = command("APPEND", "list", "x");
    assertRefused(set("a"), fails, why);
    assertRefused(set("a"), GROUP_BEGINS + command("SELECT", "3") + fails + GROUP_ENDS, why);
    assertRefused(
        "",
        command("SETRANGE", "s", "2147483647", "x"),
        "the command 'SETRANGE' of the key 's', which this server refuses: ERR string exceeds"
            + " maximum allowed size (proto-max-bulk-len)");
    assertRefused(
        "",
        command("APPEND", "two words\n"),
        "the command 'APPEND' of the key 'two words?', which this server refuses: ERR wrong number"
            + " of arguments");
  }

  @Test
  void shouldNotGoOnAfterAPartOfATransaction() {
    accept(command("RPUSH", "list", "element"));
    long end = log.endOffset();
    accept(GROUP_BEGINS + set("a") + command("APPEND", "list", "x") + GROUP_ENDS);
    assertEquals(1, told.size());
    assertTrue(told.get(0).startsWith("fatal: "), told::toString);
    assertTrue(told.get(0).contains("the command 'APPEND' of the key 'list'"), told::toString);
    assertEquals(end, log.endOffset());
  }
}
