package org.chronolith.server.write;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.chronolith.engine.Slice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EffectsTest {
  private final Effects effects = new Effects();

  @AfterEach
  void close() {
    effects.close();
  }

  @Test
  void shouldSelectTheDatabaseBeforeTheFirstEffectOnly() {
    del(0, "a");
    del(0, "b");
    assertEquals("*2 $6 SELECT $1 0 *2 $3 DEL $1 a *2 $3 DEL $1 b ", staged());
    assertEquals(-1, effects.stagedStartDb());
    assertEquals(0, effects.streamDb());
  }

  @Test
  void shouldSelectAgainWhereTheDatabaseChangesAndAfterForgetting() {
    del(0, "a");
    effects.clearStaged();
    del(3, "b");
    assertEquals("*2 $6 SELECT $1 3 *2 $3 DEL $1 b ", staged());
    assertEquals(0, effects.stagedStartDb());
    effects.clearStaged();
    effects.forgetDatabase();
    del(3, "c");
    assertEquals("*2 $6 SELECT $1 3 *2 $3 DEL $1 c ", staged());
  }

  @Test
  void shouldTakeBackWhatCannotBeLogged() {
    effects.beginUnit();
    effects.begin(0, 2).word(bytes("DEL")).word(bytes("a"));
    Effects.Mark mark = effects.mark();
    effects.begin(3, 4).word(bytes("SREM")).word(bytes("key"));
    int from = effects.unitBytes();
    effects.word(bytes("")).word(bytes("a\r\nb"));
    List<String> words = new ArrayList<>();
    effects.forEachWord(from, word -> words.add(word.toString()));
    assertEquals(List.of("", "a\r\nb"), words);
    effects.backTo(mark);
    effects.begin(0, 2).word(bytes("DEL")).word(bytes("b"));
    effects.endUnit();
    assertEquals(
        "*1 $5 MULTI *2 $6 SELECT $1 0 *2 $3 DEL $1 a *2 $3 DEL $1 b *1 $4 EXEC ", staged());
  }

  @Test
  void shouldCountWhatExpiresDuringAUnit() {
    effects.beginUnit();
    effects.expired(0, slice("a"));
    long first = effects.expiredBytes();
    assertEquals(effects.unitBytes(), first);
    effects.begin(0, 2).word(bytes("DEL")).word(bytes("b"));
    effects.expired(0, slice("c"));
    assertTrue(effects.expiredBytes() > first);
    assertTrue(effects.isUnitOpen());
    effects.endUnit();
    assertFalse(effects.isUnitOpen());
    effects.beginUnit();
    assertEquals(0, effects.expiredBytes());
    effects.endUnit();
  }

  @Test
  void shouldWrapAUnitOfSeveralEffectsInATransaction() {
    effects.beginUnit();
    effects.begin(0, 2).word(bytes("DEL")).word(bytes("a"));
    effects.beginUnit();
    effects.begin(0, 2).word(bytes("DEL")).word(slice("b"));
    assertFalse(effects.endUnit());
    assertTrue(effects.endUnit());
    assertEquals(
        "*1 $5 MULTI *2 $6 SELECT $1 0 *2 $3 DEL $1 a *2 $3 DEL $1 b *1 $4 EXEC ", staged());
  }

  @Test
  void shouldStageNothingForAUnitWithoutEffects() {
    effects.beginUnit();
    assertFalse(effects.endUnit());
    assertEquals(0, effects.stagedBytes());
  }

  @Test
  void shouldWriteExtremeNumbersAndEmptyWords() {
    effects.beginUnit();
    effects.begin(0, 4).word(Long.MIN_VALUE).word(Long.MAX_VALUE).word(0).word(new byte[0]);
    effects.endUnit();
    assertEquals(
        "*2 $6 SELECT $1 0 *4 $20 -9223372036854775808 $19 9223372036854775807 $1 0 $0  ",
        staged());
  }

  @Test
  void shouldCopyRequestsAsTheyCame() {
    ByteBuf request = Unpooled.copiedBuffer("??*1\r\n$1\r\nx\r\n", StandardCharsets.US_ASCII);
    effects.beginUnit();
    effects.verbatim(0, request, 2, request.readableBytes() - 2);
    effects.endUnit();
    assertEquals("*2 $6 SELECT $1 0 *1 $1 x ", staged());
  }

  @Test
  void shouldWriteWordsThatComeStraightFromElsewhere() {
    effects.beginUnit();
    effects.begin(0, 1);
    effects.beginWord(3).writeBytes(bytes("abc"));
    effects.endWord();
    effects.endUnit();
    assertEquals("*2 $6 SELECT $1 0 *1 $3 abc ", staged());
  }

  @Test
  void shouldRefuseEffectsOutsideAUnitAndRawBytesInside() {
    assertThrows(IllegalStateException.class, () -> effects.begin(0, 1));
    effects.beginUnit();
    assertThrows(IllegalStateException.class, () -> effects.raw(bytes("x")));
  }

  private void del(int db, String key) {
    effects.beginUnit();
    effects.begin(db, 2).word(bytes("DEL")).word(bytes(key));
    effects.endUnit();
  }

  private String staged() {
    return effects.staged().toString(StandardCharsets.US_ASCII).replace("\r\n", " ");
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static Slice slice(String text) {
    ByteBuf buffer = Unpooled.copiedBuffer("_" + text, StandardCharsets.US_ASCII);
    return new Slice(buffer, 1, text.length());
  }
}
