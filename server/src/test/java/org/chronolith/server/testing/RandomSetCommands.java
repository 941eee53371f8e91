package org.chronolith.server.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Seeded random commands on sets and sorted sets, with all their options, some of them wrong. Keys
 * {@code s…} hold sets, {@code z…} sorted sets, {@code l…} sorted sets with equal scores, {@code
 * d…} results; one is a string, and one is now a set and now a sorted set.
 */
public final class RandomSetCommands {
  private static final String STRING = "string";

  /** A key that is absent, or a set, or a sorted set, as it comes. */
  private static final String EITHER = "either";

  private final Random random;
  private final int keys;
  private final int members;
  private boolean faultless;

  /**
   * @param keys of each kind
   * @param members different ones
   */
  public RandomSetCommands(long seed, int keys, int members) {
    this.random = new Random(seed);
    this.keys = keys;
    this.members = members;
  }

  /** From now on no command answers with an error. */
  public RandomSetCommands faultless() {
    faultless = true;
    return this;
  }

  /** Commands that fill the first key of each kind with so many members. */
  public List<String[]> fill(int size) {
    List<String[]> all = new ArrayList<>();
    all.add(new String[] {"SET", STRING, "value"});
    for (int from = 0; from < size; from += 500) {
      List<String> set = new ArrayList<>(List.of("SADD", "s0"));
      List<String> numbers = new ArrayList<>(List.of("SADD", "s1"));
      List<String> zset = new ArrayList<>(List.of("ZADD", "z0"));
      List<String> other = new ArrayList<>(List.of("ZADD", "z1"));
      List<String> lex = new ArrayList<>(List.of("ZADD", "l0"));
      for (int i = from; i < Math.min(size, from + 500); i++) {
        set.add("w" + i);
        numbers.add(Integer.toString(i));
        zset.addAll(List.of(score(), "w" + i));
        other.addAll(List.of(score(), "w" + i * 2));
        lex.addAll(List.of("0", "w" + i));
      }
      Stream.of(set, numbers, zset, other, lex)
          .forEach(words -> all.add(words.toArray(String[]::new)));
    }
    return all;
  }

  /** A command that may write. */
  public String[] write() {
    return switch (random.nextInt(26)) {
      case 0, 1, 2 -> words("SADD", set(), member(), member(), number());
      case 3 -> words("SREM", set(), member(), member());
      case 4, 5, 6 -> words("ZADD", key("z"), score(), member(), score(), member());
      case 7, 8 -> words("ZADD", lex(), "0", member(), "0", member());
      case 9 -> words("ZREM", zset(), member(), member());
      case 10, 11 -> words("SMOVE", set(), set(), member());
      case 12 -> many("SINTERSTORE", target("s"), 1 + random.nextInt(3), "s");
      case 13 -> many("SUNIONSTORE", target("s"), 1 + random.nextInt(3), "s");
      case 14 -> many("SDIFFSTORE", target("s"), 1 + random.nextInt(3), "s");
      case 15 -> words("ZREMRANGEBYRANK", zset(), rank(), rank());
      case 16 -> words("ZREMRANGEBYSCORE", zset(), bound(), bound());
      case 17 -> words("ZREMRANGEBYLEX", lex(), lexBound(), lexBound());
      case 18 -> rangeStore();
      case 19 -> counted("ZUNIONSTORE", target("z"), true);
      case 20 -> counted("ZINTERSTORE", target("z"), true);
      case 21 -> counted("ZDIFFSTORE", target("z"), false);
      case 22 -> pop();
      case 23 -> words(random.nextBoolean() ? "ZPOPMIN" : "ZPOPMAX", zset(), count());
      case 24 -> words("EXPIRE", random.nextBoolean() ? set() : zset(), "100000");
      default -> rare();
    };
  }

  /** What makes collections small again, and keys absent. */
  private String[] rare() {
    return switch (random.nextInt(faultless ? 4 : 6)) {
      case 0 -> words("DEL", random.nextBoolean() ? set() : zset());
      case 1 -> words("ZREMRANGEBYRANK", zset(), "0", "-" + (1 + random.nextInt(200)));
      case 2 -> words("ZADD", key("z"), score(), member() + "x".repeat(random.nextInt(200)));
      case 3 -> words("SADD", set(), member() + "x".repeat(random.nextInt(200)));
      case 4 -> words("RENAME", target("s"), set());
      default -> words("COPY", zset(), target("z"), "REPLACE");
    };
  }

  /** A command that only reads. */
  public String[] read() {
    return switch (random.nextInt(22)) {
      case 0 -> many("SINTER", null, 1 + random.nextInt(3), "s");
      case 1 -> many("SUNION", null, 1 + random.nextInt(3), "s");
      case 2 -> many("SDIFF", null, 1 + random.nextInt(3), "s");
      case 3 -> card("SINTERCARD", "s");
      case 4 -> card("ZINTERCARD", "z");
      case 5 -> counted("ZUNION", null, true);
      case 6 -> counted("ZINTER", null, true);
      case 7 -> counted("ZDIFF", null, false);
      case 8 -> words("ZCOUNT", zset(), bound(), bound());
      case 9 -> words("ZLEXCOUNT", lex(), lexBound(), lexBound());
      case 10 -> range(words("ZRANGEBYSCORE", zset(), bound(), bound()), true, true);
      case 11 -> range(words("ZREVRANGEBYSCORE", zset(), bound(), bound()), true, true);
      case 12 -> range(words("ZRANGEBYLEX", lex(), lexBound(), lexBound()), true, false);
      case 13 -> range(words("ZREVRANGEBYLEX", lex(), lexBound(), lexBound()), true, false);
      case 14 -> range(words("ZRANGE", zset(), bound(), bound(), "BYSCORE"), true, true);
      case 15 -> range(words("ZRANGE", zset(), bound(), bound(), "byscore", "rev"), true, true);
      case 16 -> range(words("ZRANGE", lex(), lexBound(), lexBound(), "BYLEX"), true, false);
      case 17 -> range(words("ZRANGE", lex(), lexBound(), lexBound(), "REV", "BYLEX"), true, false);
      case 18 -> range(words("ZRANGE", zset(), rank(), rank()), false, true);
      case 19 -> range(words("ZRANGE", zset(), rank(), rank(), "REV"), false, true);
      case 20 -> range(words("ZREVRANGE", zset(), rank(), rank()), false, true);
      default -> words("ZRANGE", zset(), "0", "-1", "WITHSCORES");
    };
  }

  private String[] rangeStore() {
    return switch (random.nextInt(5)) {
      case 0 -> words("ZRANGESTORE", target("z"), zset(), rank(), rank());
      case 1 -> words("ZRANGESTORE", target("z"), zset(), rank(), rank(), "REV");
      case 2 -> range(words("ZRANGESTORE", target("z"), zset(), bound(), bound(), "BYSCORE"), true);
      case 3 ->
          range(words("ZRANGESTORE", target("l"), lex(), lexBound(), lexBound(), "BYLEX"), true);
      default ->
          range(
              words("ZRANGESTORE", target("z"), zset(), bound(), bound(), "BYSCORE", "REV"), true);
    };
  }

  private String[] range(String[] words, boolean limited) {
    return range(words, limited, false);
  }

  private String[] range(String[] words, boolean limited, boolean scored) {
    List<String> all = new ArrayList<>(List.of(words));
    if (limited && random.nextInt(2) == 0) {
      int offset = random.nextInt(12) - 1;
      int limit = random.nextInt(20) - 2;
      all.addAll(List.of("LIMIT", Integer.toString(offset), Integer.toString(limit)));
    }
    if (scored && random.nextBoolean()) {
      all.add("WITHSCORES");
    }
    return all.toArray(String[]::new);
  }

  private String[] many(String command, String target, int sources, String kind) {
    List<String> all = new ArrayList<>(List.of(command));
    if (target != null) {
      all.add(target);
    }
    for (int i = 0; i < sources; i++) {
      all.add(key(kind));
    }
    return all.toArray(String[]::new);
  }

  private String[] card(String command, String kind) {
    int sources = 1 + random.nextInt(3);
    List<String> all = new ArrayList<>(List.of(command, Integer.toString(sources)));
    for (int i = 0; i < sources; i++) {
      all.add(kind.equals("z") ? eitherKind() : key(kind));
    }
    if (random.nextBoolean()) {
      all.addAll(List.of("LIMIT", Integer.toString(random.nextInt(20))));
    }
    return all.toArray(String[]::new);
  }

  private String[] counted(String command, String target, boolean weighted) {
    int sources = 1 + random.nextInt(3);
    List<String> all = new ArrayList<>(List.of(command));
    if (target != null) {
      all.add(target);
    }
    all.add(Integer.toString(sources));
    for (int i = 0; i < sources; i++) {
      all.add(eitherKind());
    }
    if (weighted && random.nextBoolean()) {
      all.add("WEIGHTS");
      for (int i = 0; i < sources; i++) {
        all.add(score());
      }
    }
    if (weighted && random.nextBoolean()) {
      all.addAll(List.of("AGGREGATE", List.of("SUM", "min", "MAX").get(random.nextInt(3))));
    }
    if (target == null && random.nextBoolean()) {
      all.add("WITHSCORES");
    }
    return all.toArray(String[]::new);
  }

  private String[] pop() {
    int sources = 1 + random.nextInt(3);
    List<String> all = new ArrayList<>(List.of("ZMPOP", Integer.toString(sources)));
    for (int i = 0; i < sources; i++) {
      all.add(zset());
    }
    all.add(random.nextBoolean() ? "MIN" : "max");
    if (random.nextBoolean()) {
      all.addAll(List.of("COUNT", count()));
    }
    return all.toArray(String[]::new);
  }

  private static String[] words(String... words) {
    return words;
  }

  private String key(String kind) {
    int other = faultless ? -1 : random.nextInt(150);
    return other == 0 ? STRING : other == 1 ? EITHER : kind + random.nextInt(keys);
  }

  private String set() {
    return key("s");
  }

  /** For what adds no scores: perhaps one whose scores are equal and have to stay so. */
  private String zset() {
    return random.nextInt(8) == 0 ? lex() : key("z");
  }

  /** A key whose scores are all 0: its ranges by bytes mean something. */
  private String lex() {
    return "l" + random.nextInt(keys);
  }

  private String eitherKind() {
    return random.nextInt(4) == 0 ? set() : zset();
  }

  /** Where a result goes: over a source, or beside them. */
  private String target(String kind) {
    return random.nextBoolean() ? kind + random.nextInt(keys) : "d" + kind + random.nextInt(2);
  }

  private String member() {
    return "w" + random.nextInt(members);
  }

  private String number() {
    return Integer.toString(random.nextInt(members));
  }

  private String count() {
    return Integer.toString(1 + random.nextInt(5));
  }

  private String rank() {
    return Integer.toString(random.nextInt(members) - members / 2);
  }

  private String score() {
    return switch (random.nextInt(16)) {
      case 0 -> "inf";
      case 1 -> "-inf";
      case 2 -> "-0.0";
      case 3 -> "0";
      case 4 -> Double.toString(random.nextGaussian());
      case 5 -> "1e300";
      default -> Integer.toString(random.nextInt(21) - 10);
    };
  }

  private String bound() {
    return (random.nextInt(4) == 0 ? "(" : "") + score();
  }

  private String lexBound() {
    return switch (random.nextInt(8)) {
      case 0 -> "-";
      case 1 -> "+";
      default -> (random.nextBoolean() ? "[" : "(") + member();
    };
  }
}
