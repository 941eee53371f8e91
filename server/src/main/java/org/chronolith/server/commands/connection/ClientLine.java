package org.chronolith.server.commands.connection;

import org.chronolith.network.Connection;
import org.chronolith.server.client.Client;
import org.chronolith.server.client.Subscriptions;
import org.chronolith.server.client.Transaction;
import org.chronolith.server.client.Watches;
import org.chronolith.server.command.CommandSpec;

/**
 * A client as a line of {@code CLIENT LIST}: the fields of redis-server 7.0 in their order, and the
 * library's name and version as later versions have them. There is no file descriptor to show, so
 * {@code fd} is -1.
 */
final class ClientLine {
  private final StringBuilder line = new StringBuilder(400);

  /**
   * @param running the command that this client runs right now, or null
   */
  static String of(
      Client client,
      CommandSpec running,
      Watches watches,
      Subscriptions subscriptions,
      long nowMs) {
    return new ClientLine().client(client, running, watches, subscriptions, nowMs);
  }

  /** The line of a link whose socket belongs to the replication. */
  static String of(LinkedPeer peer, long nowMs) {
    ClientLine text = new ClientLine();
    text.addresses(peer.id(), peer.remoteAddress(), peer.localAddress(), "");
    text.ages(peer.createdMs(), peer.lastInteractionMs(), nowMs);
    text.field("flags", peer.type() == ClientType.MASTER ? "M" : "S");
    text.field("db", 0);
    text.subscriptions(0, 0, 0);
    text.buffers(-1, 0, 0, 0, peer.pendingBytes());
    text.field("cmd", peer.type() == ClientType.MASTER ? "NULL" : "replconf");
    text.tail(2, "", "");
    return text.line.toString();
  }

  private String client(
      Client client,
      CommandSpec running,
      Watches watches,
      Subscriptions subscriptions,
      long nowMs) {
    Connection connection = client.connection();
    addresses(client.id(), connection.remoteAddress(), connection.localAddress(), client.name());
    ages(connection.createdMs(), connection.lastInteractionMs(), nowMs);
    field("flags", flags(client, watches));
    field("db", client.db());
    subscriptions(
        subscriptions.count(client, Subscriptions.Kind.CHANNEL),
        subscriptions.count(client, Subscriptions.Kind.PATTERN),
        subscriptions.count(client, Subscriptions.Kind.SHARD_CHANNEL));
    Transaction transaction = client.transaction();
    buffers(
        transaction == null ? -1 : transaction.commands().size(),
        transaction == null ? 0 : transaction.bytes(),
        connection.queryBufferBytes(),
        connection.queryBufferCapacity(),
        connection.pendingOutputBytes());
    CommandSpec command = running == null ? client.lastCommand() : running;
    field("cmd", command == null ? "NULL" : command.fullName());
    tail(connection.reply().protocol(), client.libName(), client.libVersion());
    return line.toString();
  }

  private static String flags(Client client, Watches watches) {
    StringBuilder flags = new StringBuilder();
    if (client.isSubscriber()) {
      flags.append('P');
    }
    if (client.transaction() != null) {
      flags.append('x');
    }
    if (client.connection().isPaused()) {
      flags.append('b');
    }
    if (watches.count(client) > 0 && client.watchBroken()) {
      flags.append('d');
    }
    if (client.connection().isClosing()) {
      flags.append('c');
    }
    if (client.connection().localAddress().startsWith("/")) {
      flags.append('U');
    }
    if (client.noEvict()) {
      flags.append('e');
    }
    if (client.noTouch()) {
      flags.append('T');
    }
    return flags.isEmpty() ? "N" : flags.toString();
  }

  private void addresses(long id, String address, String localAddress, String name) {
    line.append("id=").append(id);
    field("addr", address);
    field("laddr", localAddress);
    field("fd", -1);
    field("name", name);
  }

  private void ages(long createdMs, long lastInteractionMs, long nowMs) {
    field("age", Math.max(0, nowMs - createdMs) / 1000);
    field("idle", Math.max(0, nowMs - lastInteractionMs) / 1000);
  }

  private void subscriptions(int channels, int patterns, int shardChannels) {
    field("sub", channels);
    field("psub", patterns);
    field("ssub", shardChannels);
  }

  private void buffers(
      int queued, long queuedBytes, int queryBytes, int queryCapacity, long outputBytes) {
    field("multi", queued);
    field("qbuf", queryBytes);
    field("qbuf-free", queryCapacity - queryBytes);
    field("argv-mem", 0);
    field("multi-mem", queuedBytes);
    field("rbs", 0);
    field("rbp", 0);
    field("obl", 0);
    field("oll", outputBytes > 0 ? 1 : 0);
    field("omem", outputBytes);
    field("tot-mem", queryCapacity + queuedBytes + outputBytes);
    field("events", outputBytes > 0 ? "rw" : "r");
  }

  private void tail(int protocol, String libName, String libVersion) {
    field("user", Authentication.DEFAULT_USER);
    field("redir", -1);
    field("resp", protocol);
    field("lib-name", libName);
    field("lib-ver", libVersion);
  }

  private void field(String name, Object value) {
    line.append(' ').append(name).append('=').append(value);
  }
}
