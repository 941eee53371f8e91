package org.chronolith.server;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.chronolith.server.client.Watches;
import org.chronolith.server.command.CommandFlag;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.command.CommandTable;
import org.chronolith.server.commands.bitmaps.BitCommands;
import org.chronolith.server.commands.bitmaps.BitFieldCommands;
import org.chronolith.server.commands.bitmaps.BitOperation;
import org.chronolith.server.commands.geo.GeoCommands;
import org.chronolith.server.commands.geo.GeoSearchCommands;
import org.chronolith.server.commands.hashes.FloatFieldCommand;
import org.chronolith.server.commands.hashes.HashCommands;
import org.chronolith.server.commands.hashes.RandomFieldCommand;
import org.chronolith.server.commands.hyperloglogs.HyperLogLogCommands;
import org.chronolith.server.commands.keys.DatabaseCommands;
import org.chronolith.server.commands.keys.DumpCommands;
import org.chronolith.server.commands.keys.ExpiryCommands;
import org.chronolith.server.commands.keys.KeyCommands;
import org.chronolith.server.commands.keys.ScanCommands;
import org.chronolith.server.commands.lists.ListCommands;
import org.chronolith.server.commands.lists.ListEditCommands;
import org.chronolith.server.commands.lists.ListMoveCommands;
import org.chronolith.server.commands.sets.RandomMemberCommands;
import org.chronolith.server.commands.sets.SetAlgebraCommands;
import org.chronolith.server.commands.sets.SetCommands;
import org.chronolith.server.commands.sortedsets.RandomSortedSetMemberCommands;
import org.chronolith.server.commands.sortedsets.SortedSetAlgebraCommands;
import org.chronolith.server.commands.sortedsets.SortedSetCommands;
import org.chronolith.server.commands.sortedsets.SortedSetRangeCommands;
import org.chronolith.server.commands.sortedsets.SortedSetRemovalCommands;
import org.chronolith.server.commands.sorting.SortCommands;
import org.chronolith.server.commands.strings.CounterCommands;
import org.chronolith.server.commands.strings.RangeCommands;
import org.chronolith.server.commands.strings.StringCommands;
import org.chronolith.server.commands.strings.SubsequenceCommand;
import org.chronolith.server.commands.transactions.TransactionCommands;

/** The commands that work on data: the same for a server's clients and for a tool that replays. */
final class DataCommands {
  private DataCommands() {}

  /**
   * What a server declares beside what concerns the server itself.
   *
   * @param mayStore whether a command that only reads may keep what it has reckoned
   */
  static List<CommandSpec> all(
      Watches watches,
      LongSupplier maxBulkBytes,
      LongSupplier hllSparseMaxBytes,
      BooleanSupplier mayStore) {
    List<CommandSpec> all = new ArrayList<>();
    all.addAll(new StringCommands().all());
    all.addAll(new RangeCommands(maxBulkBytes).all());
    all.addAll(new CounterCommands().all());
    all.addAll(new BitCommands(maxBulkBytes).all());
    all.addAll(BitFieldCommands.all(maxBulkBytes));
    all.addAll(new BitOperation().all());
    all.addAll(new HyperLogLogCommands(hllSparseMaxBytes, mayStore).all());
    all.addAll(new SubsequenceCommand(maxBulkBytes).all());
    all.addAll(HashCommands.all());
    all.addAll(FloatFieldCommand.all());
    all.addAll(RandomFieldCommand.all(new SplittableRandom()));
    all.addAll(ListCommands.all());
    all.addAll(ListEditCommands.all());
    all.addAll(ListMoveCommands.all());
    all.addAll(SetCommands.all());
    all.addAll(SetAlgebraCommands.all());
    all.addAll(RandomMemberCommands.all(new SplittableRandom()));
    all.addAll(SortedSetCommands.all());
    all.addAll(SortedSetRangeCommands.all());
    all.addAll(SortedSetRemovalCommands.all());
    all.addAll(SortedSetAlgebraCommands.all());
    all.addAll(RandomSortedSetMemberCommands.all(new SplittableRandom()));
    all.addAll(GeoCommands.all());
    all.addAll(GeoSearchCommands.all());
    all.addAll(SortCommands.all());
    all.addAll(DumpCommands.all());
    all.addAll(KeyCommands.all());
    all.addAll(ExpiryCommands.all());
    all.addAll(new ScanCommands(new Random()).all());
    all.addAll(new DatabaseCommands(watches).all());
    all.addAll(new TransactionCommands(watches).specs());
    return all;
  }

  /**
   * Everything that a replication stream may hold. The handlers have buffers of their own: one
   * table is for one thread.
   */
  static CommandTable ofStream(LongSupplier hllSparseMaxBytes) {
    List<CommandSpec> all =
        all(new Watches(watching -> {}), () -> Integer.MAX_VALUE, hllSparseMaxBytes, () -> true);
    // The words of the stream itself, which its executor understands without a handler.
    for (String word : List.of("select", "ping", "replconf")) {
      all.add(
          CommandSpec.named(word)
              .arity(-1)
              .flags(CommandFlag.FAST)
              .group(CommandGroup.CONNECTION)
              .since("1.0.0")
              .summary("A word of the stream")
              .handler(call -> {})
              .build());
    }
    return new CommandTable(all);
  }
}
