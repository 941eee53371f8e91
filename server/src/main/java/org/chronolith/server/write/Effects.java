package org.chronolith.server.write;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.chronolith.engine.Slice;

/**
 * The effects of the current turn, as the bytes of the replication stream.
 *
 * <p>Effects come in units: what one request caused, expired keys included. A unit of more than one
 * effect is wrapped in {@code MULTI … EXEC}, as Redis does, so that a replica never shows half of
 * it. {@code SELECT} is written where the stream's database changes; after {@link
 * #forgetDatabase()} (a start, a promotion) the first effect emits it in any case.
 *
 * <p>Thread: engine.
 */
public final class Effects implements AutoCloseable {
  private static final byte[] MULTI = ascii("*1\r\n$5\r\nMULTI\r\n");
  private static final byte[] EXEC = ascii("*1\r\n$4\r\nEXEC\r\n");
  private static final byte[] SELECT = ascii("SELECT");
  private static final byte[] DEL = ascii("DEL");
  private static final int KEEP_BYTES = 4 << 20;

  private ByteBuf staged = PooledByteBufAllocator.DEFAULT.directBuffer(64 << 10);
  private ByteBuf unit = PooledByteBufAllocator.DEFAULT.directBuffer(16 << 10);
  private final byte[] digits = new byte[20];
  private int stagedStartDb = -1;
  private int streamDb = -1;
  private int unitDb = -1;
  private int effectsInUnit;
  private int depth;

  /** Of the open unit: what keys that expired meanwhile take. */
  private long expiredBytes;

  /** Opens a unit; units nest, the outermost counts. */
  public void beginUnit() {
    if (depth++ == 0) {
      unitDb = streamDb;
      effectsInUnit = 0;
      expiredBytes = 0;
    }
  }

  /**
   * Closes the unit and stages it.
   *
   * @return whether anything was staged by the outermost unit
   */
  public boolean endUnit() {
    if (--depth > 0 || effectsInUnit == 0) {
      return false;
    }
    if (!staged.isReadable()) {
      stagedStartDb = streamDb;
    }
    if (effectsInUnit > 1) {
      staged.writeBytes(MULTI);
      staged.writeBytes(unit);
      staged.writeBytes(EXEC);
    } else {
      staged.writeBytes(unit);
    }
    streamDb = unitDb;
    if (unit.capacity() > KEEP_BYTES) {
      unit.release();
      unit = PooledByteBufAllocator.DEFAULT.directBuffer(16 << 10);
    } else {
      unit.clear();
    }
    return true;
  }

  /** Bytes of the open unit's effects so far. */
  public int unitBytes() {
    return unit.readableBytes();
  }

  /** Whether the open unit, if any, has effects. */
  public boolean unitHasEffects() {
    return depth > 0 && effectsInUnit > 0;
  }

  public boolean isUnitOpen() {
    return depth > 0;
  }

  /** Of the open unit: bytes of {@link #expired}. */
  public long expiredBytes() {
    return expiredBytes;
  }

  /** A key has expired: a unit of its own, or a part of the one that is open. */
  public void expired(int db, Slice key) {
    int before = unit.readableBytes();
    beginUnit();
    begin(db, 2).word(DEL).word(key);
    expiredBytes += unit.readableBytes() - before;
    endUnit();
  }

  /** A place in the open unit, to go back to. */
  public record Mark(int bytes, int effects, int db) {}

  /** Where the open unit's effects end now. */
  public Mark mark() {
    return new Mark(unit.writerIndex(), effectsInUnit, unitDb);
  }

  /** Takes back what was added since {@code mark}. No key may have expired since. */
  public void backTo(Mark mark) {
    unit.writerIndex(mark.bytes());
    effectsInUnit = mark.effects();
    unitDb = mark.db();
  }

  /** Shows the words that were added to the open unit since it had {@code from} bytes. */
  public void forEachWord(int from, Consumer<Slice> consumer) {
    Slice word = new Slice();
    for (int at = from; at < unit.writerIndex(); ) {
      int end = unit.indexOf(at, unit.writerIndex(), (byte) '\r');
      int length = Integer.parseInt(unit.toString(at + 1, end - at - 1, StandardCharsets.US_ASCII));
      consumer.accept(word.set(unit, end + 2, length));
      at = end + 2 + length + 2;
    }
  }

  /** Adds a request as it came: {@code length} bytes of a complete multi-bulk. */
  public void verbatim(int db, ByteBuf source, int offset, int length) {
    select(db);
    unit.writeBytes(source, offset, length);
    effectsInUnit++;
  }

  /** Starts an effect of {@code words} words; exactly so many {@code word} calls must follow. */
  public Effects begin(int db, int words) {
    select(db);
    effectsInUnit++;
    header('*', words);
    return this;
  }

  /** Adds a word. */
  public Effects word(byte[] bytes) {
    header('$', bytes.length);
    unit.writeBytes(bytes);
    crlf();
    return this;
  }

  /** Adds a word. */
  public Effects word(Slice bytes) {
    header('$', bytes.length());
    unit.writeBytes(bytes.buffer(), bytes.offset(), bytes.length());
    crlf();
    return this;
  }

  /** Adds a word: the decimal digits of {@code value}. */
  public Effects word(long value) {
    int at = format(value);
    header('$', digits.length - at);
    format(value);
    unit.writeBytes(digits, at, digits.length - at);
    crlf();
    return this;
  }

  /**
   * Adds a word of {@code length} bytes that the caller writes itself, for bytes that come straight
   * from off-heap memory. {@link #endWord()} must follow.
   */
  public ByteBuf beginWord(int length) {
    header('$', length);
    return unit;
  }

  /** Ends what {@link #beginWord} began. */
  public Effects endWord() {
    crlf();
    return this;
  }

  /**
   * Adds bytes that belong to no database and no unit, such as {@code PING}, to the staged stream.
   * Must not be called while a unit is open.
   */
  public void raw(byte[] bytes) {
    if (depth != 0) {
      throw new IllegalStateException("a unit is open");
    }
    if (!staged.isReadable()) {
      stagedStartDb = streamDb;
    }
    staged.writeBytes(bytes);
  }

  /** The staged bytes, from reader to writer index; they stay this object's. */
  public ByteBuf staged() {
    return staged;
  }

  public int stagedBytes() {
    return staged.readableBytes();
  }

  /** The stream's database where the staged bytes start; -1 when not yet known. */
  public int stagedStartDb() {
    return stagedStartDb;
  }

  /** The stream's database after everything staged; -1 when the next effect must select it. */
  public int streamDb() {
    return streamDb;
  }

  /** The staged bytes are in the log: start over. */
  public void clearStaged() {
    if (staged.capacity() > KEEP_BYTES) {
      staged.release();
      staged = PooledByteBufAllocator.DEFAULT.directBuffer(64 << 10);
    } else {
      staged.clear();
    }
  }

  /** The next effect emits {@code SELECT}: after a start and after a promotion. */
  public void forgetDatabase() {
    streamDb = -1;
  }

  @Override
  public void close() {
    staged.release();
    unit.release();
  }

  private void select(int db) {
    if (depth == 0) {
      throw new IllegalStateException("no unit is open");
    }
    if (db == unitDb) {
      return;
    }
    unitDb = db;
    header('*', 2);
    word(SELECT);
    word(db);
  }

  private void header(char type, int value) {
    int at = format(value);
    unit.writeByte(type);
    unit.writeBytes(digits, at, digits.length - at);
    crlf();
  }

  private void crlf() {
    unit.writeShort(0x0d0a);
  }

  /** Writes the digits to the end of {@code digits} and returns where they start. */
  private int format(long value) {
    int at = digits.length;
    long rest = value;
    do {
      digits[--at] = (byte) ('0' + Math.abs(rest % 10));
      rest /= 10;
    } while (rest != 0);
    if (value < 0) {
      digits[--at] = '-';
    }
    return at;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
