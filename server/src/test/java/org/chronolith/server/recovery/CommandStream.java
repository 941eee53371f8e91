package org.chronolith.server.recovery;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.chronolith.engine.keyspace.ExpiryMode;
import org.chronolith.engine.keyspace.KeyspaceConfig;
import org.chronolith.engine.memory.SlabSource;
import org.chronolith.engine.types.CollectionLimits;
import org.chronolith.server.client.Watches;
import org.chronolith.server.command.CommandFlag;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandRunner;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.command.CommandTable;
import org.chronolith.server.command.Dataset;
import org.chronolith.server.command.ServerCounters;
import org.chronolith.server.command.StreamExecutor;
import org.chronolith.server.commands.hashes.HashCommands;
import org.chronolith.server.commands.keys.DatabaseCommands;
import org.chronolith.server.commands.keys.DumpCommands;
import org.chronolith.server.commands.keys.ExpiryCommands;
import org.chronolith.server.commands.keys.KeyCommands;
import org.chronolith.server.commands.lists.ListCommands;
import org.chronolith.server.commands.sets.SetCommands;
import org.chronolith.server.commands.sortedsets.SortedSetCommands;
import org.chronolith.server.commands.strings.RangeCommands;
import org.chronolith.server.commands.strings.StringCommands;

/** A data set that commands of a stream are applied to, and the bytes of such a stream. */
public final class CommandStream implements AutoCloseable {
  public final Dataset dataset;
  public final StreamExecutor executor;

  public CommandStream() {
    dataset =
        new Dataset(
            KeyspaceConfig.of(16, 1L << 30, 7), CollectionLimits.DEFAULTS, SlabSource.inline());
    executor =
        new StreamExecutor(
            new CommandTable(commands()),
            new CommandRunner(dataset, new ServerCounters(), null, ExpiryMode.IGNORE),
            call -> {});
  }

  /** A multi-bulk request. */
  public static void write(ByteBuf out, String... words) {
    out.writeCharSequence("*" + words.length + "\r\n", StandardCharsets.US_ASCII);
    for (String word : words) {
      byte[] bytes = word.getBytes(StandardCharsets.ISO_8859_1);
      out.writeCharSequence("$" + bytes.length + "\r\n", StandardCharsets.US_ASCII);
      out.writeBytes(bytes).writeByte('\r').writeByte('\n');
    }
  }

  KeyspaceTarget target() {
    return new KeyspaceTarget(dataset.keyspace(), executor);
  }

  @Override
  public void close() {
    dataset.close();
  }

  private static List<CommandSpec> commands() {
    List<CommandSpec> all = new ArrayList<>();
    all.addAll(new StringCommands().all());
    all.addAll(new RangeCommands(() -> 512L << 20).all());
    all.addAll(HashCommands.all());
    all.addAll(ListCommands.all());
    all.addAll(SetCommands.all());
    all.addAll(SortedSetCommands.all());
    all.addAll(KeyCommands.all());
    all.addAll(DumpCommands.all());
    all.addAll(ExpiryCommands.all());
    all.addAll(new DatabaseCommands(new Watches(on -> {})).all());
    all.add(
        CommandSpec.named("select")
            .arity(2)
            .flags(CommandFlag.FAST)
            .group(CommandGroup.CONNECTION)
            .since("1.0.0")
            .summary("Select a database")
            .handler(call -> call.client().select((int) call.integer(1)))
            .build());
    for (String name : new String[] {"multi", "exec"}) {
      all.add(
          CommandSpec.named(name)
              .arity(1)
              .group(CommandGroup.TRANSACTIONS)
              .since("1.2.0")
              .summary("A transaction's bound")
              .handler(call -> {})
              .build());
    }
    return all;
  }
}
