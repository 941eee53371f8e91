package org.chronolith.server.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Commands with random keys and arguments whose replies do not depend on the clock or on chance.
 */
final class RandomCommands {
  private final Random random;

  RandomCommands(Random random) {
    this.random = random;
  }

  boolean isUnordered(List<String> command) {
    return ReplyComparisonIT.UNORDERED.contains(command.get(0));
  }

  List<String> next() {
    return switch (random.nextInt(10)) {
      case 0, 1 -> string();
      case 2, 3 -> list();
      case 4, 5 -> hash();
      case 6 -> set();
      case 7, 8 -> sortedSet();
      default -> key();
    };
  }

  private List<String> string() {
    return switch (random.nextInt(10)) {
      case 0 -> List.of("SET", name(), value());
      case 1 -> List.of("GET", name());
      case 2 -> List.of("APPEND", name(), value());
      case 3 -> List.of("INCRBY", name(), "" + (random.nextInt(100) - 50));
      case 4 -> List.of("SETRANGE", name(), "" + random.nextInt(50), value());
      case 5 -> List.of("GETRANGE", name(), index(), index());
      case 6 -> List.of("MSET", name(), value(), name(), value());
      case 7 -> List.of("MGET", name(), name(), name());
      case 8 -> List.of("SET", name(), value(), random.nextBoolean() ? "NX" : "XX", "GET");
      default -> List.of("STRLEN", name());
    };
  }

  private List<String> list() {
    return switch (random.nextInt(7)) {
      case 0 -> many("RPUSH", "l");
      case 1 -> many("LPUSH", "l");
      case 2 -> List.of("LPOP", key("l"), "" + random.nextInt(5));
      case 3 -> List.of("RPOP", key("l"));
      case 4 -> List.of("LRANGE", key("l"), index(), index());
      case 5 -> List.of("LINDEX", key("l"), index());
      default -> List.of("LLEN", key("l"));
    };
  }

  private List<String> hash() {
    return switch (random.nextInt(8)) {
      case 0, 1 -> List.of("HSET", key("h"), member(), value(), member(), value());
      case 2 -> List.of("HGET", key("h"), member());
      case 3 -> List.of("HDEL", key("h"), member(), member());
      case 4 -> List.of("HGETALL", key("h"));
      case 5 -> List.of("HINCRBY", key("h"), member(), "" + random.nextInt(9));
      case 6 -> List.of("HMGET", key("h"), member(), member());
      default -> List.of("HLEN", key("h"));
    };
  }

  private List<String> set() {
    return switch (random.nextInt(6)) {
      case 0, 1 -> many("SADD", "s");
      case 2 -> List.of("SREM", key("s"), member(), member());
      case 3 -> List.of("SISMEMBER", key("s"), member());
      case 4 -> List.of("SMEMBERS", key("s"));
      default -> List.of("SCARD", key("s"));
    };
  }

  private List<String> sortedSet() {
    return switch (random.nextInt(8)) {
      case 0, 1 -> List.of("ZADD", key("z"), score(), member(), score(), member());
      case 2 -> List.of("ZADD", key("z"), option(), "CH", score(), member());
      case 3 -> List.of("ZRANGE", key("z"), index(), index(), "WITHSCORES");
      case 4 -> List.of("ZREM", key("z"), member(), member());
      case 5 -> List.of("ZINCRBY", key("z"), score(), member());
      case 6 -> List.of("ZRANK", key("z"), member());
      default -> List.of("ZSCORE", key("z"), member());
    };
  }

  private List<String> key() {
    return switch (random.nextInt(12)) {
      case 0 -> List.of("DEL", any(), any());
      case 1 -> List.of("EXISTS", any(), any());
      case 2 -> List.of("TYPE", any());
      case 3 -> List.of("RENAME", any(), any());
      case 4 -> List.of("COPY", any(), any(), "REPLACE");
      case 5 -> List.of("EXPIREAT", any(), "" + (4_000_000_000L + random.nextInt(1000)));
      case 6 -> List.of("PERSIST", any());
      case 7 -> List.of("EXPIRETIME", any());
      case 8 -> List.of("DBSIZE");
      case 9 -> List.of("MOVE", any(), "1");
      case 10 -> List.of("SWAPDB", "0", "1");
      default -> List.of("KEYS", "*" + random.nextInt(4));
    };
  }

  private List<String> many(String command, String prefix) {
    List<String> words = new ArrayList<>(List.of(command, key(prefix)));
    for (int i = random.nextInt(30); i >= 0; i--) {
      words.add(member());
    }
    return words;
  }

  private String name() {
    return random.nextInt(40) == 0 ? any() : key("k");
  }

  private String key(String prefix) {
    return random.nextInt(100) == 0 ? any() : prefix + random.nextInt(4);
  }

  private String any() {
    return "klhsz".charAt(random.nextInt(5)) + "" + random.nextInt(4);
  }

  private String member() {
    return switch (random.nextInt(20)) {
      case 0 -> "x".repeat(random.nextInt(200)) + random.nextInt(1000);
      case 1, 2, 3 -> "" + random.nextInt(2000);
      default -> "m" + random.nextInt(400);
    };
  }

  private String value() {
    return switch (random.nextInt(20)) {
      case 0 -> "y".repeat(random.nextInt(30_000));
      case 1, 2, 3, 4, 5 -> "" + random.nextInt(100_000);
      case 6 -> "";
      default -> "v".repeat(random.nextInt(120)) + random.nextInt(100);
    };
  }

  private String score() {
    return switch (random.nextInt(10)) {
      case 0 -> "inf";
      case 1 -> "-inf";
      case 2 -> "" + random.nextInt(10) / 4.0;
      case 3 -> "" + random.nextDouble();
      default -> "" + random.nextInt(50);
    };
  }

  private String option() {
    return List.of("NX", "XX", "GT", "LT").get(random.nextInt(4));
  }

  private String index() {
    return "" + (random.nextInt(60) - 30);
  }
}
