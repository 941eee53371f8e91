package org.chronolith.server.replication;

import org.chronolith.server.commands.connection.ClientType;
import org.chronolith.server.commands.connection.LinkedPeer;

/** The link to the master as {@code CLIENT LIST} shows it. Thread: engine. */
final class MasterPeer implements LinkedPeer {
  private final ReplicaLink link;

  MasterPeer(ReplicaLink link) {
    this.link = link;
  }

  /** No client has it: theirs begin at 1. */
  @Override
  public long id() {
    return 0;
  }

  @Override
  public ClientType type() {
    return ClientType.MASTER;
  }

  @Override
  public String remoteAddress() {
    return link.remoteAddress();
  }

  @Override
  public String localAddress() {
    return link.localAddress();
  }

  @Override
  public long createdMs() {
    return link.connectedMs();
  }

  @Override
  public long lastInteractionMs() {
    return link.lastIoMs();
  }

  /** What this side sends is small and leaves at once. */
  @Override
  public long pendingBytes() {
    return 0;
  }

  /** The link comes back by itself. */
  @Override
  public void close() {
    link.disconnect();
  }
}
