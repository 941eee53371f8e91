package org.chronolith.engine.rdb;

/** One RDB with a value in every encoding. */
final class RdbSamples {
  static final long EXPIRE_AT_MS = 4_102_444_800_123L;
  private static final Long[] NUMBERS = {
    0L,
    12L,
    13L,
    -1L,
    127L,
    128L,
    -128L,
    4095L,
    -4096L,
    4096L,
    32767L,
    -32768L,
    8388607L,
    -8388608L,
    2147483647L,
    -2147483648L,
    4294967296L,
    Long.MAX_VALUE,
    Long.MIN_VALUE
  };

  private RdbSamples() {}

  /** All that redis-server 7.0 reads: up to version 10. */
  static RdbBytes upTo10() {
    RdbBytes rdb = RdbBytes.version(10);
    rdb.aux("redis-ver", "7.0.15").aux("repl-stream-db", "3").aux("repl-id", "a".repeat(40));
    rdb.bytes(RdbFormat.OP_SELECT_DB, 0, RdbFormat.OP_RESIZE_DB, 3, 1);
    strings(rdb);
    lists(rdb);
    rdb.bytes(RdbFormat.OP_SELECT_DB, 3);
    sets(rdb);
    hashes(rdb);
    zsets(rdb);
    return rdb;
  }

  private static void strings(RdbBytes rdb) {
    rdb.key(RdbType.STRING, "raw").string("value");
    rdb.key(RdbType.STRING, "empty").string("");
    rdb.key(RdbType.STRING, "medium").string("m".repeat(5000));
    rdb.key(RdbType.STRING, "long").string("0123456789".repeat(10_000));
    rdb.key(RdbType.STRING, "int8").bytes(0xc0, 0x85);
    rdb.key(RdbType.STRING, "int16").bytes(0xc1, 0x39, 0x30);
    rdb.key(RdbType.STRING, "int32").bytes(0xc2, 0x15, 0xcd, 0x5b, 0x87);
    rdb.key(RdbType.STRING, "lzf").lzfRun('x', 20_003);
    rdb.bytes(RdbFormat.OP_EXPIRE_MS).longLE(EXPIRE_AT_MS);
    rdb.bytes(RdbFormat.OP_IDLE, 7);
    rdb.key(RdbType.STRING, "expires in ms").string("v");
    rdb.bytes(RdbFormat.OP_EXPIRE_S, 0x80, 0x3c, 0xf4, 0x7f, RdbFormat.OP_FREQ, 9);
    rdb.key(RdbType.STRING, "expires in s").string("v");
    rdb.bytes(RdbType.STRING.code()).lzfRun('k', 300).string("with a packed name");
  }

  private static void lists(RdbBytes rdb) {
    rdb.key(RdbType.LIST, "list").length(3).string("a").string("").bytes(0xc0, 5);
    rdb.key(RdbType.LIST_ZIPLIST, "ziplist").string(RdbBytes.ziplist(mixed()));
    rdb.key(RdbType.LIST_QUICKLIST, "quicklist").length(2);
    rdb.string(RdbBytes.ziplist("first", "w".repeat(300), "after a long one", 7L));
    rdb.string(RdbBytes.ziplist(mixed()));
    rdb.key(RdbType.LIST_QUICKLIST_2, "quicklist2").length(3);
    rdb.length(2).string(RdbBytes.listpack(mixed()));
    rdb.length(1).string("plain".repeat(20_000));
    rdb.length(2).string(RdbBytes.listpack("last"));
  }

  private static void sets(RdbBytes rdb) {
    rdb.key(RdbType.SET, "set").length(3).string("a").string("b").bytes(0xc0, 1);
    rdb.key(RdbType.SET, "large set").length(1000);
    for (int i = 0; i < 1000; i++) {
      rdb.string("member" + i);
    }
    rdb.key(RdbType.SET_INTSET, "intset2").string(RdbBytes.intset(2, -32768, 0, 5, 32767));
    rdb.key(RdbType.SET_INTSET, "intset4").string(RdbBytes.intset(4, -70000, 3, 70000));
    rdb.key(RdbType.SET_INTSET, "intset8").string(RdbBytes.intset(8, Long.MIN_VALUE, 1, 1L << 40));
  }

  private static void hashes(RdbBytes rdb) {
    rdb.key(RdbType.HASH, "hash").length(2).string("f").string("v").string("g").string("");
    rdb.key(RdbType.HASH_ZIPMAP, "zipmap");
    rdb.string(RdbBytes.zipmap("f", "v", "long", "z".repeat(600), "g", ""));
    rdb.key(RdbType.HASH_ZIPLIST, "hash ziplist").string(RdbBytes.ziplist("f", 1L, 2L, "v"));
    rdb.key(RdbType.HASH_LISTPACK, "hash listpack").string(RdbBytes.listpack("f", 1L, 2L, "v"));
  }

  private static void zsets(RdbBytes rdb) {
    rdb.key(RdbType.ZSET, "zset").length(4);
    rdb.string("a").bytes(3).raw("1.5").string("b").bytes(254).string("c").bytes(255);
    rdb.string("d").bytes(2).raw("-3");
    rdb.key(RdbType.ZSET_2, "zset2").length(200);
    for (int i = 0; i < 200; i++) {
      rdb.string("member" + i).longLE(Double.doubleToRawLongBits(i * 0.7 - 50));
    }
    rdb.key(RdbType.ZSET_ZIPLIST, "zset ziplist");
    rdb.string(RdbBytes.ziplist("a", -7L, "b", "2.25", "c", "inf"));
    rdb.key(RdbType.ZSET_LISTPACK, "zset listpack");
    rdb.string(RdbBytes.listpack("a", -7L, "b", "2.25", "c", "inf"));
  }

  /** The least and the greatest version that {@link #ofVersion} knows. */
  static final int FIRST_VERSION = 5;

  static final int LAST_VERSION = 11;

  /** Keys of {@link #ofVersion}, in both databases. */
  static final int KEYS_OF_A_VERSION = 15;

  /** Time of the key {@code seconds} of {@link #ofVersion}. */
  static final long EXPIRE_AT_S = 0x7ff43c80L;

  /**
   * The same data for each version, in the forms in which a Redis of its time wrote it: 5 is 2.6, 6
   * is 2.8 and 3.0, 7 is 3.2, 8 is 4.0, 9 is 5.0 to 6.2, 10 is 7.0, 11 is 7.2.
   */
  static RdbBytes ofVersion(int version) {
    RdbBytes rdb = RdbBytes.version(version);
    if (version >= 7) {
      rdb.aux("redis-ver", "of its time").aux("redis-bits", "64");
    }
    rdb.bytes(RdbFormat.OP_SELECT_DB, 0);
    if (version >= 7) {
      rdb.bytes(RdbFormat.OP_RESIZE_DB, 7, 2);
    }
    rdb.key(RdbType.STRING, "string").string("value");
    rdb.key(RdbType.STRING, "number").bytes(0xc1, 0x39, 0x30);
    rdb.key(RdbType.STRING, "compressed").lzfRun('x', 20_003);
    rdb.bytes(RdbFormat.OP_EXPIRE_S, 0x80, 0x3c, 0xf4, 0x7f);
    rdb.key(RdbType.STRING, "seconds").string("v");
    rdb.bytes(RdbFormat.OP_EXPIRE_MS).longLE(EXPIRE_AT_MS);
    if (version >= 9) {
      rdb.bytes(RdbFormat.OP_FREQ, 9);
    }
    rdb.key(RdbType.STRING, "milliseconds").string("v");
    rdb.key(RdbType.LIST, "list").length(2).string("a").bytes(0xc0, 5);
    listOf(rdb, version);
    rdb.bytes(RdbFormat.OP_SELECT_DB, 3);
    if (version >= 9) {
      rdb.bytes(RdbFormat.OP_IDLE, 7);
    }
    rdb.key(RdbType.SET, "set").length(2).string("a").string("b");
    rdb.key(RdbType.SET_INTSET, "numbers").string(RdbBytes.intset(4, -70000, 3, 70000));
    rdb.key(version < 11 ? RdbType.SET : RdbType.SET_LISTPACK, "small set");
    if (version < 11) {
      rdb.length(2).string("a").bytes(0xc0, 5);
    } else {
      rdb.string(RdbBytes.listpack("a", 5L));
    }
    rdb.key(RdbType.HASH, "hash").length(1).string("f").string("v");
    hashOf(rdb, version);
    zsetOf(rdb, version);
    smallZsetOf(rdb, version);
    rdb.key(RdbType.STRING, "last").string("");
    return rdb;
  }

  private static void listOf(RdbBytes rdb, int version) {
    if (version < 7) {
      rdb.key(RdbType.LIST_ZIPLIST, "small list").string(RdbBytes.ziplist("a", 7L, "b"));
    } else if (version < 10) {
      rdb.key(RdbType.LIST_QUICKLIST, "small list").length(2);
      rdb.string(RdbBytes.ziplist("a")).string(RdbBytes.ziplist(7L, "b"));
    } else {
      rdb.key(RdbType.LIST_QUICKLIST_2, "small list").length(2);
      rdb.length(2).string(RdbBytes.listpack("a", 7L)).length(1).string("b");
    }
  }

  private static void hashOf(RdbBytes rdb, int version) {
    if (version < 6) {
      rdb.key(RdbType.HASH_ZIPMAP, "small hash").string(RdbBytes.zipmap("f", "1", "g", ""));
    } else if (version < 10) {
      rdb.key(RdbType.HASH_ZIPLIST, "small hash").string(RdbBytes.ziplist("f", 1L, "g", ""));
    } else {
      rdb.key(RdbType.HASH_LISTPACK, "small hash").string(RdbBytes.listpack("f", 1L, "g", ""));
    }
  }

  private static void zsetOf(RdbBytes rdb, int version) {
    rdb.key(version < 8 ? RdbType.ZSET : RdbType.ZSET_2, "zset").length(3);
    if (version < 8) {
      rdb.string("a").bytes(18).raw("3.1000000000000001");
      rdb.string("b").bytes(254).string("c").bytes(255);
      return;
    }
    rdb.string("a").longLE(Double.doubleToRawLongBits(3.1));
    rdb.string("b").longLE(Double.doubleToRawLongBits(Double.POSITIVE_INFINITY));
    rdb.string("c").longLE(Double.doubleToRawLongBits(Double.NEGATIVE_INFINITY));
  }

  private static void smallZsetOf(RdbBytes rdb, int version) {
    Object[] members = {"a", -7L, "b", "2.25"};
    if (version < 10) {
      rdb.key(RdbType.ZSET_ZIPLIST, "small zset").string(RdbBytes.ziplist(members));
    } else {
      rdb.key(RdbType.ZSET_LISTPACK, "small zset").string(RdbBytes.listpack(members));
    }
  }

  /** What versions up to 11 add. */
  static RdbBytes setListpack() {
    return RdbBytes.version(11)
        .key(RdbType.SET_LISTPACK, "set listpack")
        .string(RdbBytes.listpack("a", 5L, "c"));
  }

  /** Strings of all lengths' forms and numbers of all widths. */
  static Object[] mixed() {
    Object[] all = new Object[NUMBERS.length + 4];
    System.arraycopy(NUMBERS, 0, all, 0, NUMBERS.length);
    int at = NUMBERS.length;
    all[at++] = "";
    all[at++] = "short";
    all[at++] = "s".repeat(200);
    all[at] = "t".repeat(20_000);
    return all;
  }
}
