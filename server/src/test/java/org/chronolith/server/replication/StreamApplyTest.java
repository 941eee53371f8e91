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
    public void unsupported(String command, long offset) {
      told.add("unsupported " + command);
    }
  }

  private static String set(String key) {
    ByteBuf out = Unpooled.buffer();
    CommandStream.write(out, "SET", key, "value");
    return out.toString(StandardCharsets.US_ASCII);
  }

  private void accept(String text) {
    offered += text.length();
    apply.accept(Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII), link);
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
}
