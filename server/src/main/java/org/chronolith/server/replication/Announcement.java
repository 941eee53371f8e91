package org.chronolith.server.replication;

import org.chronolith.engine.rdb.RdbVersion;
import org.chronolith.network.Addresses;
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

  /** It can go on where a full sync was cut off. */
  boolean capaResume;

  /** What it has of a checkpoint; null if it has not said. */
  ResumeRequest resume;

  /** It can go back to where its history and this one diverge, if it is told where. */
  boolean capaRewind;

  /** It tells checksums of what is in its log, with its acknowledgements. */
  boolean verify;

  /** What it was told about its log; null for nothing. */
  Mismatch.Told told;

  /** The newest version of an RDB that it reads and this server writes. */
  RdbVersion rdbVersion = RdbVersion.DEFAULT;

  /** Only wants an RDB, no stream after it: {@code redis-cli --rdb}. */
  boolean rdbOnly;

  /** Wants the keys in an RDB, and not just what {@code rdb-filter-only} has let through. */
  boolean wantsKeys = true;

  /** Where it is reached, as far as it is known. */
  String ip(String remoteAddress) {
    return ip.isEmpty() ? remoteIp(remoteAddress) : ip;
  }

  /** Without the brackets that tell the colons of IPv6 from the one before the port. */
  private static String remoteIp(String remoteAddress) {
    String host = remoteAddress.substring(0, remoteAddress.lastIndexOf(':'));
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }

  int port(String remoteAddress) {
    return port > 0 ? port : remotePort(remoteAddress);
  }

  /** As Redis's log names a replica. */
  String name(String remoteAddress) {
    return Addresses.text(ip(remoteAddress), port(remoteAddress));
  }

  private static int remotePort(String remoteAddress) {
    return Integer.parseInt(remoteAddress.substring(remoteAddress.lastIndexOf(':') + 1));
  }

  /** Under which it will come back; null if it will not be known. */
  String claimId(String remoteAddress) {
    if (nodeId != null) {
      return nodeId;
    }
    // Who tells no port, or the one that it calls from, is a tool: under another one next time.
    boolean listens = port > 0 && port != remotePort(remoteAddress);
    return listens ? ip(remoteAddress) + ":" + port : null;
  }

  /**
   * Whether the same claim can only be the same replica, and not another one behind its address.
   */
  boolean isIdentified() {
    return nodeId != null;
  }

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
