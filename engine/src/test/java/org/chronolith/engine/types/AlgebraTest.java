package org.chronolith.engine.types;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.DoubleBinaryOperator;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.keyspace.ExpiryMode;
import org.chronolith.engine.keyspace.Keyspace;
import org.chronolith.engine.keyspace.KeyspaceConfig;
import org.chronolith.engine.keyspace.ValueType;
import org.chronolith.engine.keyspace.WrongTypeException;
import org.chronolith.engine.memory.SlabSource;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.engine.types.set.SetValue;
import org.chronolith.engine.types.zset.ZsetAlgebra.Aggregate;
import org.chronolith.engine.types.zset.ZsetValue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Operations on several sets and sorted sets, small and large, stored and discarded, against
 * collections of the JDK.
 */
class AlgebraTest {
  private static final CollectionLimits LIMITS = new CollectionLimits(20, 40, 20, 40, 20, 40, 400);
  private static final int KEYS = 8;

  private final Keyspace keyspace =
      new Keyspace(KeyspaceConfig.of(1, 1L << 30, 5), SlabSource.inline());
  private final CollectionTypes collections = new CollectionTypes(keyspace, LIMITS);
  private final Operands operands = collections.operands();
  private final StoredBytes out = new StoredBytes(keyspace.slabs());
  private final Database db = keyspace.database(0);

  /** What each key holds; a set's scores are all 1. */
  private final Map<String, Map<String, Double>> model = new HashMap<>();

  @BeforeEach
  void begin() {
    keyspace.begin(1_000, ExpiryMode.DELETE);
  }

  @AfterEach
  void close() {
    keyspace.validate();
    keyspace.close();
  }

  @Test
  void shouldBehaveAsItsModel() {
    for (long seed = 1; seed <= 5; seed++) {
      try {
        run(new Random(seed));
      } catch (Throwable t) {
        throw new AssertionError("seed " + seed, t);
      }
    }
  }

  private void run(Random random) {
    long empty = keyspace.usedMemoryBytes();
    for (int i = 0; i < KEYS; i++) {
      fill(random, i, random.nextInt(4) == 0 ? 500 : 30);
    }
    for (int step = 0; step < 100; step++) {
      List<String> keys = new ArrayList<>();
      for (int i = random.nextInt(4); i >= 0; i--) {
        keys.add(key(random.nextInt(KEYS + 1)));
      }
      sets(random, keys.stream().filter(key -> isSet(key)).toList());
      zsets(random, keys);
    }
    db.flush();
    while (keyspace.freeSlice(1_000_000)) {
      // What was discarded, replaced and flushed is freed here.
    }
    assertEquals(empty, keyspace.usedMemoryBytes(), "leaked");
    model.clear();
  }

  private static String key(int i) {
    return (i % 2 == 0 ? "set" : "zset") + i;
  }

  private static boolean isSet(String key) {
    return key.startsWith("set");
  }

  /** The last key stays absent. */
  private void fill(Random random, int i, int members) {
    Map<String, Double> values = new TreeMap<>();
    for (int j = 0; j < members; j++) {
      values.put(Subject.word(random, members * 2), isSet(key(i)) ? 1.0 : score(random));
    }
    model.put(key(i), values);
    Slice key = Subject.slice(key(i));
    if (isSet(key(i))) {
      SetValue set = collections.sets();
      set.find(db, key);
      values.keySet().forEach(member -> set.add(Subject.slice(member)));
      set.store();
    } else {
      ZsetValue zset = collections.zsets();
      zset.find(db, key);
      values.forEach((member, score) -> zset.set(Subject.slice(member), score));
      zset.store();
      // A small one does not know -0.
      values.replaceAll((member, score) -> zset.score(Subject.slice(member)));
    }
  }

  private static double score(Random random) {
    return switch (random.nextInt(12)) {
      case 0 -> Double.POSITIVE_INFINITY;
      case 1 -> Double.NEGATIVE_INFINITY;
      case 2 -> -0.0;
      case 3 -> 0.0;
      case 4 -> random.nextDouble();
      default -> random.nextInt(7) - 3;
    };
  }

  private void open(List<String> keys, boolean sorted) {
    operands.clear();
    keys.forEach(key -> operands.add(db, Subject.slice(key), sorted));
  }

  private Map<String, Double> members(String key) {
    return model.getOrDefault(key, Map.of());
  }

  // ---------------------------------------------------------------- members only

  private void sets(Random random, List<String> keys) {
    if (keys.isEmpty()) {
      return;
    }
    TreeSet<String> all = new TreeSet<>(members(keys.get(0)).keySet());
    keys.forEach(key -> all.retainAll(members(key).keySet()));
    TreeSet<String> any = new TreeSet<>();
    keys.forEach(key -> any.addAll(members(key).keySet()));
    TreeSet<String> first = new TreeSet<>(members(keys.get(0)).keySet());
    keys.stream().skip(1).forEach(key -> first.removeAll(members(key).keySet()));

    open(keys, false);
    check(all, collections.setAlgebra().intersection(operands), random);
    open(keys, false);
    TreeSet<String> shown = new TreeSet<>();
    collections
        .setAlgebra()
        .intersection(operands, member -> assertTrue(shown.add(member.toString())));
    assertEquals(all, shown);
    open(keys, false);
    int limit = random.nextInt(50) + 1;
    assertEquals(
        Math.min(limit, all.size()), collections.setAlgebra().intersectionSize(operands, limit));
    open(keys, false);
    check(any, collections.setAlgebra().union(operands), random);
    open(keys, false);
    check(first, collections.setAlgebra().difference(operands), random);
  }

  private void check(TreeSet<String> expected, SetValue result, Random random) {
    assertEquals(expected.size(), result.size());
    Slice target = Subject.slice("result");
    if (random.nextBoolean()) {
      assertEquals(expected, read(result));
      result.discard(keyspace);
      return;
    }
    boolean there = db.find(target) != 0;
    assertEquals(there || !expected.isEmpty(), result.storeAs(db, target));
    assertEquals(expected.isEmpty(), db.find(target) == 0);
    SetValue stored = collections.sets();
    stored.find(db, target);
    assertEquals(expected, read(stored));
  }

  private static TreeSet<String> read(SetValue set) {
    TreeSet<String> read = new TreeSet<>();
    set.forEach((member, nothing) -> assertTrue(read.add(Subject.text(member))));
    return read;
  }

  // ---------------------------------------------------------------- with scores

  private void zsets(Random random, List<String> keys) {
    Aggregate aggregate = Aggregate.values()[random.nextInt(3)];
    double[] weights = new double[keys.size()];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = random.nextBoolean() ? 1 : score(random);
    }
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < weights.length; i++) {
      order.add(i);
    }
    order.sort(Comparator.comparingInt(i -> members(keys.get(i)).size()));

    Map<String, Double> any = new HashMap<>();
    Map<String, Double> all = new HashMap<>();
    Map<String, Integer> times = new HashMap<>();
    for (int i : order) {
      members(keys.get(i))
          .forEach(
              (member, score) -> {
                any.merge(member, weighted(weights[i], score), operator(aggregate)::applyAsDouble);
                times.merge(member, 1, Integer::sum);
                double next = weights[i] * score;
                all.merge(
                    member,
                    Double.isNaN(next) && times.get(member) == 1 ? 0 : next,
                    operator(aggregate)::applyAsDouble);
              });
    }
    all.keySet().removeIf(member -> times.get(member) < keys.size());
    Map<String, Double> first = new HashMap<>(members(keys.get(0)));
    keys.stream().skip(1).forEach(key -> first.keySet().removeAll(members(key).keySet()));

    for (boolean stored : new boolean[] {false, true}) {
      weigh(keys, weights);
      check(any, collections.zsetAlgebra().union(operands, aggregate, stored), stored);
      weigh(keys, weights);
      check(all, collections.zsetAlgebra().intersection(operands, aggregate, stored), stored);
      weigh(keys, weights);
      check(first, collections.zsetAlgebra().difference(operands, stored), stored);
    }
  }

  private void weigh(List<String> keys, double[] weights) {
    open(keys, true);
    for (int i = 0; i < weights.length; i++) {
      operands.weight(i, weights[i]);
    }
  }

  private static double weighted(double weight, double score) {
    return Double.isNaN(weight * score) ? 0 : weight * score;
  }

  private static DoubleBinaryOperator operator(Aggregate aggregate) {
    return switch (aggregate) {
      case SUM -> (a, b) -> Double.isNaN(a + b) ? 0 : a + b;
      case MIN -> (a, b) -> b < a ? b : a;
      case MAX -> (a, b) -> b > a ? b : a;
    };
  }

  private void check(Map<String, Double> expected, ZsetValue result, boolean stored) {
    assertEquals(expected.size(), result.size());
    if (!stored) {
      assertEquals(ordered(expected), read(result));
      result.discard(keyspace);
      return;
    }
    Slice target = Subject.slice("result");
    boolean there = db.find(target) != 0;
    if (!result.isLarge()) {
      expected.replaceAll((member, score) -> score + 0.0);
      assertTrue(expected.size() <= LIMITS.zsetMaxEntries());
    }
    assertEquals(there || !expected.isEmpty(), result.storeAs(db, target));
    assertEquals(expected.isEmpty(), db.find(target) == 0);
    ZsetValue kept = collections.zsets();
    kept.find(db, target);
    assertEquals(ordered(expected), read(kept));
  }

  private static List<String> ordered(Map<String, Double> scores) {
    return scores.entrySet().stream()
        .sorted(
            (a, b) ->
                a.getValue() < b.getValue()
                    ? -1
                    : a.getValue() > b.getValue() ? 1 : a.getKey().compareTo(b.getKey()))
        .map(e -> e.getKey() + "=" + e.getValue())
        .toList();
  }

  private List<String> read(ZsetValue zset) {
    List<String> read = new ArrayList<>();
    for (boolean there = zset.seek(0); there; there = zset.next()) {
      zset.member(out);
      read.add(Subject.text(out) + "=" + zset.score());
    }
    return read;
  }

  // ---------------------------------------------------------------- cases

  @Test
  void shouldRefuseOtherTypes() {
    fill(new Random(1), 1, 5);
    operands.clear();
    assertThrows(WrongTypeException.class, () -> operands.add(db, Subject.slice(key(1)), false));
    assertEquals(ValueType.ZSET, db.type(db.find(Subject.slice(key(1)))));
    operands.add(db, Subject.slice(key(1)), true);
    assertEquals(model.get(key(1)).size(), operands.size(0));
  }

  @Test
  void shouldBecomeSmallWhenItIsStored() {
    fill(new Random(1), 1, 5);
    open(List.of(key(1)), true);
    ZsetValue result = collections.zsetAlgebra().union(operands, Aggregate.SUM, true);
    assertFalse(result.isLarge());
    result.discard(keyspace);
    fill(new Random(1), 3, 50);
    open(List.of(key(3)), true);
    result = collections.zsetAlgebra().union(operands, Aggregate.SUM, true);
    assertTrue(result.isLarge());
    result.discard(keyspace);
  }

  @Test
  void shouldKeepTheSignOfZeroOfOneThatIsLargeFromTheStart() {
    ZsetValue small = collections.newZset();
    small.expect(LIMITS.zsetMaxEntries());
    small.set(Subject.slice("zero"), -0.0);
    assertEquals(0.0, small.score(Subject.slice("zero")));
    small.discard(keyspace);
    ZsetValue large = collections.newZset();
    large.expect(LIMITS.zsetMaxEntries() + 1);
    large.set(Subject.slice("zero"), -0.0);
    assertEquals(-0.0, large.score(Subject.slice("zero")));
    large.discard(keyspace);
  }
}
