package org.chronolith.server.commands.sorting;

import java.util.ArrayList;
import java.util.List;
import org.chronolith.engine.Slice;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;

/** The words of {@code SORT} after the key. */
final class SortOptions {
  private boolean descending;
  private boolean alphabetic;
  private long offset;
  private long count = -1;
  private SortPattern by;
  private final List<SortPattern> gets = new ArrayList<>();
  private Slice destination;

  private SortOptions() {}

  /**
   * @param takesStore whether {@code STORE} is known: {@code SORT_RO} does not
   * @throws CommandException the client's mistake
   */
  static SortOptions parse(Call call, boolean takesStore) {
    SortOptions options = new SortOptions();
    for (int i = 2; i < call.argc(); i++) {
      int more = call.argc() - i - 1;
      if (call.is(i, "asc")) {
        options.descending = false;
      } else if (call.is(i, "desc")) {
        options.descending = true;
      } else if (call.is(i, "alpha")) {
        options.alphabetic = true;
      } else if (call.is(i, "limit") && more >= 2) {
        options.offset = call.integer(i + 1);
        options.count = call.integer(i + 2);
        i += 2;
      } else if (call.is(i, "store") && takesStore && more >= 1) {
        options.destination = call.arg(++i);
      } else if (call.is(i, "by") && more >= 1) {
        options.by = new SortPattern(call.arg(++i));
      } else if (call.is(i, "get") && more >= 1) {
        options.gets.add(new SortPattern(call.arg(++i)));
      } else {
        throw CommandException.SYNTAX;
      }
    }
    return options;
  }

  boolean descending() {
    return descending;
  }

  boolean alphabetic() {
    return alphabetic;
  }

  /** Elements that are passed over; may be anything. */
  long offset() {
    return offset;
  }

  /** Most elements of the result; negative: all. */
  long count() {
    return count;
  }

  /** What is compared, or null for the elements themselves. */
  SortPattern by() {
    return by;
  }

  /** {@code BY} a name that is the same for all: the elements keep the order that they have. */
  boolean keepsOrder() {
    return by != null && by.isConstant();
  }

  /** What is shown in place of each element; empty: the element. */
  List<SortPattern> gets() {
    return gets;
  }

  /** Where the result is stored, or null. */
  Slice destination() {
    return destination;
  }
}
