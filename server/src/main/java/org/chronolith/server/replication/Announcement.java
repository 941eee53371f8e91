package org.chronolith.server.replication;

import org.chronolith.server.client.Client;

/** What a client has said of itself with {@code REPLCONF} before it asks to be a replica. */
final class Announcement {
  int port;
  String ip = "";

  /** What a Chronolith replica calls itself, whatever its address; null of others. */
  String nodeId;

  boolean capaEof;
  boolean capaPsync2;

  /** It takes the files of a checkpoint instead of an RDB. */
  boolean capaFiles;

  /** It can go back to where its history and this one diverge, if it is told where. */
  boolean capaRewind;

  /** Only wants an RDB, no stream after it: {@code redis-cli --rdb}. */
  boolean rdbOnly;

  /** The announcement of a client, made at its first {@code REPLCONF}. */
  static Announcement of(Client client) {
    if (client.replicationState() instanceof Announcement announcement) {
      return announcement;
    }
    Announcement made = new Announcement();
    client.replicationState(made);
    return made;
  }
}
