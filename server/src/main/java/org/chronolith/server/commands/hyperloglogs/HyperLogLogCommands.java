package org.chronolith.server.commands.hyperloglogs;

import static org.chronolith.server.command.CommandFlag.DENYOOM;
import static org.chronolith.server.command.CommandFlag.FAST;
import static org.chronolith.server.command.CommandFlag.READONLY;
import static org.chronolith.server.command.CommandFlag.WRITE;

import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.keyspace.ExpiryMode;
import org.chronolith.engine.types.hyperloglog.HyperLogLog;
import org.chronolith.engine.types.hyperloglog.HyperLogLog.Added;
import org.chronolith.engine.types.string.Strings;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.commands.strings.StringAccess;

/** PFADD, PFCOUNT, PFMERGE. */
public final class HyperLogLogCommands {
  private static final CommandException NOT_ONE =
      new CommandException("WRONGTYPE Key is not a valid HyperLogLog string value.");
  private static final CommandException DAMAGED =
      new CommandException("INVALIDOBJ Corrupted HLL object detected");

  /** What the effect of PFCOUNT may take beside its words: SELECT, MULTI, EXEC. */
  private static final int EFFECT_BYTES = 256;

  private final LongSupplier maxSparseBytes;
  private final BooleanSupplier mayStore;

  /**
   * @param maxSparseBytes {@code hll-sparse-max-bytes}
   * @param mayStore whether PFCOUNT may store what it has reckoned: not while the data must stay as
   *     they are, in a failover, say
   */
  public HyperLogLogCommands(LongSupplier maxSparseBytes, BooleanSupplier mayStore) {
    this.maxSparseBytes = maxSparseBytes;
    this.mayStore = mayStore;
  }

  public List<CommandSpec> all() {
    return List.of(
        spec("pfadd", -2, "key [element [element ...]]", "Count elements in a HyperLogLog")
            .flags(WRITE, DENYOOM, FAST)
            .complexity("O(1) for each element")
            .handler(this::add)
            .build(),
        spec("pfcount", -2, "key [key ...]", "About how many distinct elements were counted")
            .keys(1, -1, 1)
            .flags(READONLY)
            .complexity("O(N) where N is the number of keys")
            .handler(this::count)
            .build(),
        spec("pfmerge", -2, "destkey sourcekey [sourcekey ...]", "Unite HyperLogLogs in one")
            .keys(1, -1, 1)
            .flags(WRITE, DENYOOM)
            .complexity("O(N) where N is the number of keys")
            .handler(this::merge)
            .build());
  }

  private static CommandSpec.Builder spec(
      String name, int arity, String arguments, String summary) {
    return CommandSpec.onKey(CommandGroup.HYPERLOGLOG, name, arity, "2.8.9", arguments, summary);
  }

  private void add(Call call) {
    HyperLogLog log = call.dataset().hyperLogLog();
    long entry = load(call, log, 1);
    long added = entry == 0 ? 1 : 0;
    for (int i = 2; i < call.argc(); i++) {
      Added result = log.add(call.arg(i), maxSparseBytes());
      if (result == Added.DAMAGED) {
        throw DAMAGED;
      }
      added += result == Added.YES ? 1 : 0;
    }
    if (added > 0) {
      log.outdate();
      store(call, log, entry);
      call.propagate();
      call.changes(added - 1);
    }
    call.reply().integer(added > 0 ? 1 : 0);
  }

  private void count(Call call) {
    if (call.argc() > 2) {
      countUnion(call);
      return;
    }
    HyperLogLog log = call.dataset().hyperLogLog();
    long entry = load(call, log, 1);
    if (entry == 0) {
      call.reply().integer(0);
      return;
    }
    if (log.isUpToDate()) {
      call.reply().integer(log.cardinality());
      return;
    }
    long cardinality = log.reckon();
    if (cardinality < 0) {
      throw DAMAGED;
    }
    // As in Redis, the key keeps what was reckoned, and so do replicas.
    if (mayStore(call)) {
      store(call, log, entry);
      call.propagate();
    }
    call.reply().integer(cardinality);
  }

  /**
   * Whether a reader may change the key: not on a replica, whose data are its master's, and not
   * where there is no room in the log. It does without then.
   */
  private boolean mayStore(Call call) {
    return call.applying()
        || call.runner().expiryMode() == ExpiryMode.DELETE
            && mayStore.getAsBoolean()
            && call.claimLogRoom(2 * call.requestBytes() + EFFECT_BYTES) == null;
  }

  private static void countUnion(Call call) {
    HyperLogLog log = call.dataset().hyperLogLog();
    log.beginUnion();
    for (int i = 1; i < call.argc(); i++) {
      if (load(call, log, i) != 0 && !log.addToUnion()) {
        throw DAMAGED;
      }
    }
    call.reply().integer(log.unionCardinality());
  }

  private void merge(Call call) {
    HyperLogLog log = call.dataset().hyperLogLog();
    log.beginUnion();
    boolean dense = false;
    for (int i = 1; i < call.argc(); i++) {
      if (load(call, log, i) != 0) {
        dense |= log.isDense();
        if (!log.addToUnion()) {
          throw DAMAGED;
        }
      }
    }
    long entry = load(call, log, 1);
    if (dense && !log.makeDense() || !log.takeUnion(maxSparseBytes())) {
      throw DAMAGED;
    }
    store(call, log, entry);
    call.propagate();
    call.reply().ok();
  }

  private int maxSparseBytes() {
    return (int) Math.min(HyperLogLog.MAX_BYTES, maxSparseBytes.getAsLong());
  }

  /**
   * Turns {@code log} to the value of a key, or to an empty one.
   *
   * @return the entry, or 0
   */
  private static long load(Call call, HyperLogLog log, int i) {
    Database db = call.db();
    long entry = StringAccess.find(db, call.arg(i));
    if (entry == 0) {
      log.clear();
      return 0;
    }
    Strings strings = call.dataset().strings();
    int length = strings.length(db, entry);
    int read = Math.min(length, HyperLogLog.MAX_BYTES);
    strings.copyRange(db, entry, 0, read, log.room(read));
    if (!log.isOne(length)) {
      throw NOT_ONE;
    }
    if (length > read) {
      throw DAMAGED;
    }
    return entry;
  }

  private static void store(Call call, HyperLogLog log, long entry) {
    Database db = call.db();
    Strings strings = call.dataset().strings();
    Slice bytes = log.bytes();
    if (entry != 0 && strings.length(db, entry) == bytes.length()) {
      strings.setRange(db, entry, 0, bytes);
    } else {
      strings.set(db, call.arg(1), bytes, true);
    }
  }
}
