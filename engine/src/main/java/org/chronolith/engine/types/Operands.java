package org.chronolith.engine.types;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.keyspace.ValueType;
import org.chronolith.engine.keyspace.WrongTypeException;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.engine.types.set.SetType;
import org.chronolith.engine.types.set.SetValue;
import org.chronolith.engine.types.zset.ZsetType;
import org.chronolith.engine.types.zset.ZsetValue;

/**
 * The sets and sorted sets that one command works on together. A set is taken for a sorted set with
 * scores of 1, a key that is not there for an empty one.
 *
 * <p>The object is reused: {@link #clear}, {@link #add} for each key, then any of the rest, as long
 * as nothing changes in the keyspace. Thread: the owner of the keyspace.
 */
public final class Operands {
  private static final int KEPT = 64;
  private static final double SET_SCORE = 1;
  private static final Comparator<Operand> BY_SIZE = Comparator.comparingLong(one -> one.size);

  /** Is shown the members of an operand; must not change it. */
  @FunctionalInterface
  public interface Visitor {
    /** One member; {@code member} is reused for the next. */
    void visit(StoredBytes member, double score);
  }

  private static final class Operand {
    private int type;
    private int encoding;
    private long root;
    private long size;
    private double weight;
  }

  /** Those of the command, and behind them some to be reused. */
  private final List<Operand> operands = new ArrayList<>();

  private int count;

  private final SetType sets;
  private final ZsetType zsets;

  /** For walks, during which the others are asked. */
  private final SetValue walkedSet;

  private final ZsetValue walkedZset;
  private final SetValue askedSet;
  private final ZsetValue askedZset;

  Operands(CollectionMemory memory, SetType sets, ZsetType zsets) {
    this.sets = sets;
    this.zsets = zsets;
    walkedSet = new SetValue(memory, sets);
    walkedZset = new ZsetValue(memory, zsets);
    askedSet = new SetValue(memory, sets);
    askedZset = new ZsetValue(memory, zsets);
  }

  /** Forgets those of the last command. */
  public void clear() {
    count = 0;
    if (operands.size() > KEPT) {
      operands.subList(KEPT, operands.size()).clear();
    }
  }

  /**
   * Adds what a key holds, with weight 1.
   *
   * @param sorted whether it may be a sorted set
   * @throws WrongTypeException if it is something else
   */
  public void add(Database db, Slice key, boolean sorted) {
    long entry = db.find(key);
    if (count == operands.size()) {
      operands.add(new Operand());
    }
    Operand operand = operands.get(count);
    operand.weight = 1;
    operand.root = 0;
    operand.size = 0;
    if (entry != 0) {
      operand.type = db.type(entry);
      if (operand.type != ValueType.SET && !(sorted && operand.type == ValueType.ZSET)) {
        throw WrongTypeException.INSTANCE;
      }
      operand.encoding = db.encoding(entry);
      operand.root = db.root(entry);
      operand.size = ask(operand).size();
    }
    count++;
  }

  /** How many were added. */
  public int count() {
    return count;
  }

  /** Members of one of them. */
  public long size(int i) {
    return operands.get(i).size;
  }

  /** Members of all together, those that are in several counted several times. */
  public long totalSize() {
    long size = 0;
    for (int i = 0; i < count; i++) {
      size += operands.get(i).size;
    }
    return size;
  }

  /** Bytes that the value of one of them takes, about. */
  public long bytes(int i) {
    Operand operand = operands.get(i);
    if (operand.root == 0) {
      return 0;
    }
    TableType type = operand.type == ValueType.ZSET ? zsets : sets;
    return type.bytes(operand.encoding, operand.root);
  }

  /** What the scores of one of them are multiplied by. */
  public void weight(int i, double weight) {
    operands.get(i).weight = weight;
  }

  public double weight(int i) {
    return operands.get(i).weight;
  }

  /**
   * Puts the smaller ones first; equal ones stay in their order, on which sums of scores depend.
   */
  public void sortBySize() {
    operands.subList(0, count).sort(BY_SIZE);
  }

  /** Whether two of them are one and the same value. */
  public boolean isSame(int i, int other) {
    return operands.get(i).root != 0 && operands.get(i).root == operands.get(other).root;
  }

  /** Score of a member in one of them, NaN if it is not there. */
  public double score(int i, Slice member) {
    Operand operand = operands.get(i);
    if (operand.root == 0) {
      return Double.NaN;
    }
    if (operand.type == ValueType.ZSET) {
      return askedZset.open(operand.encoding, operand.root).score(member);
    }
    boolean there = askedSet.open(operand.encoding, operand.root).contains(member);
    return there ? SET_SCORE : Double.NaN;
  }

  /** Whether one of them has a member. */
  public boolean contains(int i, Slice member) {
    return !Double.isNaN(score(i, member));
  }

  /** Shows all members of one of them, in no order. Walks do not nest. */
  public void forEach(int i, Visitor visitor) {
    forEachUntil(i, visitor, () -> false);
  }

  /** As {@link #forEach}, until the visitor, asked after each few of them, has seen enough. */
  public void forEachUntil(int i, Visitor visitor, BooleanSupplier enough) {
    Operand operand = operands.get(i);
    if (operand.root == 0) {
      return;
    }
    if (operand.type == ValueType.ZSET) {
      walkedZset
          .open(operand.encoding, operand.root)
          .forEachUntil((member, score) -> visitor.visit(member, walkedZset.score(score)), enough);
    } else {
      walkedSet
          .open(operand.encoding, operand.root)
          .forEachUntil((member, nothing) -> visitor.visit(member, SET_SCORE), enough);
    }
  }

  private TableValue ask(Operand operand) {
    return operand.type == ValueType.ZSET
        ? askedZset.open(operand.encoding, operand.root)
        : askedSet.open(operand.encoding, operand.root);
  }
}
