package org.chronolith.engine.types;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.chronolith.engine.keyspace.TypeSupport;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.engine.types.zset.ScoreRange;
import org.chronolith.engine.types.zset.ZsetType;
import org.chronolith.engine.types.zset.ZsetValue;

final class ZsetSubject implements Subject {
  private final Map<String, Double> model = new TreeMap<>();
  private final ZsetType type;
  private final ZsetValue zset;
  private final ZsetValue reader;
  private final StoredBytes out;

  ZsetSubject(CollectionMemory memory) {
    type = new ZsetType(memory);
    zset = new ZsetValue(memory, type).open(Encoding.COMPACT, 0);
    reader = new ZsetValue(memory, type);
    out = new StoredBytes(memory.slabs());
  }

  @Override
  public void step(Random random, boolean growing) {
    String member = Subject.word(random, 300);
    if (random.nextInt(10) < (growing ? 7 : 2)) {
      double score = score(random);
      boolean isNew = !model.containsKey(member);
      // As in Redis, a score that is equal stays as it is: 0 does not become -0.
      if (isNew || model.get(member) != score) {
        model.put(member, score);
      }
      assertEquals(isNew, zset.set(Subject.slice(member), score));
      if (score == 0 && encoding() == Encoding.COMPACT) {
        // Small sorted sets do not know -0.
        model.put(member, 0.0);
      }
    } else {
      assertEquals(model.remove(member) != null, zset.remove(Subject.slice(member)));
    }
    assertEquals(model.size(), zset.size());
    String other = Subject.word(random, 300);
    Double expected = model.get(other);
    assertEquals(expected == null ? Double.NaN : expected, zset.score(Subject.slice(other)));
    if (random.nextInt(20) == 0) {
      assertEquals(expected().indexOf(other + "=" + expected), zset.rank(Subject.slice(other)));
    }
    if (encoding() == Encoding.LARGE) {
      type.table().validate(root());
      assertEquals(size(), type.index().size(type.table().index(root())));
    }
    if (!model.isEmpty() && random.nextInt(20) == 0) {
      checkOrder(random);
      checkRanges(random);
    }
    if (!model.isEmpty() && random.nextInt(100) == 0) {
      removeRange(random);
    }
  }

  private void removeRange(Random random) {
    List<String> all = expected();
    int from = random.nextInt(all.size());
    int count = random.nextInt(Math.min(all.size() - from, growingCount(random)) + 1);
    zset.removeRange(from, count);
    for (String removed : all.subList(from, from + count)) {
      model.remove(removed.substring(0, removed.lastIndexOf('=')));
    }
    assertEquals(model.size(), zset.size());
  }

  /** Mostly a few, so that the collection stays what it is; sometimes all that is there. */
  private static int growingCount(Random random) {
    return random.nextInt(10) == 0 ? Integer.MAX_VALUE : 5;
  }

  private void checkRanges(Random random) {
    double min = score(random);
    double max = score(random);
    boolean minExclusive = random.nextBoolean();
    boolean maxExclusive = random.nextBoolean();
    ScoreRange range = new ScoreRange(min, minExclusive, max, maxExclusive);
    assertEquals(
        model.values().stream().filter(s -> minExclusive ? s <= min : s < min).count(),
        zset.rankOfFirst(range));
    assertEquals(
        model.values().stream().filter(s -> maxExclusive ? s < max : s <= max).count(),
        zset.rankBehind(range));
  }

  private void checkOrder(Random random) {
    List<String> all = expected();
    int from = random.nextInt(all.size());
    boolean there = zset.seek(from);
    for (int i = from; i < all.size(); i++) {
      assertTrue(there);
      zset.member(out);
      assertEquals(all.get(i), Subject.text(out) + "=" + zset.score());
      there = zset.next();
    }
    assertFalse(there);
    there = zset.seek(from);
    for (int i = from; i >= 0; i--) {
      zset.member(out);
      assertEquals(all.get(i), Subject.text(out) + "=" + zset.score());
      there = zset.previous();
    }
    assertFalse(there || zset.seek(all.size()) || zset.seek(-1));
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

  @Override
  public void add(int length) {
    String member = "m".repeat(length);
    model.put(member, 1.0);
    zset.set(Subject.slice(member), 1.0);
  }

  @Override
  public List<String> expected() {
    return model.entrySet().stream()
        .sorted(
            (a, b) ->
                a.getValue() < b.getValue()
                    ? -1
                    : a.getValue() > b.getValue() ? 1 : a.getKey().compareTo(b.getKey()))
        .map(e -> e.getKey() + "=" + e.getValue())
        .toList();
  }

  @Override
  public List<String> read(int encoding, long root) {
    List<String> read = new ArrayList<>();
    reader.open(encoding, root);
    for (boolean there = reader.seek(0); there; there = reader.next()) {
      reader.member(out);
      read.add(Subject.text(out) + "=" + reader.score());
    }
    List<String> unordered = new ArrayList<>();
    reader.forEach((m, score) -> unordered.add(Subject.text(m) + "=" + reader.score(score)));
    assertEquals(new TreeSet<>(read), new TreeSet<>(unordered));
    return read;
  }

  @Override
  public void moved(long root) {
    zset.open(encoding(), root);
  }

  @Override
  public void clear() {
    model.clear();
    zset.open(Encoding.COMPACT, 0);
  }

  @Override
  public TypeSupport type() {
    return type;
  }

  @Override
  public int encoding() {
    return zset.encoding();
  }

  @Override
  public long root() {
    return zset.root();
  }

  @Override
  public long size() {
    return zset.size();
  }
}
