package org.chronolith.server.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Random commands that change parts of values: bits, HyperLogLogs, elements within lists, numbers
 * in hashes. A few keys, small and large ones, so that representations change. Replies depend
 * neither on the clock nor on chance. Words are ISO-8859-1.
 */
public final class RandomEdits {
  /** Bits of the large strings: 4 MB. */
  private static final int LARGE_BITS = 32 << 20;

  private final Random random;

  public RandomEdits(Random random) {
    this.random = random;
  }

  /** What makes the large values; to be sent first. */
  public List<List<String>> large() {
    List<List<String>> commands = new ArrayList<>();
    commands.add(List.of("SETRANGE", "B0", "3000000", text(100_000)));
    commands.add(List.of("SETBIT", "B1", "" + (LARGE_BITS - 1), "1"));
    for (int i = 0; i < 24; i++) {
      List<String> push = new ArrayList<>(List.of("RPUSH", "L" + i % 2));
      for (int n = 0; n < 1_000; n++) {
        push.add(element());
      }
      commands.add(push);
    }
    return commands;
  }

  public List<String> next() {
    return switch (random.nextInt(8)) {
      case 0, 1 -> bits();
      case 2 -> bitfield();
      case 3 -> hyperLogLog();
      case 4, 5 -> list();
      case 6 -> move();
      default -> other();
    };
  }

  private List<String> bits() {
    String key = bitmap();
    return switch (random.nextInt(8)) {
      case 0, 1, 2 -> List.of("SETBIT", key, "" + bit(key), "" + random.nextInt(2));
      case 3 -> List.of("GETBIT", key, "" + bit(key));
      case 4 -> range("BITCOUNT", key, null);
      case 5 -> range("BITPOS", key, "" + random.nextInt(2));
      case 6 -> bitop();
      default -> List.of("SETRANGE", key, "" + bit(key) / 8, text(random.nextInt(20)));
    };
  }

  private List<String> range(String command, String key, String bit) {
    List<String> words = new ArrayList<>(List.of(command, key));
    if (bit != null) {
      words.add(bit);
    }
    int kind = random.nextInt(4);
    if (kind > 0) {
      words.add("" + (bit(key) - bit(key)) / (kind == 3 ? 1 : 8));
      words.add("" + (bit(key) - bit(key)) / (kind == 3 ? 1 : 8));
    }
    if (kind > 1) {
      words.add(kind == 3 ? "BIT" : "BYTE");
    }
    return words;
  }

  private List<String> bitop() {
    String operator = List.of("AND", "OR", "XOR", "NOT").get(random.nextInt(4));
    String prefix = random.nextInt(6) == 0 ? "B" : "b";
    List<String> words = new ArrayList<>(List.of("BITOP", operator, prefix + random.nextInt(2)));
    int sources = operator.equals("NOT") ? 1 : 1 + random.nextInt(3);
    for (int i = 0; i < sources; i++) {
      words.add(prefix + random.nextInt(prefix.equals("B") ? 2 : 4));
    }
    return words;
  }

  private List<String> bitfield() {
    String key = bitmap();
    List<String> words = new ArrayList<>(List.of("BITFIELD", key));
    for (int i = random.nextInt(4); i >= 0; i--) {
      int width = 1 + random.nextInt(63);
      String type = (random.nextBoolean() ? "i" : "u") + width;
      String offset = random.nextInt(3) == 0 ? "#" + random.nextInt(20) : "" + bit(key);
      switch (random.nextInt(4)) {
        case 0 -> words.addAll(List.of("GET", type, offset));
        case 1 -> words.addAll(List.of("SET", type, offset, number()));
        case 2 -> words.addAll(List.of("INCRBY", type, offset, number()));
        default ->
            words.addAll(
                List.of("OVERFLOW", List.of("WRAP", "SAT", "FAIL").get(random.nextInt(3))));
      }
    }
    // redis-server does not tell its replicas of a string that only a failed change made longer.
    words.addAll(List.of("OVERFLOW", "WRAP", "SET", "u8", "0", "" + random.nextInt(256)));
    return words;
  }

  private List<String> hyperLogLog() {
    String key = "p" + random.nextInt(5);
    switch (random.nextInt(8)) {
      case 0:
        return List.of("PFCOUNT", key);
      case 1:
        return List.of("PFCOUNT", key, "p" + random.nextInt(5), "p" + random.nextInt(6));
      case 2:
        return random.nextInt(4) == 0
            ? List.of("PFMERGE", key, "p" + random.nextInt(5), "p" + random.nextInt(6))
            : List.of("GET", key);
      case 3:
        return random.nextInt(6) == 0 ? List.of("DEL", key) : List.of("STRLEN", key);
      default:
        List<String> words = new ArrayList<>(List.of("PFADD", key));
        for (int i = random.nextInt(random.nextInt(20) == 0 ? 600 : 8); i > 0; i--) {
          words.add(random.nextInt(3) == 0 ? element() : "e" + random.nextInt(100_000));
        }
        return words;
    }
  }

  private List<String> list() {
    String key = list(10);
    return switch (random.nextInt(9)) {
      case 0 -> List.of("LSET", key, index(key), element());
      case 1, 2 ->
          List.of("LINSERT", key, random.nextBoolean() ? "BEFORE" : "AFTER", element(), element());
      case 3 -> List.of("LREM", key, "" + (random.nextInt(7) - 3), element());
      case 4 -> trim(key);
      case 5 -> List.of("LPOS", key, element());
      case 6 ->
          List.of(
              "LPOS",
              key,
              element(),
              "RANK",
              random.nextBoolean() ? "2" : "-1",
              "COUNT",
              "" + random.nextInt(4),
              "MAXLEN",
              "" + random.nextInt(3000));
      case 7 -> List.of("LRANGE", key, index(key), index(key));
      default -> push(key);
    };
  }

  private List<String> trim(String key) {
    if (key.startsWith("L")) {
      return List.of("LTRIM", key, "" + random.nextInt(3), "" + -(1 + random.nextInt(3)));
    }
    return random.nextInt(8) == 0
        ? List.of("LTRIM", key, index(key), index(key))
        : List.of("LTRIM", key, "" + random.nextInt(2), "-1");
  }

  private List<String> push(String key) {
    List<String> words = new ArrayList<>(List.of(random.nextBoolean() ? "RPUSH" : "LPUSH", key));
    for (int i = random.nextInt(12); i >= 0; i--) {
      words.add(element());
    }
    return words;
  }

  private List<String> move() {
    return switch (random.nextInt(4)) {
      case 0 -> List.of("RPOPLPUSH", list(4), list(4));
      case 1, 2 -> List.of("LMOVE", list(4), list(4), side(), side());
      default ->
          List.of("LMPOP", "2", list(8), list(8), side(), "COUNT", "" + (1 + random.nextInt(4)));
    };
  }

  private List<String> other() {
    return switch (random.nextInt(7)) {
      case 0, 1 ->
          List.of("HINCRBYFLOAT", "h" + random.nextInt(2), "f" + random.nextInt(9), real());
      case 2 -> List.of("INCRBYFLOAT", "n" + random.nextInt(2), real());
      case 3 -> List.of("HGET", "h" + random.nextInt(2), "f" + random.nextInt(9));
      case 4 -> List.of("SET", "t" + random.nextInt(2), word());
      case 5 -> List.of("LCS", "t0", "t1");
      default -> List.of("LCS", "t0", "t1", "IDX", "WITHMATCHLEN", "MINMATCHLEN", "2");
    };
  }

  private String bitmap() {
    return random.nextInt(6) == 0 ? "B" + random.nextInt(2) : "b" + random.nextInt(4);
  }

  private int bit(String key) {
    if (key.startsWith("B")) {
      return random.nextInt(LARGE_BITS);
    }
    return random.nextInt(random.nextInt(50) == 0 ? 200_000 : 900);
  }

  private String list(int large) {
    return random.nextInt(large) == 0 ? "L" + random.nextInt(2) : "l" + random.nextInt(4);
  }

  private String side() {
    return random.nextBoolean() ? "LEFT" : "RIGHT";
  }

  private String index(String key) {
    int most = key.startsWith("L") ? 12_000 : 30;
    return "" + (random.nextInt(2 * most) - most);
  }

  private String element() {
    return switch (random.nextInt(60)) {
      case 0 -> "x".repeat(random.nextInt(400)) + random.nextInt(5);
      case 1 -> "";
      case 2 -> random.nextInt(30) == 0 ? text(20_000) : "" + random.nextInt(1000);
      default -> "e" + random.nextInt(60);
    };
  }

  private String number() {
    return switch (random.nextInt(4)) {
      case 0 -> "" + random.nextLong();
      case 1 -> "" + (random.nextInt(100) - 50);
      default -> "" + (random.nextLong() >> random.nextInt(64));
    };
  }

  private String real() {
    return switch (random.nextInt(5)) {
      case 0 -> "" + random.nextInt(1000);
      case 1 -> random.nextInt(100) + "e" + random.nextInt(25);
      case 2 -> "-" + random.nextInt(100) + "e" + random.nextInt(25);
      case 3 -> "-0." + random.nextInt(1_000_000);
      default -> "" + random.nextGaussian();
    };
  }

  private String word() {
    StringBuilder word = new StringBuilder();
    for (int i = random.nextInt(40); i >= 0; i--) {
      word.append((char) ('a' + random.nextInt(4)));
    }
    return word.toString();
  }

  private String text(int length) {
    StringBuilder text = new StringBuilder(length);
    for (int i = 0; i < length; i++) {
      text.append((char) random.nextInt(256));
    }
    return text.toString();
  }
}
