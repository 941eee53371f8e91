package org.chronolith.engine.types.zset;

import org.chronolith.engine.Slice;
import org.chronolith.engine.types.CollectionMemory;
import org.chronolith.engine.types.ElementScratch;
import org.chronolith.engine.types.Operands;

/**
 * Intersections, unions and differences of sorted sets, with the scores that redis-server gives
 * them: infinities of both signs add up to 0, as does an infinity of weight 0, and scores are added
 * from the smaller operand to the larger.
 *
 * <p>A result is a value that no key is known of: whoever asked for it stores it or discards it
 * before the next operation. Thread: the owner of the keyspace.
 */
public final class ZsetAlgebra {
  /** What becomes of the scores of a member that several operands have. */
  public enum Aggregate {
    SUM {
      @Override
      double of(double score, double other) {
        double sum = score + other;
        return Double.isNaN(sum) ? 0 : sum;
      }
    },
    MIN {
      @Override
      double of(double score, double other) {
        return other < score ? other : score;
      }
    },
    MAX {
      @Override
      double of(double score, double other) {
        return other > score ? other : score;
      }
    };

    abstract double of(double score, double other);
  }

  private final ZsetBuilder builder;
  private final ElementScratch scratch = new ElementScratch();

  public ZsetAlgebra(CollectionMemory memory, ZsetType type) {
    builder = new ZsetBuilder(memory, type);
  }

  /**
   * What is in any of them. Their order changes.
   *
   * @param stored whether it is to be stored; else it is discarded
   */
  public ZsetValue union(Operands operands, Aggregate aggregate, boolean stored) {
    builder.begin();
    operands.sortBySize();
    for (int i = 0; i < operands.count(); i++) {
      double weight = operands.weight(i);
      operands.forEach(
          i,
          (member, score) -> {
            Slice name = scratch.clear().first(member);
            double weighted = weighted(weight, score);
            long there = builder.find(name);
            if (there == 0) {
              builder.add(name, weighted);
            } else {
              builder.score(there, aggregate.of(builder.score(there), weighted));
            }
          });
    }
    return finish(stored);
  }

  /** What is in all of them; as {@link #union}. */
  public ZsetValue intersection(Operands operands, Aggregate aggregate, boolean stored) {
    builder.begin();
    operands.sortBySize();
    operands.forEach(
        0,
        (member, score) -> {
          Slice name = scratch.clear().first(member);
          double total = aggregated(operands, name, score, aggregate);
          if (!Double.isNaN(total)) {
            builder.add(name, total);
          }
        });
    return finish(stored);
  }

  /** The score in the intersection of a member of the first, NaN if another lacks it. */
  private static double aggregated(
      Operands operands, Slice name, double score, Aggregate aggregate) {
    double total = weighted(operands.weight(0), score);
    for (int i = 1; i < operands.count(); i++) {
      double other = operands.isSame(0, i) ? score : operands.score(i, name);
      if (Double.isNaN(other)) {
        return Double.NaN;
      }
      // As in Redis, which lets no NaN in by any of the three ways.
      total = aggregate.of(total, other * operands.weight(i));
    }
    return total;
  }

  private static double weighted(double weight, double score) {
    double weighted = weight * score;
    return Double.isNaN(weighted) ? 0 : weighted;
  }

  /** What is in the first and in none of the others, with its score; weights do not count. */
  public ZsetValue difference(Operands operands, boolean stored) {
    builder.begin();
    if (operands.size(0) * operands.count() / 2 <= operands.totalSize()) {
      operands.forEach(
          0,
          (member, score) -> {
            Slice name = scratch.clear().first(member);
            if (!isInAnyBehind(operands, name)) {
              builder.add(name, score);
            }
          });
      return finish(stored);
    }
    operands.forEach(0, (member, score) -> builder.add(scratch.clear().first(member), score));
    for (int i = 1; i < operands.count(); i++) {
      operands.forEach(i, (member, score) -> builder.remove(scratch.clear().first(member)));
    }
    return finish(stored);
  }

  private static boolean isInAnyBehind(Operands operands, Slice name) {
    for (int i = 1; i < operands.count(); i++) {
      if (operands.isSame(0, i) || operands.contains(i, name)) {
        return true;
      }
    }
    return false;
  }

  private ZsetValue finish(boolean stored) {
    return stored ? builder.finish() : builder.finishLarge();
  }
}
