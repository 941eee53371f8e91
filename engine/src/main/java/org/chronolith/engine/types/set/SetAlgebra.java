package org.chronolith.engine.types.set;

import java.util.function.BooleanSupplier;
import org.chronolith.engine.Slice;
import org.chronolith.engine.types.CollectionMemory;
import org.chronolith.engine.types.ElementScratch;
import org.chronolith.engine.types.Encoding;
import org.chronolith.engine.types.Operands;

/**
 * Intersections, unions and differences of sets, and of sorted sets if only their members count.
 *
 * <p>A result is a value that no key is known of: whoever asked for it stores it or discards it
 * before the next operation. Thread: the owner of the keyspace.
 */
public final class SetAlgebra {
  /** Is shown what is in the result, as it is found. */
  @FunctionalInterface
  public interface Found {
    /** One member; the slice is reused for the next. */
    void found(Slice member);
  }

  private static final BooleanSupplier NEVER = () -> false;

  private final SetValue result;
  private final ElementScratch scratch = new ElementScratch();

  public SetAlgebra(CollectionMemory memory, SetType type) {
    result = new SetValue(memory, type);
  }

  /** What is in all of them, as a new set. */
  public SetValue intersection(Operands operands) {
    result.open(Encoding.COMPACT, 0);
    intersect(operands, result::add, NEVER);
    return result;
  }

  /** Shows what is in all of them; nothing is built. Their order changes. */
  public void intersection(Operands operands, Found found) {
    intersect(operands, found, NEVER);
  }

  /** How many members are in all of them, at most {@code limit}; their order changes. */
  public long intersectionSize(Operands operands, long limit) {
    long[] count = new long[1];
    intersect(operands, member -> count[0]++, () -> count[0] >= limit);
    return Math.min(count[0], limit);
  }

  private void intersect(Operands operands, Found found, BooleanSupplier enough) {
    operands.sortBySize();
    operands.forEachUntil(
        0,
        (member, score) -> {
          Slice name = scratch.clear().first(member);
          if (isInAllBehind(operands, name)) {
            found.found(name);
          }
        },
        enough);
  }

  private static boolean isInAllBehind(Operands operands, Slice name) {
    for (int i = 1; i < operands.count(); i++) {
      if (!operands.isSame(0, i) && !operands.contains(i, name)) {
        return false;
      }
    }
    return true;
  }

  /** What is in any of them, as a new set. */
  public SetValue union(Operands operands) {
    result.open(Encoding.COMPACT, 0);
    for (int i = 0; i < operands.count(); i++) {
      operands.forEach(i, (member, score) -> result.add(scratch.clear().first(member)));
    }
    return result;
  }

  /** What is in the first and in none of the others, as a new set. */
  public SetValue difference(Operands operands) {
    result.open(Encoding.COMPACT, 0);
    if (isAnySameAsFirst(operands)) {
      return result;
    }
    // As Redis estimates it: most members of the first are found after half of the others.
    if (operands.size(0) * operands.count() / 2 <= operands.totalSize()) {
      operands.forEach(
          0,
          (member, score) -> {
            Slice name = scratch.clear().first(member);
            if (!isInAnyBehind(operands, name)) {
              result.add(name);
            }
          });
      return result;
    }
    operands.forEach(0, (member, score) -> result.add(scratch.clear().first(member)));
    for (int i = 1; i < operands.count() && result.size() > 0; i++) {
      operands.forEach(i, (member, score) -> result.remove(scratch.clear().first(member)));
    }
    return result;
  }

  private static boolean isAnySameAsFirst(Operands operands) {
    for (int i = 1; i < operands.count(); i++) {
      if (operands.isSame(0, i)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isInAnyBehind(Operands operands, Slice name) {
    for (int i = 1; i < operands.count(); i++) {
      if (operands.contains(i, name)) {
        return true;
      }
    }
    return false;
  }
}
