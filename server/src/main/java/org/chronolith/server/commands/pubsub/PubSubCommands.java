package org.chronolith.server.commands.pubsub;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongPredicate;
import org.chronolith.engine.Slice;
import org.chronolith.server.client.Client;
import org.chronolith.server.client.Subscriptions;
import org.chronolith.server.client.Subscriptions.Kind;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandFlag;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.command.Handler;
import org.chronolith.server.info.Info;

/**
 * {@code SUBSCRIBE UNSUBSCRIBE PSUBSCRIBE PUNSUBSCRIBE SSUBSCRIBE SUNSUBSCRIBE PUBLISH SPUBLISH},
 * and {@code PUBSUB} in {@link PubSubCommand}.
 */
public final class PubSubCommands {
  /**
   * Each Sentinel says hello on this channel of every node every two seconds. It speaks to replicas
   * itself, so that the stream, which is kept on disk, need not carry it.
   */
  private static final String SENTINEL_HELLO = "__sentinel__:hello";

  private final Subscriptions subscriptions;
  private final LongPredicate relays;

  /**
   * @param relays whether a message of so many bytes goes into the replication stream
   */
  public PubSubCommands(Subscriptions subscriptions, LongPredicate relays) {
    this.subscriptions = subscriptions;
    this.relays = relays;
  }

  /** The declarations. */
  public List<CommandSpec> specs() {
    List<CommandSpec> all = new ArrayList<>();
    all.add(
        subscribing("subscribe", -2, "2.0.0", "channel [channel ...]")
            .summary("Listen for messages published to the given channels")
            .handler(call -> subscribe(call, Kind.CHANNEL))
            .build());
    all.add(
        subscribing("unsubscribe", -1, "2.0.0", "[channel [channel ...]]")
            .summary("Stop listening for messages posted to the given channels")
            .handler(call -> unsubscribe(call, Kind.CHANNEL))
            .build());
    all.add(
        subscribing("psubscribe", -2, "2.0.0", "pattern [pattern ...]")
            .summary("Listen for messages published to channels matching the given patterns")
            .handler(call -> subscribe(call, Kind.PATTERN))
            .build());
    all.add(
        subscribing("punsubscribe", -1, "2.0.0", "[pattern [pattern ...]]")
            .summary("Stop listening for messages posted to channels matching the given patterns")
            .handler(call -> unsubscribe(call, Kind.PATTERN))
            .build());
    all.add(
        subscribing("ssubscribe", -2, "7.0.0", "shardchannel [shardchannel ...]")
            .keys(1, -1, 1)
            .summary("Listen for messages published to the given shard channels")
            .handler(call -> subscribe(call, Kind.SHARD_CHANNEL))
            .build());
    all.add(
        subscribing("sunsubscribe", -1, "7.0.0", "[shardchannel [shardchannel ...]]")
            .keys(1, -1, 1)
            .summary("Stop listening for messages posted to the given shard channels")
            .handler(call -> unsubscribe(call, Kind.SHARD_CHANNEL))
            .build());
    all.add(
        publishing("publish", "2.0.0", "channel message", this::publish)
            .relays(PubSubCommands::isForReplicas)
            .summary("Post a message to a channel")
            .build());
    all.add(
        publishing("spublish", "7.0.0", "shardchannel message", this::publishToShard)
            .relays(call -> true)
            .keys(1, 1, 1)
            .summary("Post a message to a shard channel")
            .build());
    all.add(new PubSubCommand(subscriptions).spec());
    return all;
  }

  /** Registers the fields of {@code INFO}. */
  public void register(Info info) {
    info.number("pubsub_channels", () -> subscriptions.names(Kind.CHANNEL))
        .number("pubsub_patterns", () -> subscriptions.names(Kind.PATTERN))
        .number("pubsubshard_channels", () -> subscriptions.names(Kind.SHARD_CHANNEL));
  }

  private static CommandSpec.Builder subscribing(
      String name, int arity, String since, String arguments) {
    return spec(name, arity, since, arguments)
        .complexity("O(N) where N is the number of names")
        .flags(CommandFlag.PUBSUB, CommandFlag.NOSCRIPT, CommandFlag.LOADING, CommandFlag.STALE);
  }

  private static CommandSpec.Builder publishing(
      String name, String since, String arguments, Handler handler) {
    return spec(name, 3, since, arguments)
        .complexity("O(N+M) where N is the number of subscribers and M the number of patterns")
        .flags(CommandFlag.PUBSUB, CommandFlag.LOADING, CommandFlag.STALE, CommandFlag.FAST)
        .handler(handler);
  }

  private static CommandSpec.Builder spec(String name, int arity, String since, String arguments) {
    return CommandSpec.named(name)
        .arity(arity)
        .group(CommandGroup.PUBSUB)
        .since(since)
        .arguments(arguments);
  }

  private void subscribe(Call call, Kind kind) {
    for (int i = 1; i < call.argc(); i++) {
      subscriptions.subscribe(call.client(), kind, call.arg(i));
      confirmation(call, kind, "subscribe");
      call.reply().bulk(call.arg(i).buffer(), call.arg(i).offset(), call.arg(i).length());
      endConfirmation(call, kind);
    }
  }

  private void unsubscribe(Call call, Kind kind) {
    for (int i = 1; i < call.argc(); i++) {
      subscriptions.unsubscribe(call.client(), kind, call.arg(i));
      confirmation(call, kind, "unsubscribe");
      call.reply().bulk(call.arg(i).buffer(), call.arg(i).offset(), call.arg(i).length());
      endConfirmation(call, kind);
    }
    if (call.argc() > 1) {
      return;
    }
    if (subscriptions.count(call.client(), kind) == 0) {
      confirmation(call, kind, "unsubscribe");
      call.reply().nullBulk();
      endConfirmation(call, kind);
      return;
    }
    subscriptions.unsubscribeAll(
        call.client(),
        kind,
        name -> {
          confirmation(call, kind, "unsubscribe");
          call.reply().bulk(name);
          endConfirmation(call, kind);
        });
  }

  private static void confirmation(Call call, Kind kind, String verb) {
    call.reply().push(3);
    call.reply()
        .bulk(
            switch (kind) {
              case CHANNEL -> verb;
              case PATTERN -> "p" + verb;
              case SHARD_CHANNEL -> "s" + verb;
            });
  }

  /** The number of subscriptions left; shard channels are counted apart. */
  private void endConfirmation(Call call, Kind kind) {
    Client client = call.client();
    call.reply()
        .integer(
            kind == Kind.SHARD_CHANNEL
                ? subscriptions.count(client, kind)
                : subscriptions.count(client, Kind.CHANNEL)
                    + subscriptions.count(client, Kind.PATTERN));
    client.pushed();
  }

  private void publish(Call call) {
    int receivers = subscriptions.publish(call.arg(1), call.arg(2));
    if (isForReplicas(call)) {
      relay(call);
    }
    call.reply().integer(receivers);
  }

  /** Whether replicas' subscribers are to have it, too. */
  private static boolean isForReplicas(Call call) {
    return !call.is(1, SENTINEL_HELLO);
  }

  private void publishToShard(Call call) {
    int receivers = subscriptions.publishToShard(call.arg(1), call.arg(2));
    relay(call);
    call.reply().integer(receivers);
  }

  private void relay(Call call) {
    if (relays.test(call.requestBytes())) {
      call.relay();
    }
  }

  /**
   * Takes a command of a master's stream and delivers it to this node's subscribers.
   *
   * @return whether it was a message
   */
  public boolean received(Call call) {
    if (call.argc() != 3) {
      return false;
    }
    Slice channel = call.arg(1);
    if (call.is(0, "publish")) {
      subscriptions.publish(channel, call.arg(2));
      return true;
    }
    if (call.is(0, "spublish")) {
      subscriptions.publishToShard(channel, call.arg(2));
      return true;
    }
    return false;
  }
}
