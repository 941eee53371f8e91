package org.chronolith.engine.rdb;

/**
 * The types of values that an RDB of versions 5 to 11 may hold: what each is, and how it lies in
 * the file. One row each; what has no kind is not known to this server.
 */
enum RdbType {
  STRING(0, "string", Kind.STRING, Form.PLAIN),
  LIST(1, "list", Kind.LIST, Form.PLAIN),
  SET(2, "set", Kind.SET, Form.PLAIN),
  ZSET(3, "sorted set", Kind.ZSET, Form.TEXT_SCORES),
  HASH(4, "hash", Kind.HASH, Form.PLAIN),
  ZSET_2(5, "sorted set", Kind.ZSET, Form.BINARY_SCORES),
  MODULE(6, "module value", null, null),
  MODULE_2(7, "module value", null, null),
  HASH_ZIPMAP(9, "hash as zipmap", Kind.HASH, Form.ZIPMAP),
  LIST_ZIPLIST(10, "list as ziplist", Kind.LIST, Form.ZIPLIST),
  SET_INTSET(11, "set as intset", Kind.SET, Form.INTSET),
  ZSET_ZIPLIST(12, "sorted set as ziplist", Kind.ZSET, Form.ZIPLIST),
  HASH_ZIPLIST(13, "hash as ziplist", Kind.HASH, Form.ZIPLIST),
  LIST_QUICKLIST(14, "list as quicklist of ziplists", Kind.LIST, Form.QUICKLIST),
  STREAM_LISTPACKS(15, "stream", null, null),
  HASH_LISTPACK(16, "hash as listpack", Kind.HASH, Form.LISTPACK),
  ZSET_LISTPACK(17, "sorted set as listpack", Kind.ZSET, Form.LISTPACK),
  LIST_QUICKLIST_2(18, "list as quicklist of listpacks", Kind.LIST, Form.QUICKLIST_2),
  STREAM_LISTPACKS_2(19, "stream", null, null),
  SET_LISTPACK(20, "set as listpack", Kind.SET, Form.LISTPACK),
  STREAM_LISTPACKS_3(21, "stream", null, null);

  /** Which of this server's types it becomes. */
  enum Kind {
    STRING,
    LIST,
    SET,
    HASH,
    ZSET
  }

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

  static {
    for (RdbType type : values()) {
      BY_CODE[type.code] = type;
    }
  }

  private final int code;
  private final String label;
  private final Kind kind;
  private final Form form;

  RdbType(int code, String label, Kind kind, Form form) {
    this.code = code;
    this.label = label;
    this.kind = kind;
    this.form = form;
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
  Kind kind() {
    return kind;
  }

  Form form() {
    return form;
  }
}
