package org.chronolith.engine.keyspace;

/** The numbers of the value types: redis-server's, which {@code DEBUG DIGEST} mixes in. */
public final class ValueType {
  public static final int STRING = 0;
  public static final int LIST = 1;
  public static final int SET = 2;
  public static final int ZSET = 3;
  public static final int HASH = 4;

  /** How many types an entry can tell apart. */
  public static final int LIMIT = 8;

  private static final String[] NAMES = {"string", "list", "set", "zset", "hash"};

  private ValueType() {}

  /** As {@code TYPE} replies. */
  public static String name(int type) {
    return NAMES[type];
  }
}
