package org.chronolith.engine.rdb;

/**
 * The types of values that an RDB of versions 5 to 11 may hold: what each is, and how it lies in
 * the file. One row each; what has no codec is not known to this server.
 */
enum RdbType {
  STRING(0, "string", RdbCodec.STRING, Form.PLAIN, 1),
  LIST(1, "list", RdbCodec.LIST, Form.PLAIN, 1),
  SET(2, "set", RdbCodec.SET, Form.PLAIN, 1),
  ZSET(3, "sorted set", RdbCodec.ZSET, Form.TEXT_SCORES, 1),
  HASH(4, "hash", RdbCodec.HASH, Form.PLAIN, 1),
  ZSET_2(5, "sorted set", RdbCodec.ZSET, Form.BINARY_SCORES, 8),
  MODULE(6, "module value", null, null),
  MODULE_2(7, "module value", null, null),
  HASH_ZIPMAP(9, "hash as zipmap", RdbCodec.HASH, Form.ZIPMAP),
  LIST_ZIPLIST(10, "list as ziplist", RdbCodec.LIST, Form.ZIPLIST),
  SET_INTSET(11, "set as intset", RdbCodec.SET, Form.INTSET),
  ZSET_ZIPLIST(12, "sorted set as ziplist", RdbCodec.ZSET, Form.ZIPLIST),
  HASH_ZIPLIST(13, "hash as ziplist", RdbCodec.HASH, Form.ZIPLIST),
  LIST_QUICKLIST(14, "list as quicklist of ziplists", RdbCodec.LIST, Form.QUICKLIST),
  STREAM_LISTPACKS(15, "stream", null, null),
  HASH_LISTPACK(16, "hash as listpack", RdbCodec.HASH, Form.LISTPACK),
  ZSET_LISTPACK(17, "sorted set as listpack", RdbCodec.ZSET, Form.LISTPACK),
  LIST_QUICKLIST_2(18, "list as quicklist of listpacks", RdbCodec.LIST, Form.QUICKLIST_2),
  STREAM_LISTPACKS_2(19, "stream", null, null),
  SET_LISTPACK(20, "set as listpack", RdbCodec.SET, Form.LISTPACK),
  STREAM_LISTPACKS_3(21, "stream", null, null);

  /** How its elements lie in the file. */
  enum Form {
    /** The string itself, or a count and that many elements (or pairs), each a string. */
    PLAIN,
    /** As {@link #PLAIN}, each member followed by its score as text with a length byte. */
    TEXT_SCORES,
    /** As {@link #PLAIN}, each member followed by its score as a little-endian double. */
    BINARY_SCORES,
    /** One string that holds all elements. */
    ZIPMAP,
    ZIPLIST,
    LISTPACK,
    INTSET,
    /** A count, and that many strings, each a ziplist. */
    QUICKLIST,
    /** A count, and that many nodes: 1 and an element, or 2 and a listpack. */
    QUICKLIST_2
  }

  private static final RdbType[] BY_CODE = new RdbType[32];

  /** By version and codec: the newest that is written then. */
  private static final RdbType[][] WRITTEN =
      new RdbType[RdbVersion.values().length][RdbCodec.values().length];

  static {
    for (RdbType type : values()) {
      BY_CODE[type.code] = type;
      for (RdbVersion version : RdbVersion.values()) {
        if (type.writtenSince > 0 && type.writtenSince <= version.number()) {
          RdbType[] written = WRITTEN[version.ordinal()];
          int at = type.codec.ordinal();
          if (written[at] == null || written[at].writtenSince < type.writtenSince) {
            written[at] = type;
          }
        }
      }
    }
  }

  private final int code;
  private final String label;
  private final RdbCodec codec;
  private final Form form;
  private final int writtenSince;

  RdbType(int code, String label, RdbCodec codec, Form form) {
    this(code, label, codec, form, 0);
  }

  /**
   * @param writtenSince the version from which on this server writes it, up to that of another one
   *     with the same codec; 0 for never
   */
  RdbType(int code, String label, RdbCodec codec, Form form, int writtenSince) {
    this.code = code;
    this.label = label;
    this.codec = codec;
    this.form = form;
    this.writtenSince = writtenSince;
  }

  /** As what a value is written in a file of this version. */
  static RdbType written(RdbCodec codec, RdbVersion version) {
    return WRITTEN[version.ordinal()][codec.ordinal()];
  }

  /** The type of this code, or null. */
  static RdbType of(int code) {
    return code < BY_CODE.length ? BY_CODE[code] : null;
  }

  int code() {
    return code;
  }

  String label() {
    return label;
  }

  /** Null if this server has no such type. */
  RdbCodec codec() {
    return codec;
  }

  Form form() {
    return form;
  }
}
