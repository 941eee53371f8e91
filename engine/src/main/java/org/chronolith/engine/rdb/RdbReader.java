package org.chronolith.engine.rdb;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.Printable;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.keyspace.ExpiryMode;
import org.chronolith.engine.keyspace.Keyspace;
import org.chronolith.engine.types.CollectionTypes;
import org.chronolith.engine.types.string.Strings;

/**
 * Reads an RDB of the versions 5 to 11 into an empty keyspace, as it arrives. Keys whose time has
 * passed are read as well: what becomes of them is decided where the data is used.
 *
 * <p>What the bytes announce costs memory only as far as it arrives. A value of a type that this
 * server does not have ends the read with the key's name. Functions, scripts and what modules keep
 * beside keys are passed over, and the listener is told each.
 *
 * <p>Thread: the owner of the keyspace.
 */
public final class RdbReader {
  /** The longest string that a Redis with default settings may hold. */
  public static final int MAX_STRING_BYTES = 512 << 20;

  private static final int MOST_AUXILIARY_FIELDS = 1000;
  private static final long KEYS_PER_PROGRESS = 1024;
  private static final String MODULE_ID_CHARACTERS =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  private static final int MODULE_NAME_CHARACTERS = 9;
  private static final int MODULE_VERSION_BITS = 10;

  private final Keyspace keyspace;
  private final Strings strings;
  private final CollectionTypes collections;
  private final RdbListener listener;
  private final ByteBuf keyBytes = ByteBufAllocator.DEFAULT.directBuffer();
  private final Slice key = new Slice();
  private final Map<String, String> auxiliary = new LinkedHashMap<>();
  private RdbInput in;
  private RdbValues values;
  private Database db;
  private long expireAtMs;
  private long keys;

  /** REQUIRES: the calling thread owns {@code keyspace}, which is empty. */
  public RdbReader(
      Keyspace keyspace, Strings strings, CollectionTypes collections, RdbListener listener) {
    this.keyspace = keyspace;
    this.strings = strings;
    this.collections = collections;
    this.listener = Objects.requireNonNull(listener);
  }

  /**
   * Reads it to its end, and verifies that nothing follows. To be called once.
   *
   * @param totalBytes of the whole, or -1 if that is not known
   * @param maxStringBytes the longest key, string or packed value that is taken
   * @throws EngineException CORRUPTION with the offset, or RETRYABLE with key and type if it holds
   *     what this server cannot
   * @throws IOException if the channel fails
   */
  public RdbContents read(ReadableByteChannel channel, long totalBytes, int maxStringBytes)
      throws IOException {
    try (RdbInput input = new RdbInput(channel, totalBytes, maxStringBytes);
        RdbValues reader = new RdbValues(input, strings, collections)) {
      in = input;
      values = reader;
      int version = header();
      keyspace.begin(System.currentTimeMillis(), ExpiryMode.IGNORE);
      db = keyspace.database(0);
      body();
      checksum();
      if (!in.atEnd()) {
        throw in.damaged("bytes follow its end");
      }
      listener.progress(keys, in.offset());
      return new RdbContents(version, auxiliary, keys, in.offset());
    } finally {
      keyBytes.release();
    }
  }

  private int header() throws IOException {
    in.take(RdbFormat.MAGIC.length() + 4, keyBytes, "the header");
    String header = keyBytes.toString(StandardCharsets.ISO_8859_1);
    if (!header.matches(RdbFormat.MAGIC + "\\d{4}")) {
      throw in.damagedAt(0, "it does not begin with " + RdbFormat.MAGIC + " and a version", null);
    }
    int version = Integer.parseInt(header.substring(RdbFormat.MAGIC.length()));
    if (version < RdbFormat.OLDEST_VERSION || version > RdbFormat.NEWEST_VERSION) {
      throw unsupported(
          "the RDB has version "
              + version
              + "; this server reads the versions "
              + RdbFormat.OLDEST_VERSION
              + " to "
              + RdbFormat.NEWEST_VERSION);
    }
    return version;
  }

  private void body() throws IOException {
    expireAtMs = -1;
    for (int code = in.u8("the data"); code != RdbFormat.OP_EOF; code = in.u8("the data")) {
      switch (code) {
        case RdbFormat.OP_EXPIRE_MS -> expireAtMs = expiry(in.littleEndian(8, "an expiry"));
        case RdbFormat.OP_EXPIRE_S ->
            expireAtMs = expiry(1000L * (int) in.littleEndian(4, "an expiry"));
        case RdbFormat.OP_IDLE -> in.length("an idle time");
        case RdbFormat.OP_FREQ -> in.u8("a frequency");
        case RdbFormat.OP_SELECT_DB -> select(in.length("a database's number"));
        case RdbFormat.OP_RESIZE_DB -> {
          in.length("a count of keys");
          in.length("a count of expiring keys");
        }
        case RdbFormat.OP_AUX -> auxiliary();
        case RdbFormat.OP_FUNCTION_2 -> function();
        case RdbFormat.OP_FUNCTION_PRE_GA ->
            throw unsupported(
                "the RDB holds functions in the format of a Redis 7.0 before its release (byte "
                    + in.offset()
                    + ")");
        case RdbFormat.OP_MODULE_AUX -> moduleAux();
        default -> key(code);
      }
    }
    if (expireAtMs >= 0) {
      throw in.damaged("an expiry without a key");
    }
  }

  /** Before 1970 is past as well, and -1 means none. */
  private static long expiry(long ms) {
    return Math.max(0, ms);
  }

  private void select(long number) {
    if (number >= keyspace.databases()) {
      throw unsupported(
          "the RDB holds database "
              + number
              + ", and this server has "
              + keyspace.databases()
              + " (directive databases; byte "
              + in.offset()
              + ")");
    }
    db = keyspace.database((int) number);
  }

  private void auxiliary() throws IOException {
    String name = in.text(keyBytes, "an auxiliary field's name");
    String value = in.text(keyBytes, "an auxiliary field");
    if (name.equals("lua")) {
      listener.skipped("script: " + Printable.of(value));
    } else if (auxiliary.size() < MOST_AUXILIARY_FIELDS) {
      auxiliary.put(name, value);
    }
    RdbInput.shrink(keyBytes);
  }

  private void function() throws IOException {
    String code = in.text(keyBytes, "a function library");
    listener.skipped("function library: " + Printable.of(code.lines().findFirst().orElse("")));
    RdbInput.shrink(keyBytes);
  }

  private void moduleAux() throws IOException {
    String module = moduleName(in.number64("a module's id"));
    skipModuleField(in.length("a module's field"), module);
    for (long field = in.length("a module's field");
        field != 0;
        field = in.length("a module's field")) {
      skipModuleField(field, module);
    }
    listener.skipped("data of the module type " + module + " beside the keys");
  }

  private void skipModuleField(long field, String module) throws IOException {
    switch ((int) Math.min(field, Integer.MAX_VALUE)) {
      case 1, 2 -> in.number64("a module's number");
      case 3 -> in.littleEndian(Float.BYTES, "a module's number");
      case 4 -> in.littleEndian(Double.BYTES, "a module's number");
      case 5 -> in.string(keyBytes.clear(), "a module's string");
      default -> throw in.damaged("a field of kind " + field + " of the module type " + module);
    }
  }

  /** Nine characters of six bits, then ten bits of a version. */
  private static String moduleName(long id) {
    StringBuilder name = new StringBuilder();
    for (int i = 0; i < MODULE_NAME_CHARACTERS; i++) {
      int shift = MODULE_VERSION_BITS + 6 * (MODULE_NAME_CHARACTERS - 1 - i);
      name.append(MODULE_ID_CHARACTERS.charAt((int) (id >>> shift) & 0x3f));
    }
    return name.toString();
  }

  private void key(int code) throws IOException {
    RdbType type = RdbType.of(code);
    if (type == null) {
      throw in.damaged("unknown type or operation " + code);
    }
    in.string(keyBytes.clear(), "a key");
    key.set(keyBytes, 0, keyBytes.readableBytes());
    if (type.codec() == null) {
      throw unsupported(missing(type));
    }
    if (db.find(key) != 0) {
      throw in.damaged("the key '" + Printable.of(key) + "' is there twice");
    }
    if (values.read(type, db, key)) {
      keys++;
      if (expireAtMs >= 0) {
        db.expireAt(db.find(key), expireAtMs);
      }
    } else {
      listener.skipped("the " + type.label() + " '" + Printable.of(key) + "', which is empty");
    }
    expireAtMs = -1;
    RdbInput.shrink(keyBytes);
    if (keys % KEYS_PER_PROGRESS == 0) {
      listener.progress(keys, in.offset());
    }
  }

  private String missing(RdbType type) throws IOException {
    String what = type.label();
    if (type == RdbType.MODULE || type == RdbType.MODULE_2) {
      what += " of the type " + moduleName(in.number64("a module's id"));
    }
    return "the key '"
        + Printable.of(key)
        + "' of database "
        + db.number()
        + " is a "
        + what
        + ", a type that this server does not have (byte "
        + in.offset()
        + ")";
  }

  private void checksum() throws IOException {
    long computed = in.crc();
    long stated = in.littleEndian(Long.BYTES, "the checksum");
    // Zero: its writer was told to do without.
    if (stated != 0 && stated != computed) {
      throw in.damaged(
          String.format("the checksum is %016x, and its bytes have %016x", stated, computed));
    }
  }

  private static EngineException unsupported(String what) {
    return new EngineException(EngineException.Severity.RETRYABLE, what);
  }
}
