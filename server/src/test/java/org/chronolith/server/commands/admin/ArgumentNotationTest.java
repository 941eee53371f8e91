package org.chronolith.server.commands.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import org.chronolith.network.RespWriter;
import org.chronolith.server.commands.admin.ArgumentNotation.Argument;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArgumentNotationTest {
  /**
   * Token before a colon, ? for optional, * for repeated, parts of blocks and choices in brackets.
   */
  private static String text(List<Argument> arguments) {
    return arguments.stream().map(ArgumentNotationTest::text).collect(Collectors.joining(" "));
  }

  private static String text(Argument argument) {
    String members =
        argument.members().isEmpty()
            ? argument.name()
            : argument.type() + "(" + text(argument.members()) + ")";
    String token = argument.token() == null ? "" : argument.token() + ":";
    return token + members + (argument.optional() ? "?" : "") + (argument.multiple() ? "*" : "");
  }

  @ParameterizedTest
  @CsvSource({
    "'',''",
    "key,key",
    "key value,key value",
    "key [key ...],key*",
    "key value [key value ...],block(key value)*",
    "[message],message?",
    "[section [section ...]],section?*",
    "[NX | XX],oneof(NX:nx XX:xx)?",
    "<ON | OFF>,oneof(ON:on OFF:off)",
    "key [EX seconds | KEEPTTL] [GET],key oneof(EX:seconds KEEPTTL:keepttl)? GET:get?",
    "[LIMIT offset count],LIMIT:block(offset count)?",
    "[protover [AUTH username password] [SETNAME clientname]],"
        + "block(protover AUTH:block(username password)? SETNAME:clientname?)?",
    "start stop [BYSCORE | BYLEX] [REV],start stop oneof(BYSCORE:byscore BYLEX:bylex)? REV:rev?",
  })
  void shouldReadTheNotationOfManuals(String notation, String expected) {
    assertEquals(expected, text(ArgumentNotation.parse(notation)));
  }

  @Test
  void shouldRefuseBracketsThatDoNotMatch() {
    assertThrows(IllegalArgumentException.class, () -> ArgumentNotation.parse("[a"));
    assertThrows(IllegalArgumentException.class, () -> ArgumentNotation.parse("a | b"));
  }

  @Test
  void shouldWriteAsCommandDocsDoes() {
    RespWriter writer = RespWriter.inMemory(3);
    ArgumentNotation.write(writer, ArgumentNotation.parse("key [EX seconds]"));
    ByteBuf written = writer.take();
    assertEquals(
        "*2\r\n%3\r\n$4\r\nname\r\n$3\r\nkey\r\n$4\r\ntype\r\n$3\r\nkey\r\n$14\r\nkey_spec_index\r\n:0\r\n"
            + "%4\r\n$4\r\nname\r\n$7\r\nseconds\r\n$4\r\ntype\r\n$7\r\ninteger\r\n$5\r\ntoken\r\n$2\r\nEX\r\n"
            + "$5\r\nflags\r\n~1\r\n+optional\r\n",
        written.toString(StandardCharsets.US_ASCII));
    written.release();
  }
}
