package org.chronolith.replicationlog;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/**
 * The name of the stream's history: the current replication id, and the lineage, that is the ids
 * that it descends from, each with the offset up to which it is the same stream. Immutable.
 *
 * <p>Redis remembers one former id ({@code master_replid2}); the lineage is that, several deep, so
 * that replicas continue after several restarts in a row.
 */
public final class History {
  /**
   * Ids remembered besides the current one: so many starts after crashes may pass while a replica
   * is away. An identity record stays below the 4 KiB that readers take at once.
   */
  public static final int MAX_LINEAGE = 64;

  /** What Redis prints when there is no second id. */
  public static final String NO_ID = "0".repeat(40);

  private static final int ID_LENGTH = 40;
  private static final byte VERSION = 1;
  private static final int HEAD_BYTES = 1 + ID_LENGTH + 2;
  private static final int ENTRY_BYTES = ID_LENGTH + 8;
  private static final SecureRandom RANDOM = new SecureRandom();

  /** Largest {@link #encode()}d form in bytes. */
  static final int MAX_ENCODED_BYTES = HEAD_BYTES + MAX_LINEAGE * ENTRY_BYTES;

  /**
   * A former id.
   *
   * @param id 40 lower-case hex digits
   * @param validTo offset up to which (exclusive) that history and this one are the same bytes
   */
  public record Ancestor(String id, long validTo) {
    public Ancestor {
      id = checked(id);
      if (validTo < 0) {
        throw new LogException(LogException.Kind.MISUSE, "valid-to offset is negative: " + validTo);
      }
    }
  }

  private final String currentId;
  private final List<Ancestor> lineage;

  private History(String currentId, List<Ancestor> lineage) {
    this.currentId = checked(currentId);
    this.lineage = List.copyOf(lineage);
  }

  /** A new history with a random id and no lineage. */
  public static History fresh() {
    return new History(randomId(), List.of());
  }

  /** A history known by {@code id} alone, as a replica has it after a full sync. */
  public static History of(String id) {
    return new History(id, List.of());
  }

  /** 40 random hex digits. */
  public static String randomId() {
    byte[] bytes = new byte[ID_LENGTH / 2];
    RANDOM.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  /** True if {@code id} is 40 hex digits. */
  public static boolean isId(String id) {
    if (id.length() != ID_LENGTH) {
      return false;
    }
    for (int i = 0; i < ID_LENGTH; i++) {
      if (Character.digit(id.charAt(i), 16) < 0) {
        return false;
      }
    }
    return true;
  }

  public String currentId() {
    return currentId;
  }

  /** Former ids, newest first; at most {@link #MAX_LINEAGE}. */
  public List<Ancestor> lineage() {
    return lineage;
  }

  /** {@code master_replid2}: the newest former id, or forty zeros. */
  public String secondId() {
    return lineage.isEmpty() ? NO_ID : lineage.get(0).id();
  }

  /** {@code second_repl_offset}: the newest former id's valid-to + 1, or -1. */
  public long secondOffset() {
    return lineage.isEmpty() ? -1 : lineage.get(0).validTo() + 1;
  }

  /**
   * The history of a node that starts writing on its own at {@code validTo}: a random new id, the
   * current one becomes the newest ancestor, and every earlier valid-to is lowered to it.
   */
  public History newId(long validTo) {
    return withId(randomId(), validTo);
  }

  /**
   * The same with a given id, as a replica takes it from {@code +CONTINUE newid}. The current id
   * again changes nothing but the valid-to offsets.
   */
  public History withId(String id, long validTo) {
    String lowerCase = checked(id);
    History lowered = lowerTo(validTo);
    if (lowerCase.equals(currentId)) {
      return lowered;
    }
    List<Ancestor> next = new ArrayList<>(lowered.lineage.size() + 1);
    next.add(new Ancestor(currentId, validTo));
    for (Ancestor ancestor : lowered.lineage) {
      if (next.size() < MAX_LINEAGE && !ancestor.id().equals(lowerCase)) {
        next.add(ancestor);
      }
    }
    return new History(lowerCase, next);
  }

  /** Every valid-to is lowered to at most {@code end}: bytes beyond it were lost. */
  public History lowerTo(long end) {
    List<Ancestor> next = new ArrayList<>(lineage.size());
    for (Ancestor ancestor : lineage) {
      next.add(new Ancestor(ancestor.id(), Math.min(ancestor.validTo(), end)));
    }
    return new History(currentId, next);
  }

  /**
   * Whether a replica that sent {@code PSYNC id nextByte} may continue from a log that holds {@code
   * [startOffset, endOffset)}. As in Redis, {@code nextByte} counts from 1: it asks for the byte at
   * offset {@code nextByte - 1}, and may be one past the end.
   */
  public boolean canContinue(String id, long nextByte, long startOffset, long endOffset) {
    long offset = nextByte - 1;
    return offset >= startOffset && offset <= endOffset && offset <= validTo(id);
  }

  /**
   * Offset up to which the history named {@code id} is the same as this one: unbounded for the
   * current id, -1 for an unknown one.
   */
  public long validTo(String id) {
    if (id.equalsIgnoreCase(currentId)) {
      return Long.MAX_VALUE;
    }
    for (Ancestor ancestor : lineage) {
      if (id.equalsIgnoreCase(ancestor.id())) {
        return ancestor.validTo();
      }
    }
    return -1;
  }

  /** Bytes for a file; {@link #decode} reads them. Layout: docs/formats/log.md. */
  public byte[] encode() {
    ByteBuffer out = ByteBuffer.allocate(HEAD_BYTES + lineage.size() * ENTRY_BYTES);
    out.put(VERSION).put(currentId.getBytes(StandardCharsets.US_ASCII));
    out.putShort((short) lineage.size());
    for (Ancestor ancestor : lineage) {
      out.put(ancestor.id().getBytes(StandardCharsets.US_ASCII)).putLong(ancestor.validTo());
    }
    return out.array();
  }

  /**
   * Reads what {@link #encode()} wrote.
   *
   * @throws LogException DAMAGED if it is something else
   */
  public static History decode(ByteBuffer in) {
    if (in.remaining() < HEAD_BYTES) {
      throw damaged("a history of " + in.remaining() + " bytes is too short");
    }
    byte version = in.get();
    if (version != VERSION) {
      throw damaged("unknown version " + version + " of a history");
    }
    String id = decodeId(in);
    int count = Short.toUnsignedInt(in.getShort());
    if (count > MAX_LINEAGE || in.remaining() < count * ENTRY_BYTES) {
      throw damaged("a lineage of " + count + " entries in " + in.remaining() + " bytes");
    }
    List<Ancestor> lineage = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      String ancestorId = decodeId(in);
      long validTo = in.getLong();
      if (validTo < 0) {
        throw damaged("valid-to offset " + validTo);
      }
      lineage.add(new Ancestor(ancestorId, validTo));
    }
    return new History(id, lineage);
  }

  private static String decodeId(ByteBuffer in) {
    byte[] bytes = new byte[ID_LENGTH];
    in.get(bytes);
    String id = new String(bytes, StandardCharsets.US_ASCII);
    if (!isId(id)) {
      throw damaged("a replication id is not 40 hex digits");
    }
    return id;
  }

  private static String checked(String id) {
    if (!isId(id)) {
      throw new LogException(
          LogException.Kind.MISUSE, "a replication id is 40 hex digits, not '" + id + "'");
    }
    return id.toLowerCase(Locale.ROOT);
  }

  private static LogException damaged(String message) {
    return new LogException(LogException.Kind.DAMAGED, message);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof History that
        && currentId.equals(that.currentId)
        && lineage.equals(that.lineage);
  }

  @Override
  public int hashCode() {
    return currentId.hashCode() * 31 + lineage.hashCode();
  }

  @Override
  public String toString() {
    return currentId + lineage;
  }
}
