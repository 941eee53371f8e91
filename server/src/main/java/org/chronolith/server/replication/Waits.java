package org.chronolith.server.replication;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.LongToIntFunction;
import org.chronolith.network.NetworkLoop;
import org.chronolith.network.Scheduled;
import org.chronolith.server.client.Client;

/** Clients that wait for acknowledgements, {@code WAIT}. Thread: engine. */
final class Waits {
  private final NetworkLoop loop;
  private final LongToIntFunction acknowledgedBy;
  private final List<Waiting> waiting = new ArrayList<>();
  private volatile boolean any;

  private static final class Waiting {
    private final Client client;
    private final long offset;
    private final long replicas;
    private Scheduled timeout;

    Waiting(Client client, long offset, long replicas) {
      this.client = client;
      this.offset = offset;
      this.replicas = replicas;
    }
  }

  /**
   * @param acknowledgedBy number of replicas whose log goes to an offset
   */
  Waits(NetworkLoop loop, LongToIntFunction acknowledgedBy) {
    this.loop = loop;
    this.acknowledgedBy = acknowledgedBy;
  }

  /** Whether anybody waits. Any thread. */
  boolean any() {
    return any;
  }

  /**
   * Blocks {@code client} until {@code replicas} have acknowledged {@code offset}.
   *
   * @param timeoutMs 0 for none
   */
  void add(Client client, long offset, long replicas, long timeoutMs) {
    Waiting entry = new Waiting(client, offset, replicas);
    waiting.add(entry);
    any = true;
    client.connection().pauseRequests();
    if (timeoutMs > 0) {
      entry.timeout = loop.schedule(() -> expire(entry), timeoutMs);
    }
  }

  /** Replicas have acknowledged something. */
  void check() {
    for (Iterator<Waiting> all = waiting.iterator(); all.hasNext(); ) {
      Waiting entry = all.next();
      int count = acknowledgedBy.applyAsInt(entry.offset);
      if (count >= entry.replicas) {
        all.remove();
        answer(entry, count);
      }
    }
    any = !waiting.isEmpty();
  }

  private void expire(Waiting entry) {
    if (waiting.remove(entry)) {
      any = !waiting.isEmpty();
      answer(entry, acknowledgedBy.applyAsInt(entry.offset));
    }
  }

  private static void answer(Waiting entry, int count) {
    if (entry.timeout != null) {
      entry.timeout.cancel();
    }
    entry.client.connection().reply().integer(count);
    entry.client.connection().resumeRequests();
  }

  /** This node is no master any more. */
  void unblockAll() {
    List<Waiting> all = List.copyOf(waiting);
    waiting.clear();
    any = false;
    for (Waiting entry : all) {
      if (entry.timeout != null) {
        entry.timeout.cancel();
      }
      entry
          .client
          .connection()
          .reply()
          .error(
              "UNBLOCKED force unblock from blocking operation, instance state changed (master ->"
                  + " replica?)");
      entry.client.connection().resumeRequests();
    }
  }

  /** The client has gone. */
  void forget(Client client) {
    for (Iterator<Waiting> all = waiting.iterator(); all.hasNext(); ) {
      Waiting entry = all.next();
      if (entry.client == client) {
        all.remove();
        if (entry.timeout != null) {
          entry.timeout.cancel();
        }
      }
    }
    any = !waiting.isEmpty();
  }
}
