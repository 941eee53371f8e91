package org.chronolith.server.commands.sorting;

import static org.chronolith.server.command.CommandFlag.DENYOOM;
import static org.chronolith.server.command.CommandFlag.MOVABLEKEYS;
import static org.chronolith.server.command.CommandFlag.READONLY;
import static org.chronolith.server.command.CommandFlag.WRITE;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.keyspace.ValueType;
import org.chronolith.engine.types.Encoding;
import org.chronolith.engine.types.list.ListValue;
import org.chronolith.network.RespWriter;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.commands.elements.CopiedElements;
import org.chronolith.server.commands.elements.StoredResult;

/**
 * SORT and SORT_RO. What {@code STORE} stores is logged as its elements: the order of equal ones,
 * and what {@code GET} finds, need not be the same elsewhere.
 */
public final class SortCommands {
  /** Around an element in the log. */
  private static final long WORD_BYTES = 16;

  private static final byte[] RPUSH = "RPUSH".getBytes(StandardCharsets.US_ASCII);
  private static final String OPTIONS =
      "key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC | DESC] [ALPHA]";

  private SortCommands() {}

  public static List<CommandSpec> all() {
    return List.of(
        spec("sort", "1.0.0", OPTIONS + " [STORE destination]", "Sort a collection's elements")
            .flags(WRITE, DENYOOM, MOVABLEKEYS)
            .storeKey("store")
            .effectEstimate(SortCommands::likelyEffectBytes)
            .handler(call -> sort(call, true))
            .build(),
        spec("sort_ro", "7.0.0", OPTIONS, "Sort a collection's elements, without storing them")
            .flags(READONLY, MOVABLEKEYS)
            .handler(call -> sort(call, false))
            .build());
  }

  private static CommandSpec.Builder spec(
      String name, String since, String arguments, String summary) {
    return CommandSpec.onKey(CommandGroup.GENERIC, name, -2, since, arguments, summary)
        .complexity("O(N*log(N)) with N elements; O(M) with M wanted ones if there is no order");
  }

  /** What GET will find is not looked for: it is taken to be about as large as the elements. */
  private static long likelyEffectBytes(Database db, Slice[] arguments, boolean exactly) {
    boolean stores = false;
    int gets = 0;
    for (int i = 2; i < arguments.length; i++) {
      String word = arguments[i].length() > 5 ? "" : arguments[i].toString();
      stores |= word.equalsIgnoreCase("store");
      gets += word.equalsIgnoreCase("get") ? 1 : 0;
    }
    long entry = stores ? db.peek(arguments[1]) : 0;
    if (entry == 0) {
      return 0;
    }
    long bytes;
    if (exactly && db.type(entry) != ValueType.LIST) {
      bytes = db.exactMemoryBytes(entry, Long.MAX_VALUE) + WORD_BYTES * db.blocks(entry);
    } else {
      bytes = 2 * (exactly ? db.exactMemoryBytes(entry, Long.MAX_VALUE) : db.memoryBytes(entry));
    }
    return bytes * Math.max(1, gets);
  }

  private static void sort(Call call, boolean takesStore) {
    SortOptions options = SortOptions.parse(call, takesStore);
    try (SortedElements sorted = SortedElements.of(call, options)) {
      if (options.destination() == null) {
        reply(call.reply(), options, sorted);
      } else {
        store(call, options, sorted);
      }
    }
  }

  private static void reply(RespWriter reply, SortOptions options, SortedElements sorted) {
    int each = Math.max(1, options.gets().size());
    reply.array((long) sorted.size() * each);
    for (int i = 0; i < sorted.size(); i++) {
      if (options.gets().isEmpty()) {
        bulk(reply, sorted.element(i));
      }
      for (SortPattern get : options.gets()) {
        Slice value = sorted.look(get, i);
        if (value == null) {
          reply.nullBulk();
        } else {
          bulk(reply, value);
        }
      }
    }
  }

  private static void bulk(RespWriter reply, Slice value) {
    reply.bulk(value.buffer(), value.offset(), value.length());
  }

  private static void store(Call call, SortOptions options, SortedElements sorted) {
    try (CopiedElements result = new CopiedElements()) {
      Slice nothing = new Slice(call.arg(0).buffer(), 0, 0);
      for (int i = 0; i < sorted.size(); i++) {
        if (options.gets().isEmpty()) {
          result.add(sorted.element(i));
        }
        for (SortPattern get : options.gets()) {
          Slice value = sorted.look(get, i);
          result.add(value == null ? nothing : value);
        }
      }
      store(call, options.destination(), result);
    }
  }

  private static void store(Call call, Slice key, CopiedElements result) {
    Database db = call.db();
    boolean replaced = db.find(key) != 0;
    StoredResult.claimRoom(call, key, result.size(), result.bytes(), 0);
    Slice element = new Slice();
    ListValue list = call.dataset().collections().lists().open(Encoding.COMPACT, 0);
    for (int i = 0; i < result.size(); i++) {
      list.pushLast(result.get(i, element));
    }
    list.storeAs(db, key);
    StoredResult.log(
        call,
        key,
        replaced,
        RPUSH,
        result.size(),
        1,
        (effect, i) -> effect.word(result.get(i, element)));
    call.reply().integer(result.size());
  }
}
