package org.chronolith.server.commands.pubsub;

import io.netty.buffer.Unpooled;
import java.util.List;
import org.chronolith.engine.Slice;
import org.chronolith.network.RespWriter;
import org.chronolith.server.client.Subscriptions;
import org.chronolith.server.client.Subscriptions.Kind;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandFlag;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.command.GlobPattern;
import org.chronolith.server.command.Handler;
import org.chronolith.server.command.SubcommandHelp;

/** {@code PUBSUB}: what is subscribed to. */
final class PubSubCommand {
  private final Subscriptions subscriptions;

  PubSubCommand(Subscriptions subscriptions) {
    this.subscriptions = subscriptions;
  }

  CommandSpec spec() {
    CommandSpec.Builder pubsub =
        CommandSpec.named("pubsub")
            .arity(-2)
            .group(CommandGroup.PUBSUB)
            .since("2.8.0")
            .summary("A container for Pub/Sub commands")
            .complexity("Depends on subcommand.")
            .subcommand(
                sub("channels", -2, "2.8.0", "[pattern]", call -> channels(call, Kind.CHANNEL))
                    .summary("List active channels"))
            .subcommand(
                sub("numpat", 2, "2.8.0", "", this::patterns)
                    .summary("Get the count of unique patterns pattern subscriptions"))
            .subcommand(
                sub(
                        "numsub",
                        -2,
                        "2.8.0",
                        "[channel [channel ...]]",
                        call -> subscribers(call, Kind.CHANNEL))
                    .summary("Get the count of subscribers for channels"))
            .subcommand(
                sub(
                        "shardchannels",
                        -2,
                        "7.0.0",
                        "[pattern]",
                        call -> channels(call, Kind.SHARD_CHANNEL))
                    .summary("List active shard channels"))
            .subcommand(
                sub(
                        "shardnumsub",
                        -2,
                        "7.0.0",
                        "[shardchannel [shardchannel ...]]",
                        call -> subscribers(call, Kind.SHARD_CHANNEL))
                    .summary("Get the count of subscribers for shard channels"));
    return new SubcommandHelp().build(pubsub);
  }

  private static CommandSpec.Builder sub(
      String name, int arity, String since, String arguments, Handler handler) {
    return CommandSpec.named(name)
        .arity(arity)
        .flags(CommandFlag.PUBSUB, CommandFlag.LOADING, CommandFlag.STALE)
        .since(since)
        .arguments(arguments)
        .complexity("O(N) where N is the number of names")
        .handler(handler);
  }

  private void channels(Call call, Kind kind) {
    if (call.argc() > 3) {
      throw SubcommandHelp.wrongArguments(call, "PUBSUB");
    }
    List<byte[]> names = subscriptions.channels(kind);
    GlobPattern pattern = call.argc() == 3 ? new GlobPattern(call.arg(2).toBytes()) : null;
    RespWriter reply = call.reply();
    long mark = reply.defer();
    int count = 0;
    for (byte[] name : names) {
      if (pattern == null
          || pattern.matches(new Slice(Unpooled.wrappedBuffer(name), 0, name.length))) {
        reply.bulk(name);
        count++;
      }
    }
    reply.deferredArray(mark, count);
  }

  private void patterns(Call call) {
    call.reply().integer(subscriptions.names(Kind.PATTERN));
  }

  private void subscribers(Call call, Kind kind) {
    RespWriter reply = call.reply();
    reply.array(2L * (call.argc() - 2));
    for (int i = 2; i < call.argc(); i++) {
      Slice channel = call.arg(i);
      reply.bulk(channel.buffer(), channel.offset(), channel.length());
      reply.integer(subscriptions.subscribers(kind, channel));
    }
  }
}
