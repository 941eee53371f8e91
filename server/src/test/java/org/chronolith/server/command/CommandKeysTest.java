package org.chronolith.server.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.chronolith.engine.Slice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommandKeysTest {
  private static CommandSpec.Builder command() {
    return CommandSpec.named("any")
        .arity(-2)
        .group(CommandGroup.GENERIC)
        .since("1.0.0")
        .summary("A command")
        .handler(call -> {});
  }

  private static int[] positions(CommandSpec.Builder command, String request) {
    String[] words = request.split(" ");
    return CommandKeys.positions(
        command.build(),
        words.length,
        i -> {
          byte[] bytes = words[i].getBytes(StandardCharsets.ISO_8859_1);
          return new Slice(Unpooled.wrappedBuffer(bytes), 0, bytes.length);
        });
  }

  @Test
  void shouldFindKeysAtFixedPlaces() {
    assertArrayEquals(new int[] {1}, positions(command().keys(1, 1, 1), "get k"));
    assertArrayEquals(new int[] {1, 2}, positions(command().keys(1, 2, 1), "smove a b m"));
    assertArrayEquals(new int[] {1, 3}, positions(command().keys(1, -1, 2), "mset a 1 b 2"));
    assertArrayEquals(new int[] {1, 2, 3}, positions(command().keys(1, -1, 1), "del a b c"));
    assertArrayEquals(new int[] {1, 2}, positions(command().keys(1, -2, 1), "blpop a b 0"));
    assertArrayEquals(new int[] {}, positions(command(), "ping"));
  }

  @Test
  void shouldFindKeysBehindTheirCount() {
    assertArrayEquals(
        new int[] {2, 3}, positions(command().keyCount(1), "zunion 2 a b weights 1 2"));
    assertArrayEquals(
        new int[] {1, 3, 4}, positions(command().keys(1, 1, 1).keyCount(2), "zunionstore d 2 a b"));
    assertEquals(true, CommandKeys.has(command().keyCount(1).build()));
    assertEquals(false, CommandKeys.has(command().build()));
    assertTrue(command().keyCount(1).build().flags().contains(CommandFlag.MOVABLEKEYS));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "3", "x", "9223372036854775807", "99999999999999999999"})
  void shouldFindNoneWhereTheCountIsWrong(String count) {
    assertNull(positions(command().keyCount(1), "zunion " + count + " a b"));
    assertNull(positions(command().keys(1, 1, 1).keyCount(2), "zunionstore d " + count + " a b"));
  }
}
