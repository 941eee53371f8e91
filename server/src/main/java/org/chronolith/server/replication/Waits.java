package org.chronolith.server.replication;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import org.chronolith.network.NetworkLoop;
import org.chronolith.network.RespWriter;
import org.chronolith.network.Scheduled;
import org.chronolith.server.client.Client;

/** Clients that wait for acknowledgements, {@code WAIT} and {@code WAITAOF}. Thread: engine. */
final class Waits {
  private static final String UNBLOCKED =
      "UNBLOCKED force unblock from blocking operation, instance state changed (master ->"
          + " replica?)";
  private static final String UNBLOCKED_BY_CLIENT = "UNBLOCKED client unblocked via CLIENT UNBLOCK";

  /** Who has the stream up to an offset. */
  interface Acknowledged {
    /** Replicas that have it. */
    int replicas(long offset);

    /** Replicas that have it on disk. */
    int replicasOnDisk(long offset);

    /** 1 if it is on this node's disk, 0 if not. */
    int onDisk(long offset);
  }

  private final NetworkLoop loop;
  private final Acknowledged acknowledged;
  private final List<Waiting> waiting = new ArrayList<>();
  private volatile boolean any;

  /**
   * What somebody waits for.
   *
   * @param offset of the stream
   * @param locals 1 if it must be on this node's disk; -1 for {@code WAIT}, where no disk matters
   * @param replicas how many must have it
   */
  record Wanted(long offset, long locals, long replicas) {
    boolean isOnDisk() {
      return locals >= 0;
    }
  }

  private static final class Waiting {
    private final Client client;
    private final Wanted wanted;

    /** {@code CLIENT REPLY} was {@code OFF} or {@code SKIP} when the command came. */
    private final boolean silent;

    private Scheduled timeout;

    Waiting(Client client, Wanted wanted) {
      this.client = client;
      this.wanted = wanted;
      silent = client.replyMode() != Client.ReplyMode.ON;
    }
  }

  Waits(NetworkLoop loop, Acknowledged acknowledged) {
    this.loop = loop;
    this.acknowledged = acknowledged;
  }

  /** Whether anybody waits. Any thread. */
  boolean any() {
    return any;
  }

  boolean isReached(Wanted wanted) {
    return wanted.isOnDisk()
        ? acknowledged.onDisk(wanted.offset()) >= wanted.locals()
            && acknowledged.replicasOnDisk(wanted.offset()) >= wanted.replicas()
        : acknowledged.replicas(wanted.offset()) >= wanted.replicas();
  }

  /** The reply: how many have it now. */
  void reply(Wanted wanted, RespWriter out) {
    if (wanted.isOnDisk()) {
      out.array(2);
      out.integer(acknowledged.onDisk(wanted.offset()));
      out.integer(acknowledged.replicasOnDisk(wanted.offset()));
    } else {
      out.integer(acknowledged.replicas(wanted.offset()));
    }
  }

  /**
   * Blocks {@code client} until {@code wanted} is reached.
   *
   * @param timeoutMs 0 for none
   */
  void add(Client client, Wanted wanted, long timeoutMs) {
    Waiting entry = new Waiting(client, wanted);
    waiting.add(entry);
    any = true;
    client.connection().pauseRequests();
    if (timeoutMs > 0) {
      entry.timeout = loop.schedule(() -> expire(entry), timeoutMs);
    }
    if (isReached(wanted)) {
      // Whoever acknowledged it just now may not have seen yet that somebody waits.
      loop.execute(this::check);
    }
  }

  /** Replicas have acknowledged something, or more is on disk. */
  void check() {
    for (Iterator<Waiting> all = waiting.iterator(); all.hasNext(); ) {
      Waiting entry = all.next();
      if (isReached(entry.wanted)) {
        all.remove();
        answer(entry);
      }
    }
    any = !waiting.isEmpty();
  }

  private void expire(Waiting entry) {
    if (waiting.remove(entry)) {
      any = !waiting.isEmpty();
      answer(entry);
    }
  }

  private void answer(Waiting entry) {
    end(entry, reply -> reply(entry.wanted, reply));
  }

  private static void end(Waiting entry, Consumer<RespWriter> answer) {
    if (entry.timeout != null) {
      entry.timeout.cancel();
    }
    if (!entry.silent) {
      answer.accept(entry.client.connection().reply());
    }
    entry.client.connection().resumeRequests();
  }

  /**
   * Somebody has had enough of a client's waiting.
   *
   * @param withError else it is answered as if its time were over
   * @return whether it waited
   */
  boolean unblock(Client client, boolean withError) {
    for (Waiting entry : waiting) {
      if (entry.client == client) {
        waiting.remove(entry);
        any = !waiting.isEmpty();
        if (withError) {
          end(entry, reply -> reply.error(UNBLOCKED_BY_CLIENT));
        } else {
          answer(entry);
        }
        return true;
      }
    }
    return false;
  }

  /** This node is no master any more. */
  void unblockAll() {
    List<Waiting> all = List.copyOf(waiting);
    waiting.clear();
    any = false;
    all.forEach(entry -> end(entry, reply -> reply.error(UNBLOCKED)));
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
