package org.chronolith.engine.types.zset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.ExpiryMode;
import org.chronolith.engine.keyspace.Keyspace;
import org.chronolith.engine.keyspace.KeyspaceConfig;
import org.chronolith.engine.memory.SlabSource;
import org.chronolith.engine.types.CollectionLimits;
import org.chronolith.engine.types.CollectionTypes;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LexRangeTest {
  private final Keyspace keyspace =
      new Keyspace(KeyspaceConfig.of(1, 1L << 30, 5), SlabSource.inline());
  private final CollectionTypes collections =
      new CollectionTypes(keyspace, CollectionLimits.DEFAULTS);

  @AfterEach
  void close() {
    keyspace.validate();
    keyspace.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a", "++", "-a", "1", " -", "+inf"})
  void shouldRefuseWhatIsNoBound(String word) {
    assertNull(LexRange.parse(slice(word), slice("+")));
    assertNull(LexRange.parse(slice("-"), slice(word)));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 100, 3_000})
  void shouldFindRanksWhereScoresAreEqual(int members) {
    keyspace.begin(1, ExpiryMode.DELETE);
    ZsetValue zset = collections.newZset();
    TreeSet<String> model = new TreeSet<>();
    Random random = new Random(members);
    while (model.size() < members) {
      String member = word(random);
      model.add(member);
      zset.set(slice(member), 7);
    }
    for (int i = 0; i < 2_000; i++) {
      check(zset, model, bound(random), bound(random));
    }
    zset.discard(keyspace);
  }

  private static void check(ZsetValue zset, TreeSet<String> model, String min, String max) {
    LexRange range = LexRange.parse(slice(min), slice(max));
    long first = zset.rankOfFirst(range);
    long count = zset.rankBehind(range, first) - first;
    long expected = model.stream().filter(m -> isAtLeast(m, min) && isAtMost(m, max)).count();
    assertEquals(expected, count, min + " " + max);
    if (count > 0) {
      assertEquals(model.stream().filter(m -> !isAtLeast(m, min)).count(), first, min);
    }
  }

  private static boolean isAtLeast(String member, String min) {
    int compared = member.compareTo(min.substring(1));
    return switch (min.charAt(0)) {
      case '-' -> true;
      case '+' -> false;
      case '(' -> compared > 0;
      default -> compared >= 0;
    };
  }

  private static boolean isAtMost(String member, String max) {
    int compared = member.compareTo(max.substring(1));
    return switch (max.charAt(0)) {
      case '-' -> false;
      case '+' -> true;
      case '(' -> compared < 0;
      default -> compared <= 0;
    };
  }

  /**
   * Which members it finds then is nobody's promise, but it must not depend on the tree's shape.
   */
  @Test
  void shouldNotDependOnHowAnOrderCameToBeWhereScoresDiffer() {
    keyspace.begin(1, ExpiryMode.DELETE);
    Random random = new Random(3);
    TreeMap<String, Double> scores = new TreeMap<>();
    while (scores.size() < 2_000) {
      scores.put(word(random), (double) random.nextInt(5));
    }
    ZsetValue ascending = collections.newZset();
    scores.forEach((member, score) -> ascending.set(slice(member), score));
    ZsetValue descending = collections.zsets();
    descending.find(keyspace.database(0), slice("key"));
    for (int i = 0; i < 2_000; i++) {
      descending.set(slice("gone" + i), i % 7);
    }
    scores.descendingMap().forEach((member, score) -> descending.set(slice(member), score));
    for (int i = 0; i < 2_000; i++) {
      descending.remove(slice("gone" + i));
    }
    descending.store();
    for (int i = 0; i < 500; i++) {
      LexRange range = LexRange.parse(slice(bound(random)), slice(bound(random)));
      long first = ascending.rankOfFirst(range);
      assertEquals(first, descending.rankOfFirst(range));
      assertEquals(ascending.rankBehind(range, first), descending.rankBehind(range, first));
    }
    ascending.discard(keyspace);
  }

  private static String bound(Random random) {
    return switch (random.nextInt(12)) {
      case 0 -> "-";
      case 1 -> "+";
      case 2 -> "[";
      case 3 -> "(";
      default -> (random.nextBoolean() ? "[" : "(") + word(random);
    };
  }

  private static String word(Random random) {
    String word = Integer.toString(random.nextInt(100_000), 36);
    return random.nextInt(200) == 0 ? word + "x".repeat(random.nextInt(100)) : word;
  }

  private static Slice slice(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    return new Slice(Unpooled.wrappedBuffer(bytes), 0, bytes.length);
  }
}
