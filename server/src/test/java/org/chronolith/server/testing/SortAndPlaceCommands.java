package org.chronolith.server.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Random commands that sort, that search places and that write what those work on. Their replies
 * depend on neither the clock nor chance, nor on how a server orders what has no order. Distances
 * are not stored: their last bits are the C library's and the processor's.
 */
public final class SortAndPlaceCommands {
  private static final List<String> UNITS = List.of("m", "km", "ft", "mi");

  private final Random random;

  public SortAndPlaceCommands(Random random) {
    this.random = random;
  }

  /** The next command. */
  public List<String> next() {
    return switch (random.nextInt(16)) {
      case 0, 1, 2 -> addPlaces();
      case 3, 4 -> search();
      case 5 -> searchAndStore();
      case 6 -> radius();
      case 7 -> place();
      case 8, 9 -> sort();
      case 10 -> sortAndStore();
      case 11 -> weight();
      case 12, 13 -> collection();
      default -> key();
    };
  }

  /** A key that may be there, for {@code DUMP}. */
  public String any() {
    return switch (random.nextInt(8)) {
      case 0 -> "w_" + number();
      case 1 -> "h_" + number();
      default -> key(List.of("g", "l", "s", "z", "d").get(random.nextInt(5)));
    };
  }

  private List<String> addPlaces() {
    List<String> words = new ArrayList<>(List.of("GEOADD", key("g")));
    switch (random.nextInt(6)) {
      case 0 -> words.add("NX");
      case 1 -> words.addAll(List.of("XX", "CH"));
      case 2 -> words.add("CH");
      default -> {}
    }
    for (int i = random.nextInt(random.nextInt(10) == 0 ? 150 : 5); i >= 0; i--) {
      words.addAll(coordinates());
      words.add(member());
    }
    return words;
  }

  private List<String> coordinates() {
    double longitude = random.nextDouble() * 360 - 180;
    double latitude = random.nextDouble() * 170 - 85;
    return switch (random.nextInt(10)) {
      case 0 -> List.of("180", Double.toString(latitude));
      case 1 -> List.of(Double.toString(longitude), "-85.05112878");
      case 2, 3, 4 ->
          List.of(
              Double.toString(13 + random.nextGaussian()),
              Double.toString(38 + random.nextGaussian()));
      case 5 -> List.of("2." + random.nextInt(1_000_000), "48." + random.nextInt(1_000_000));
      default -> List.of(Double.toString(longitude), Double.toString(latitude));
    };
  }

  private List<String> search() {
    List<String> words = new ArrayList<>(List.of("GEOSEARCH", key("g")));
    shape(words);
    limits(words);
    if (random.nextBoolean()) {
      words.add("WITHDIST");
    }
    if (random.nextInt(3) == 0) {
      words.addAll(List.of("WITHCOORD", "WITHHASH"));
    }
    return words;
  }

  private List<String> searchAndStore() {
    List<String> words = new ArrayList<>(List.of("GEOSEARCHSTORE", target(), key("g")));
    shape(words);
    limits(words);
    return words;
  }

  private void shape(List<String> words) {
    if (random.nextBoolean()) {
      words.addAll(List.of("FROMMEMBER", member()));
    } else {
      words.add("FROMLONLAT");
      words.addAll(coordinates());
    }
    if (random.nextBoolean()) {
      words.addAll(List.of("BYRADIUS", length(), unit()));
    } else {
      words.addAll(List.of("BYBOX", length(), length(), unit()));
    }
  }

  private void limits(List<String> words) {
    switch (random.nextInt(5)) {
      case 0 -> words.addAll(List.of("COUNT", "" + (1 + random.nextInt(20))));
      case 1 -> words.addAll(List.of("COUNT", "" + (1 + random.nextInt(20)), "ANY"));
      case 2 -> words.add("ASC");
      case 3 -> words.add("DESC");
      default -> {}
    }
  }

  private List<String> radius() {
    List<String> words = new ArrayList<>();
    if (random.nextBoolean()) {
      words.addAll(List.of("GEORADIUS", key("g")));
      words.addAll(coordinates());
    } else {
      words.addAll(List.of("GEORADIUSBYMEMBER", key("g"), member()));
    }
    words.addAll(List.of(length(), unit()));
    words.addAll(random.nextBoolean() ? List.of("STORE", target()) : List.of("WITHDIST"));
    limits(words);
    return words;
  }

  private List<String> place() {
    return switch (random.nextInt(3)) {
      case 0 -> List.of("GEODIST", key("g"), member(), member(), unit());
      case 1 -> List.of("GEOPOS", key("g"), member(), member());
      default -> List.of("GEOHASH", key("g"), member(), member());
    };
  }

  private List<String> sort() {
    List<String> words = new ArrayList<>(List.of(random.nextBoolean() ? "SORT" : "SORT_RO"));
    order(words);
    return words;
  }

  private List<String> sortAndStore() {
    List<String> words = new ArrayList<>(List.of("SORT"));
    order(words);
    words.addAll(List.of("STORE", target()));
    return words;
  }

  /** No texts of other keys: where two are equal, the order is anybody's. */
  private void order(List<String> words) {
    String type = List.of("l", "s", "z").get(random.nextInt(3));
    words.add(key(type));
    switch (random.nextInt(6)) {
      case 0 -> words.addAll(List.of("BY", "w_*"));
      case 1, 2 -> words.addAll(List.of("BY", "h_*->f"));
      case 3 -> words.addAll(List.of("BY", type.equals("s") ? "w_*" : "constant"));
      case 4 -> words.add("ALPHA");
      default -> {}
    }
    if (random.nextInt(3) == 0) {
      words.addAll(List.of("LIMIT", "" + (random.nextInt(12) - 2), "" + (random.nextInt(12) - 2)));
    }
    if (random.nextBoolean()) {
      words.add(random.nextBoolean() ? "DESC" : "ASC");
    }
    for (int i = random.nextInt(4) - 1; i > 0; i--) {
      words.addAll(List.of("GET", List.of("#", "w_*", "h_*->f", "none_*").get(random.nextInt(4))));
    }
  }

  private List<String> weight() {
    return random.nextBoolean()
        ? List.of("SET", "w_" + number(), "" + random.nextInt(50))
        : List.of("HSET", "h_" + number(), "f", "" + random.nextInt(50));
  }

  private List<String> collection() {
    List<String> words = new ArrayList<>();
    switch (random.nextInt(4)) {
      case 0 -> words.addAll(List.of("RPUSH", key("l")));
      case 1 -> words.addAll(List.of("LPOP", key("l"), "" + random.nextInt(20)));
      case 2 -> words.addAll(List.of("SADD", key("s")));
      default -> words.addAll(List.of("ZADD", key("z"), "" + random.nextInt(9), number()));
    }
    if (words.get(0).equals("RPUSH") || words.get(0).equals("SADD")) {
      for (int i = random.nextInt(random.nextInt(10) == 0 ? 200 : 8); i >= 0; i--) {
        words.add(number());
      }
    }
    return words;
  }

  private List<String> key() {
    return switch (random.nextInt(5)) {
      case 0 -> List.of("DEL", any());
      case 1 -> List.of("RPUSH", key("l"), "no number");
      case 2 -> List.of("EXPIREAT", any(), "" + (4_000_000_000L + random.nextInt(1000)));
      case 3 -> List.of("ZADD", key("g"), "" + random.nextInt(), member());
      default -> List.of("RENAME", any(), key("d"));
    };
  }

  /** A key that may be given places, or a list. */
  private String target() {
    return key(random.nextInt(10) == 0 ? "g" : "d");
  }

  /**
   * A key that may be given the value of any other. It is no place to search in: the members of a
   * sorted set with small scores all lie at the same place, and have no order there.
   */
  public String targetOfAny() {
    return key("d");
  }

  /** The first letter is the type, but for what is stored. */
  private String key(String prefix) {
    return prefix + random.nextInt(3);
  }

  private String member() {
    return "m" + random.nextInt(300);
  }

  private String number() {
    return random.nextInt(6) == 0 ? "" + random.nextInt(40) / 4.0 : "" + random.nextInt(60);
  }

  private String length() {
    return switch (random.nextInt(6)) {
      case 0 -> "0";
      case 1 -> "" + random.nextDouble();
      case 2 -> "1e" + random.nextInt(8);
      default -> "" + random.nextInt(5_000);
    };
  }

  private String unit() {
    return UNITS.get(random.nextInt(4));
  }
}
