package org.chronolith.server.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogToolTest {
  private static final long T0 = 1_769_860_800_000L;

  @TempDir Path directory;
  private long middle;

  @BeforeEach
  void write() throws Exception {
    try (DataFixture node = new DataFixture(directory)) {
      node.write(T0, "SELECT", "0");
      node.write(T0 + 1000, "SET", "a", "bin\u0001\u00ff\"\n");
      middle = node.offset();
      node.writeAll(T0 + 2000, "SELECT 3", "MULTI", "SET b 1", "HSET h f v", "EXEC");
      node.write(T0 + 3000, "SET", "big", "x".repeat(40_000));
      node.markClean(T0 + 4000);
    }
  }

  private DataFixture.Run log(String... options) {
    String[] arguments = new String[options.length + 2];
    arguments[0] = "log";
    arguments[1] = directory.toString();
    System.arraycopy(options, 0, arguments, 2, options.length);
    return DataFixture.tool(arguments);
  }

  private static List<String> lines(DataFixture.Run run) {
    return run.out().lines().toList();
  }

  @Test
  void shouldPrintTheStreamAndChangeNothing() throws Exception {
    Map<String, String> before = DataFixture.files(directory);
    DataFixture.Run run = log();
    assertEquals(0, run.code(), run.err());
    List<String> lines = lines(run);
    assertEquals(10, lines.size(), run.out());
    assertTrue(lines.get(0).contains(" identity "), lines.get(0));
    assertEquals("0 2026-01-31T12:00:00.000Z [0] \"SELECT\" \"0\"", lines.get(1));
    assertEquals(
        "23 2026-01-31T12:00:01.000Z [0] \"SET\" \"a\" \"bin\\x01\\xff\\\"\\n\"", lines.get(2));
    assertTrue(lines.get(4).endsWith("[3] \"MULTI\""), lines.get(4));
    assertTrue(lines.get(7).endsWith("[3] \"EXEC\""), lines.get(7));
    assertTrue(lines.get(9).endsWith(" clean stop"), lines.get(9));
    assertEquals(before, DataFixture.files(directory));
  }

  @Test
  void shouldShowARangeOfOffsetsOrTimes() {
    List<String> byOffset = lines(log("--from", "23", "--to", Long.toString(middle)));
    assertEquals(1, byOffset.size(), byOffset.toString());
    List<String> byTime = lines(log("--from", "2026-01-31T12:00:01Z", "--to", "ms:" + (T0 + 1000)));
    assertEquals(byOffset, byTime);
    DataFixture.Run none = log("--from", "end");
    assertEquals(List.of(), lines(none));
    assertEquals(0, none.code(), "nothing to show is no failure");
    assertEquals("", none.err());
  }

  @Test
  void shouldSayThatTheWindowBeginsLaterThanWhatIsAskedFor() throws Exception {
    long start;
    try (DataFixture node = new DataFixture(directory)) {
      start = node.offset();
      node.write(T0 + 5000, "SET", "later", "1");
    }
    Path first = DataFixture.segment(directory, 1);
    Files.move(first.getParent(), directory.resolve("away"));
    for (String from : List.of("0", "2026-01-31T12:00:00Z", Long.toString(start - 1))) {
      DataFixture.Run run = log("--from", from);
      assertEquals(0, run.code());
      assertTrue(run.out().contains("\"later\""), run.out());
      String note = "note: what is there begins at offset " + start;
      assertTrue(run.err().startsWith(note), run.err());
      assertTrue(run.err().contains("--from " + from + " is before that"), run.err());
    }
    assertEquals("", log("--from", Long.toString(start)).err());
    assertEquals("", log().err());
  }

  @Test
  void shouldShowProgressWhereNothingElseIsSeen() {
    DataFixture.Run run = log("--key", "nobody", "--progress");
    assertEquals(0, run.code());
    assertEquals("", run.out());
    assertTrue(run.err().startsWith("log [##"), run.err());
    assertTrue(run.err().contains("100 %"), run.err());
    assertEquals("", log("--key", "nobody").err(), "no terminal, and nobody has asked");
  }

  @Test
  void shouldShowKeysWithTheirTransaction() {
    List<String> lines = lines(log("--key", "h*"));
    assertEquals(3, lines.size(), lines.toString());
    assertTrue(lines.get(0).endsWith("\"MULTI\""), lines.get(0));
    assertTrue(lines.get(1).endsWith("\"HSET\" \"h\" \"f\" \"v\""), lines.get(1));
    assertTrue(lines.get(2).endsWith("\"EXEC\""), lines.get(2));
    assertEquals(1, lines(log("--key", "a", "--db", "0")).size());
    assertEquals(List.of(), lines(log("--key", "a", "--db", "3")));
  }

  @Test
  void shouldShowBothEndsOfATransactionThatAnOffsetLiesIn() throws Exception {
    try (DataFixture node = new DataFixture(directory)) {
      String large = "y".repeat(100_000);
      node.writeAll(T0 + 5000, "MULTI", "SET first " + large, "SET second " + large, "EXEC");
      node.write(T0 + 6000, "SET", "behind", "1");
    }
    for (String key : List.of("b", "first")) {
      List<String> all = lines(log());
      int at = 0;
      while (!all.get(at).contains("\"SET\" \"" + key + "\"")) {
        at++;
      }
      List<String> group = all.subList(at - 1, at + 3);
      String second = offset(group.get(2));
      assertTrue(group.get(0).endsWith("\"MULTI\"") && group.get(3).endsWith("\"EXEC\""));
      List<String> begun = lines(log("--from", offset(group.get(1)), "--to", second));
      assertEquals(List.of(group.get(0), group.get(1), group.get(3)), begun);
      List<String> rest = lines(log("--from", second));
      assertEquals(List.of(group.get(0), group.get(2), group.get(3)), rest.subList(0, 3));
      assertEquals(offset(all.get(at + 3)), offset(rest.get(3)));
      // Of a transaction that has nothing else in the range.
      String exec = offset(group.get(3));
      assertEquals(
          List.of(group.get(0), group.get(3)),
          lines(log("--from", exec, "--to", offset(all.get(at + 3)))));
      assertEquals(
          List.of(), lines(log("--from", exec, "--to", offset(all.get(at + 3)), "--db", "3")));
    }
  }

  private static String offset(String line) {
    return line.substring(0, line.indexOf(' '));
  }

  @Test
  void shouldPrintJsonLines() {
    List<String> lines = lines(log("--json", "--key", "a"));
    assertEquals(
        List.of(
            "{\"offset\":23,\"end\":"
                + middle
                + ",\"time\":\"2026-01-31T12:00:01.000Z\",\"ms\":"
                + (T0 + 1000)
                + ",\"db\":0,\"command\":[\"SET\",\"a\",{\"base64\":\"YmluAf8iCg==\"}]}"),
        lines);
  }

  @Test
  void shouldReadASegmentThatWasSetAside() throws Exception {
    Path cut = directory.resolve("cut-segment-0000000001");
    Files.move(DataFixture.segment(directory, 1).getParent(), cut);
    DataFixture.Run run = DataFixture.tool("log", cut.toString());
    assertEquals(0, run.code(), run.err());
    assertEquals(10, lines(run).size());
    DataFixture.Run file =
        DataFixture.tool("log", cut.resolve("19700101L.cq4").toString(), "--key", "a");
    assertEquals(1, lines(file).size());
  }

  /** As power loss leaves it: of the pages that were not forced, one in the middle is lost. */
  @Test
  void shouldReadTheTailThatAStartHasCut() throws Exception {
    long end;
    long whole;
    try (DataFixture node = new DataFixture(directory)) {
      node.write(T0 + 5000, "SET", "kept", "1");
      end = node.offset();
      node.write(T0 + 6000, "SET", "lost", "2");
      whole = node.offset();
      node.write(T0 + 7000, "SET", "whole", "3");
      node.write(T0 + 8000, "SET", "torn", "4".repeat(500));
    }
    Path newest = DataFixture.newestSegment(directory);
    byte[] bytes = Files.readAllBytes(newest);
    DataFixture.flip(newest, DataFixture.find(bytes, "lost"));
    try (FileChannel file = FileChannel.open(newest, StandardOpenOption.WRITE)) {
      file.truncate(DataFixture.find(bytes, "torn") + 300);
    }
    Files.delete(directory.resolve("gen-1/log/forced"));
    try (DataFixture node = new DataFixture(directory)) {
      assertEquals(end, node.offset(), node.log().recovery().toString());
    }
    Path aside = DataFixture.aside(newest);
    Path tail = aside.resolve(aside.toFile().list()[0]);
    for (Path what : List.of(aside, tail)) {
      DataFixture.Run run = DataFixture.tool("log", what.toString());
      assertEquals(1, run.code(), run.err());
      assertEquals(
          List.of(whole + " 2026-01-31T12:00:07.000Z [3] \"SET\" \"whole\" \"3\""), lines(run));
      List<String> damage = run.err().lines().toList();
      assertEquals(2, damage.size(), run.err());
      String first = "damage: " + tail + " at position 0 (offset " + end + "): checksum";
      assertTrue(damage.get(0).startsWith(first), run.err());
      assertTrue(damage.get(1).contains("the file ends within a record"), run.err());
      DataFixture.Run check = DataFixture.tool("check", what.toString());
      assertEquals(1, check.code(), check.err());
      assertTrue(check.out().contains(" 1 records, "), check.out());
      assertTrue(check.out().contains("findings: 2"), check.out());
    }
  }

  @Test
  void shouldTellDamageAndGoOn() throws Exception {
    DataFixture.flip(DataFixture.segment(directory, 1), recordAt("\"SET\" \"a\""));
    DataFixture.Run run = log();
    assertEquals(1, run.code());
    assertTrue(run.err().contains("checksum"), run.err());
    assertTrue(run.err().contains("(offset 23)"), run.err());
    assertFalse(run.out().contains("\"SET\" \"a\""), run.out());
    assertTrue(run.out().contains("\"HSET\""), run.out());
  }

  /** A position within the first record that holds the key {@code a}. */
  private long recordAt(String words) throws Exception {
    assertTrue(log().out().contains(words));
    byte[] bytes = Files.readAllBytes(DataFixture.segment(directory, 1));
    for (int i = 0; i < bytes.length - 3; i++) {
      if (bytes[i] == 'b' && bytes[i + 1] == 'i' && bytes[i + 2] == 'n' && bytes[i + 3] == 1) {
        return i;
      }
    }
    throw new AssertionError("not found");
  }

  /** Exit code 1 means damage: nothing else may end with it. */
  @Test
  void shouldExitWithTwoWhateverGoesWrong() {
    for (Throwable failure :
        List.of(
            new IllegalStateException("of no kind that is known"),
            new UncheckedIOException(new IOException("the pipe is gone")),
            new OutOfMemoryError("Java heap space"),
            new StackOverflowError())) {
      StringWriter err = new StringWriter();
      int code =
          Main.execute(
              new FailingWriter(failure), new PrintWriter(err), "log", directory.toString());
      assertEquals(2, code, err.toString());
      assertTrue(err.toString().contains(": "), err.toString());
      if (failure.getMessage() != null) {
        assertTrue(err.toString().contains(failure.getMessage()), err.toString());
      }
    }
  }

  /** Cannot print a line. */
  private static final class FailingWriter extends PrintWriter {
    private final Throwable failure;

    FailingWriter(Throwable failure) {
      super(new StringWriter());
      this.failure = failure;
    }

    @Override
    public void println(String text) {
      if (failure instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) failure;
    }
  }

  @Test
  void shouldPrintADocumentForMisuseToo() {
    for (List<String> misuse :
        List.of(
            List.of("log", "--json"),
            List.of("check", "a", "b", "--json"),
            List.of("restore", "x", "--json"),
            List.of("check", "x", "--nosuch", "--json"),
            List.of("--json"))) {
      DataFixture.Run run = DataFixture.tool(misuse.toArray(String[]::new));
      assertEquals(2, run.code(), run.err());
      List<String> lines = lines(run);
      assertEquals(1, lines.size(), misuse + ": " + run.out());
      assertTrue(lines.get(0).matches("\\{\"error\":\".+\"\\}"), run.out());
      assertTrue(run.err().contains("Usage: "), run.err());
    }
    assertEquals("", DataFixture.tool("check", "x", "--nosuch").out());
  }

  @Test
  void shouldSayWhyItCannot() {
    DataFixture.Run none = DataFixture.tool("log", directory.resolve("none").toString());
    assertEquals(2, none.code());
    assertTrue(none.err().contains("there is no such file or directory"), none.err());
    DataFixture.Run bad = log("--from", "yesterday", "--json");
    assertEquals(2, bad.code());
    assertTrue(bad.out().startsWith("{\"error\":\"'yesterday' is no offset"), bad.out());
    assertEquals(2, log("--db", "-1").code());
    assertEquals(2, log("--nonsense").code());
  }
}
