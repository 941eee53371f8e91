package org.chronolith.server.commands.sorting;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.function.IntBinaryOperator;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.keyspace.ValueType;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.engine.types.list.ListValue;
import org.chronolith.engine.types.zset.ScoreText;
import org.chronolith.engine.types.zset.ZsetValue;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.Dataset;
import org.chronolith.server.commands.elements.CopiedElements;

/**
 * The elements of a list, set or sorted set in the order that {@code SORT} was asked for, and the
 * part of them that is wanted. One object per request.
 *
 * <p>Text is compared byte by byte, as redis-server does where no locale is set; elements whose
 * weights are equal keep the order in which the collection has them.
 */
final class SortedElements implements AutoCloseable {
  private static final CommandException NOT_NUMBERS =
      new CommandException("ERR One or more scores can't be converted into double");

  private final Dataset dataset;
  private final Database db;
  private final SortOptions options;
  private final CopiedElements elements = new CopiedElements();
  private final CopiedElements texts = new CopiedElements();
  private final ByteBuf name = PooledByteBufAllocator.DEFAULT.directBuffer();
  private final ByteBuf found = PooledByteBufAllocator.DEFAULT.directBuffer();
  private final Slice element = new Slice();
  private final Slice weight = new Slice();
  private boolean keepsOrder;
  private boolean alphabetic;
  private boolean weighed;

  /** Index of the first one that is wanted, and how many are. */
  private int first;

  private int size;
  private int[] order;
  private double[] numbers;
  private boolean[] missing;

  private SortedElements(Call call, SortOptions options) {
    this.dataset = call.dataset();
    this.db = call.db();
    this.options = options;
  }

  /**
   * @throws CommandException the key has another type, or an element is no number
   */
  static SortedElements of(Call call, SortOptions options) {
    SortedElements sorted = new SortedElements(call, options);
    boolean complete = false;
    try {
      sorted.read(call.arg(1));
      sorted.sort();
      complete = true;
      return sorted;
    } finally {
      if (!complete) {
        sorted.close();
      }
    }
  }

  private void read(Slice key) {
    long entry = db.find(key);
    int type = entry == 0 ? ValueType.LIST : db.type(entry);
    if (type != ValueType.LIST && type != ValueType.SET && type != ValueType.ZSET) {
      throw CommandException.WRONG_TYPE;
    }
    // What is stored of a set has to be the same everywhere, and a set has no order of its own.
    boolean forced = options.keepsOrder() && type == ValueType.SET && options.destination() != null;
    keepsOrder = options.keepsOrder() && !forced;
    alphabetic = options.alphabetic() || forced;
    weighed = options.by() != null && !options.keepsOrder();
    StoredBytes at = dataset.collections().element();
    switch (type) {
      case ValueType.LIST -> list(key, at);
      case ValueType.SET -> {
        dataset.collections().sets().find(db, key);
        window(dataset.collections().sets().size());
        dataset.collections().sets().forEach((member, none) -> elements.add(member));
      }
      default -> zset(key, at);
    }
  }

  /** Which part is wanted: within what there is, whatever was said. */
  private void window(long there) {
    long from = Math.max(0, Math.min(options.offset(), there));
    long left = there - from;
    long wanted = options.count() < 0 ? left : Math.min(options.count(), left);
    first = (int) from;
    size = (int) wanted;
  }

  private void list(Slice key, StoredBytes at) {
    ListValue list = dataset.collections().lists();
    list.find(db, key);
    window(list.size());
    if (!keepsOrder) {
      for (boolean more = list.seek(0); more; more = list.next()) {
        list.element(at);
        elements.add(at);
      }
      return;
    }
    boolean more = size > 0 && list.seek(options.descending() ? list.size() - 1 - first : first);
    for (int i = 0; i < size && more; i++) {
      list.element(at);
      elements.add(at);
      more = options.descending() ? list.previous() : list.next();
    }
    first = 0;
  }

  private void zset(Slice key, StoredBytes at) {
    ZsetValue zset = dataset.collections().zsets();
    zset.find(db, key);
    window(zset.size());
    if (!keepsOrder) {
      zset.forEach((member, score) -> elements.add(member));
      return;
    }
    boolean more = size > 0 && zset.seek(options.descending() ? zset.size() - 1 - first : first);
    for (int i = 0; i < size && more; i++) {
      zset.member(at);
      elements.add(at);
      more = options.descending() ? zset.previous() : zset.next();
    }
    first = 0;
  }

  private void sort() {
    if (keepsOrder) {
      order = elements.order((a, b) -> 0);
      return;
    }
    if (!alphabetic) {
      numbers = new double[elements.size()];
    } else if (weighed) {
      missing = new boolean[elements.size()];
    }
    for (int i = 0; i < elements.size() && (weighed || !alphabetic); i++) {
      weigh(i);
    }
    IntBinaryOperator comparison =
        !alphabetic ? this::compareNumbers : weighed ? this::compareTexts : elements::compare;
    order =
        elements.order(options.descending() ? (a, b) -> -comparison.applyAsInt(a, b) : comparison);
  }

  private void weigh(int i) {
    elements.get(i, weight);
    if (weighed) {
      found.clear();
      boolean there = options.by().look(dataset, db, weight, name, found);
      weight.set(found, 0, found.readableBytes());
      if (alphabetic) {
        missing[i] = !there;
        texts.add(weight);
        return;
      }
      if (!there) {
        return;
      }
    }
    numbers[i] = number(weight);
  }

  /** As C's {@code strtod} takes it: nothing is 0, blanks may come before the number. */
  private static double number(Slice text) {
    int blanks = 0;
    while (blanks < text.length() && isBlank(text.get(blanks))) {
      blanks++;
    }
    if (text.length() == 0) {
      return 0;
    }
    double value =
        ScoreText.parse(new Slice(text.buffer(), text.offset() + blanks, text.length() - blanks));
    if (Double.isNaN(value)) {
      throw NOT_NUMBERS;
    }
    return value;
  }

  private static boolean isBlank(byte b) {
    return b == ' ' || b >= '\t' && b <= '\r';
  }

  private int compareNumbers(int a, int b) {
    if (numbers[a] != numbers[b]) {
      return numbers[a] > numbers[b] ? 1 : -1;
    }
    return elements.compare(a, b);
  }

  private int compareTexts(int a, int b) {
    if (missing[a] || missing[b]) {
      return missing[a] == missing[b] ? 0 : missing[a] ? -1 : 1;
    }
    return texts.compare(a, b);
  }

  /** Number of elements that are wanted. */
  int size() {
    return size;
  }

  /** The {@code index}-th of the wanted elements, valid until the next call. */
  Slice element(int index) {
    return elements.get(order[first + index], element);
  }

  /** What a pattern stands for with such an element, valid until the next call; or null. */
  Slice look(SortPattern pattern, int index) {
    found.clear();
    if (!pattern.look(dataset, db, element(index), name, found)) {
      return null;
    }
    return weight.set(found, 0, found.readableBytes());
  }

  @Override
  public void close() {
    elements.close();
    texts.close();
    name.release();
    found.release();
  }
}
