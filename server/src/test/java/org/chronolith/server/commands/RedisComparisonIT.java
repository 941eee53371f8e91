package org.chronolith.server.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RequiresRedis;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The same requests to a real redis-server and to a real Chronolith. */
@Tag("slow")
@RequiresRedis("redis-server")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RedisComparisonIT {
  private static final String END = "__END__";
  private static final int TIMEOUT_MS = 20_000;

  /**
   * What later versions of Redis have, and our own: redis-server 7.0 has nothing to compare with.
   */
  private static final Set<String> OUR_OWN =
      Set.of(
          "backup",
          "client|no-touch",
          "client|setinfo",
          "replication",
          "replication|drop",
          "replication|help",
          "replication|slots",
          "waitaof");

  private ChronolithProcess ours;
  private Process redis;
  private int redisPort;

  @BeforeAll
  void start(@TempDir Path dir) throws IOException {
    redisPort = ChronolithProcess.freePort();
    redis =
        new ProcessBuilder(
                "redis-server",
                "--port",
                Integer.toString(redisPort),
                "--save",
                "",
                "--enable-debug-command",
                "yes",
                "--dir",
                dir.toString())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    ours =
        ChronolithProcess.start(
            dir.resolve("data"), ChronolithProcess.freePort(), "--enable-debug-command", "yes");
    awaitRedis();
  }

  private void awaitRedis() {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(TIMEOUT_MS);
    while (true) {
      try (RespClient client = new RespClient(redisPort)) {
        assertEquals("PONG", client.call("PING"));
        return;
      } catch (RespClient.Disconnected notYet) {
        if (System.nanoTime() > deadline) {
          throw notYet;
        }
        Thread.onSpinWait();
      }
    }
  }

  @AfterAll
  void stop() throws InterruptedException {
    if (ours != null) {
      ours.close();
    }
    if (redis != null) {
      redis.destroy();
      redis.waitFor(TIMEOUT_MS, TimeUnit.MILLISECONDS);
    }
  }

  static Stream<String> conversations() throws IOException {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                RedisComparisonIT.class.getResourceAsStream("conversations.txt"),
                StandardCharsets.ISO_8859_1))) {
      return lines.lines().filter(line -> !line.startsWith("#")).toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource("conversations")
  void shouldAnswerAsRedisDoes(String conversation) throws IOException {
    for (int protocol = 2; protocol <= 3; protocol++) {
      assertEquals(
          talk(redisPort, protocol, conversation),
          talk(ours.port(), protocol, conversation),
          "RESP" + protocol);
    }
  }

  /** All replies; what must differ, ids and addresses, is taken out. */
  private static String talk(int port, int protocol, String conversation) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", port)) {
      socket.setSoTimeout(TIMEOUT_MS);
      String requests = conversation.replace(";", "\r\n") + "\r\nECHO " + END + "\r\n";
      socket
          .getOutputStream()
          .write(("HELLO " + protocol + "\r\n" + requests).getBytes(StandardCharsets.ISO_8859_1));
      return readToEnd(socket.getInputStream())
          .replaceAll("id\r\n:\\d+", "id")
          .replaceAll("id=\\d+ addr=\\S+ laddr=\\S+", "id addr laddr");
    }
  }

  private static String readToEnd(InputStream in) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    byte[] bytes = new byte[1 << 16];
    int count;
    while (!all.toString(StandardCharsets.ISO_8859_1).contains(END)
        && (count = in.read(bytes)) >= 0) {
      all.write(bytes, 0, count);
    }
    return all.toString(StandardCharsets.ISO_8859_1);
  }

  @Test
  void shouldDeclareCommandsAsRedisDoes() {
    Map<String, List<Object>> theirs = table(redisPort);
    Map<String, String> wrong = new TreeMap<>();
    table(ours.port())
        .forEach(
            (name, declared) -> {
              if (OUR_OWN.contains(name)) {
                return;
              }
              List<Object> expected = theirs.get(name);
              if (expected == null) {
                wrong.put(name, "redis-server has no such command");
              } else if (!figures(expected).equals(figures(declared))) {
                wrong.put(name, figures(declared) + " instead of " + figures(expected));
              }
            });
    assertEquals(Map.of(), wrong);
  }

  /** Arity, first key, last key, step and flags. */
  private static List<Object> figures(List<Object> info) {
    Set<Object> flags = new HashSet<>((List<?>) info.get(2));
    // What writes to a disk replies later here, so it cannot be part of a transaction.
    flags.remove("no_multi");
    return List.of(info.get(1), info.get(3), info.get(4), info.get(5), flags);
  }

  private static Map<String, List<Object>> table(int port) {
    Map<String, List<Object>> table = new HashMap<>();
    try (RespClient client = new RespClient(port)) {
      addAll(table, client.call("COMMAND"));
    }
    return table;
  }

  @SuppressWarnings("unchecked") // the reply is an array of arrays
  private static void addAll(Map<String, List<Object>> table, Object reply) {
    for (List<Object> info : (List<List<Object>>) reply) {
      table.put((String) info.get(0), info);
      addAll(table, info.get(9));
    }
  }

  @Test
  void shouldDocumentEveryCommand() {
    try (RespClient client = ours.connect()) {
      List<?> docs = (List<?>) client.call("COMMAND", "DOCS");
      long count = (Long) client.call("COMMAND", "COUNT");
      assertEquals(count * 2, docs.size());
      for (int i = 1; i < docs.size(); i += 2) {
        List<?> doc = (List<?>) docs.get(i);
        assertEquals(List.of("summary", "since", "group"), names(doc), docs.get(i - 1).toString());
      }
    }
  }

  private static List<Object> names(List<?> doc) {
    return List.of(doc.get(0), doc.get(2), doc.get(4));
  }
}
