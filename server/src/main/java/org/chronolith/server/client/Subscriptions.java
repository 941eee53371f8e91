package org.chronolith.server.client;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.chronolith.engine.Slice;
import org.chronolith.network.OutputLimit;
import org.chronolith.network.RespWriter;
import org.chronolith.server.command.GlobPattern;

/**
 * Who has subscribed to what, and the delivery of messages. A message is written into the output of
 * each subscriber in the turn in which it was published; what a subscriber leaves unread is bounded
 * by {@code client-output-buffer-limit pubsub}, beyond which it is closed.
 *
 * <p>Thread: engine.
 */
public final class Subscriptions {
  private static final byte[] MESSAGE = ascii("message");
  private static final byte[] PATTERN_MESSAGE = ascii("pmessage");
  private static final byte[] SHARD_MESSAGE = ascii("smessage");

  private final Map<ChannelName, Set<Client>> channels = new LinkedHashMap<>();
  private final Map<ChannelName, Set<Client>> shardChannels = new LinkedHashMap<>();
  private final Map<ChannelName, Pattern> patterns = new LinkedHashMap<>();
  private final Map<Client, Map<Kind, Set<ChannelName>>> namesOf = new LinkedHashMap<>();
  private final List<Client> overLimit = new ArrayList<>();
  private final ChannelName probe = new ChannelName();
  private OutputLimit limit = OutputLimit.NONE;

  /** What can be subscribed to. */
  public enum Kind {
    CHANNEL,
    PATTERN,
    SHARD_CHANNEL
  }

  private static final class Pattern {
    private final GlobPattern glob;
    private final Set<Client> clients = new LinkedHashSet<>();

    Pattern(byte[] pattern) {
      glob = new GlobPattern(pattern);
    }
  }

  /** The limit on what a subscriber leaves unread, for those of now and of later. */
  public void limit(OutputLimit value) {
    limit = value;
    namesOf.keySet().forEach(client -> client.connection().outputLimit(value));
  }

  /** Subscribes the client; nothing changes if it is subscribed already. */
  public void subscribe(Client client, Kind kind, Slice name) {
    probe.set(name);
    Map<Kind, Set<ChannelName>> names = namesOf.get(client);
    if (names == null) {
      names = new EnumMap<>(Kind.class);
      namesOf.put(client, names);
      // It is silent for good reason, and has a limit of its own.
      client.connection().outputLimit(limit);
      client.connection().idleExempt(true);
    }
    Set<ChannelName> ofKind = names.computeIfAbsent(kind, k -> new LinkedHashSet<>());
    if (!ofKind.contains(probe)) {
      ChannelName kept = probe.copy();
      ofKind.add(kept);
      clients(kind, kept).add(client);
      counted(client);
    }
  }

  /** Those who have subscribed to a name, to be added to. */
  private Set<Client> clients(Kind kind, ChannelName name) {
    return switch (kind) {
      case CHANNEL -> channels.computeIfAbsent(name, n -> new LinkedHashSet<>());
      case SHARD_CHANNEL -> shardChannels.computeIfAbsent(name, n -> new LinkedHashSet<>());
      case PATTERN -> patterns.computeIfAbsent(name, n -> new Pattern(n.bytes())).clients;
    };
  }

  /** Ends a subscription; nothing changes if there is none. */
  public void unsubscribe(Client client, Kind kind, Slice name) {
    Map<Kind, Set<ChannelName>> names = namesOf.get(client);
    probe.set(name);
    if (names != null && names.getOrDefault(kind, Set.of()).remove(probe)) {
      remove(client, kind, probe);
      counted(client);
    }
  }

  /** Ends all subscriptions of a kind, and tells of each name after it has gone. */
  public void unsubscribeAll(Client client, Kind kind, Consumer<byte[]> gone) {
    Set<ChannelName> names = namesOf.getOrDefault(client, Map.of()).get(kind);
    if (names == null) {
      return;
    }
    for (ChannelName name : List.copyOf(names)) {
      names.remove(name);
      remove(client, kind, name);
      counted(client);
      gone.accept(name.bytes());
    }
  }

  /** The client has gone, or starts over: all its subscriptions end. */
  public void forget(Client client) {
    if (namesOf.containsKey(client)) {
      for (Kind kind : Kind.values()) {
        unsubscribeAll(client, kind, name -> {});
      }
    }
  }

  private void remove(Client client, Kind kind, ChannelName name) {
    if (kind == Kind.PATTERN) {
      Pattern pattern = patterns.get(name);
      pattern.clients.remove(client);
      if (pattern.clients.isEmpty()) {
        patterns.remove(name);
      }
      return;
    }
    Map<ChannelName, Set<Client>> all = kind == Kind.CHANNEL ? channels : shardChannels;
    Set<Client> clients = all.get(name);
    clients.remove(client);
    if (clients.isEmpty()) {
      all.remove(name);
    }
  }

  private void counted(Client client) {
    boolean any = false;
    for (Kind kind : Kind.values()) {
      any |= count(client, kind) > 0;
    }
    client.subscriber(any);
    if (!any) {
      namesOf.remove(client);
      client.connection().outputLimit(null);
      client.connection().idleExempt(false);
    }
  }

  /** Number of names of a kind that the client has subscribed to. */
  public int count(Client client, Kind kind) {
    Set<ChannelName> names = namesOf.getOrDefault(client, Map.of()).get(kind);
    return names == null ? 0 : names.size();
  }

  /** Number of different names of a kind that somebody has subscribed to. */
  public int names(Kind kind) {
    return switch (kind) {
      case CHANNEL -> channels.size();
      case SHARD_CHANNEL -> shardChannels.size();
      case PATTERN -> patterns.size();
    };
  }

  /** The channels, not patterns, that somebody has subscribed to. */
  public List<byte[]> channels(Kind kind) {
    Set<ChannelName> names = (kind == Kind.CHANNEL ? channels : shardChannels).keySet();
    List<byte[]> all = new ArrayList<>(names.size());
    for (ChannelName name : names) {
      all.add(name.bytes());
    }
    return Collections.unmodifiableList(all);
  }

  /** Number of clients that have subscribed to a channel; patterns do not count. */
  public int subscribers(Kind kind, Slice channel) {
    Map<ChannelName, Set<Client>> all = kind == Kind.CHANNEL ? channels : shardChannels;
    return all.getOrDefault(probe.set(channel), Set.of()).size();
  }

  /**
   * Delivers a message to the subscribers of {@code channel}, then to those of matching patterns,
   * in the order in which they came.
   *
   * @return number of deliveries
   */
  public int publish(Slice channel, Slice message) {
    int receivers = 0;
    Set<Client> direct = channels.get(probe.set(channel));
    if (direct != null) {
      for (Client client : direct) {
        deliver(client, MESSAGE, null, channel, message);
      }
      receivers += direct.size();
    }
    for (Map.Entry<ChannelName, Pattern> entry : patterns.entrySet()) {
      Pattern pattern = entry.getValue();
      if (pattern.glob.matches(channel)) {
        for (Client client : pattern.clients) {
          deliver(client, PATTERN_MESSAGE, entry.getKey().bytes(), channel, message);
        }
        receivers += pattern.clients.size();
      }
    }
    closeOverLimit();
    return receivers;
  }

  /** As {@link #publish}, to the subscribers of a shard channel. */
  public int publishToShard(Slice channel, Slice message) {
    Set<Client> clients = shardChannels.get(probe.set(channel));
    if (clients == null) {
      return 0;
    }
    for (Client client : clients) {
      deliver(client, SHARD_MESSAGE, null, channel, message);
    }
    int receivers = clients.size();
    closeOverLimit();
    return receivers;
  }

  private void deliver(Client client, byte[] type, byte[] pattern, Slice channel, Slice message) {
    if (client.connection().isClosing()) {
      return;
    }
    RespWriter out = client.connection().reply();
    out.push(pattern == null ? 3 : 4);
    out.bulk(type);
    if (pattern != null) {
      out.bulk(pattern);
    }
    out.bulk(channel.buffer(), channel.offset(), channel.length());
    out.bulk(message.buffer(), message.offset(), message.length());
    client.pushed();
    // One turn may bring many messages: the limit must hold before its end, too.
    if (limit.hardBytes() > 0 && out.pendingBytes() > limit.hardBytes()) {
      overLimit.add(client);
    }
  }

  private void closeOverLimit() {
    if (!overLimit.isEmpty()) {
      List<Client> closing = List.copyOf(overLimit);
      overLimit.clear();
      closing.forEach(client -> client.connection().enforceOutputLimit());
    }
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
