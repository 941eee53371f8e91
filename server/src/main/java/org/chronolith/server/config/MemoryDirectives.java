package org.chronolith.server.config;

import java.util.List;

/** Directives about memory and the representation of collections. */
public final class MemoryDirectives {

  public static final Directive<Long> MAXMEMORY =
      new Directive<>("maxmemory", ValueTypes.memory(0, Long.MAX_VALUE), 0L)
          .doc("Bytes of data above which writes that need memory are refused; 0 for no limit.");

  public static final Directive<String> MAXMEMORY_POLICY =
      new Directive<>(
              "maxmemory-policy",
              ValueTypes.oneOf(
                  "volatile-lru",
                  "volatile-lfu",
                  "volatile-random",
                  "volatile-ttl",
                  "allkeys-lru",
                  "allkeys-lfu",
                  "allkeys-random",
                  "noeviction"),
              "noeviction")
          .refuseIf(
              policy ->
                  policy.equals("noeviction")
                      ? null
                      : "only noeviction is supported: this version does not evict keys")
          .doc("Only `noeviction`.");

  public static final Directive<Integer> LIST_MAX_LISTPACK_SIZE =
      new Directive<>(
              "list-max-listpack-size",
              ValueTypes.integer(Integer.MIN_VALUE, Integer.MAX_VALUE),
              -2)
          .alias("list-max-ziplist-size")
          .immutable()
          .warnIf(
              size ->
                  size >= -5 && size < 0
                      ? null
                      : "blocks of lists are measured in bytes: -2 (8 kb) is used")
          .doc("Block of a list: -1 to -5 for 4, 8, 16, 32, 64 kb.");

  public static final Directive<Long> HLL_SPARSE_MAX_BYTES =
      new Directive<>("hll-sparse-max-bytes", ValueTypes.memory(0, Long.MAX_VALUE), 3000L)
          .doc("Bytes beyond which a HyperLogLog becomes dense; replicas need the same.");

  public static final Directive<Long> HASH_MAX_LISTPACK_ENTRIES =
      new Directive<>("hash-max-listpack-entries", ValueTypes.number(0, Long.MAX_VALUE), 512L)
          .alias("hash-max-ziplist-entries")
          .immutable()
          .doc("Fields of the largest compact hash.");

  public static final Directive<Long> HASH_MAX_LISTPACK_VALUE =
      new Directive<>("hash-max-listpack-value", ValueTypes.memory(0, Long.MAX_VALUE), 64L)
          .alias("hash-max-ziplist-value")
          .immutable()
          .doc("Longest field or value of a compact hash.");

  public static final Directive<Long> SET_MAX_LISTPACK_ENTRIES =
      new Directive<>("set-max-listpack-entries", ValueTypes.number(0, Long.MAX_VALUE), 128L)
          .ours()
          .immutable()
          .doc("Members of the largest compact set. (Redis has it from 7.2 on.)");

  public static final Directive<Long> SET_MAX_LISTPACK_VALUE =
      new Directive<>("set-max-listpack-value", ValueTypes.memory(0, Long.MAX_VALUE), 64L)
          .ours()
          .immutable()
          .doc("Longest member of a compact set. (Redis has it from 7.2 on.)");

  public static final Directive<Long> ZSET_MAX_LISTPACK_ENTRIES =
      new Directive<>("zset-max-listpack-entries", ValueTypes.number(0, Long.MAX_VALUE), 128L)
          .alias("zset-max-ziplist-entries")
          .immutable()
          .doc("Members of the largest compact sorted set.");

  public static final Directive<Long> ZSET_MAX_LISTPACK_VALUE =
      new Directive<>("zset-max-listpack-value", ValueTypes.memory(0, Long.MAX_VALUE), 64L)
          .alias("zset-max-ziplist-value")
          .immutable()
          .doc("Longest member of a compact sorted set.");

  private MemoryDirectives() {}

  static List<Directive<?>> all() {
    return List.of(
        MAXMEMORY,
        MAXMEMORY_POLICY,
        LIST_MAX_LISTPACK_SIZE,
        HLL_SPARSE_MAX_BYTES,
        HASH_MAX_LISTPACK_ENTRIES,
        HASH_MAX_LISTPACK_VALUE,
        SET_MAX_LISTPACK_ENTRIES,
        SET_MAX_LISTPACK_VALUE,
        ZSET_MAX_LISTPACK_ENTRIES,
        ZSET_MAX_LISTPACK_VALUE);
  }
}
