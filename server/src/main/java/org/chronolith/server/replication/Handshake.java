package org.chronolith.server.replication;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import org.chronolith.network.ProtocolException;
import org.chronolith.server.config.ServerConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a replica says to its master before {@code PSYNC}, as Redis does: {@code PING}, {@code
 * AUTH}, {@code REPLCONF listening-port}, {@code ip-address}, {@code capa}.
 *
 * <p>Thread: the replication loop.
 */
final class Handshake {
  private static final Logger LOG = LoggerFactory.getLogger(Handshake.class);

  private final ServerConfig config;
  private final int listeningPort;
  private final String nodeId;
  private final Consumer<List<String>> out;
  private final Verification verification;
  private final Deque<Consumer<String>> expected = new ArrayDeque<>();
  private boolean chronolith;

  /** Hears what the master answers to a replica that asks to be verified. */
  interface Verification {
    /** The master takes checksums over this connection. */
    void agreed();

    /** This node's log differs from the master's. */
    void differs(Mismatch.Told told);

    /** This node's data must be replaced. */
    void untrusted();
  }

  /**
   * @param nodeId under which a Chronolith master knows this node again
   * @param out sends a command
   */
  Handshake(
      ServerConfig config,
      int listeningPort,
      String nodeId,
      Consumer<List<String>> out,
      Verification verification) {
    this.verification = verification;
    this.config = config;
    this.listeningPort = listeningPort;
    this.nodeId = nodeId;
    this.out = out;
  }

  void start() {
    send(this::pong, "PING");
  }

  private void send(Consumer<String> answer, String... words) {
    expected.add(answer);
    out.accept(List.of(words));
  }

  /**
   * Takes the next line of the master.
   *
   * @return whether the handshake is over
   * @throws ProtocolException if the master does not speak as one
   * @throws LinkEnd if it refuses
   */
  boolean line(String line) {
    Consumer<String> answer = expected.poll();
    if (answer == null) {
      throw new ProtocolException("unexpected line from the master: " + line);
    }
    answer.accept(line);
    return expected.isEmpty();
  }

  private void pong(String line) {
    if (line.startsWith("-")
        && !line.startsWith("-NOAUTH")
        && !line.startsWith("-NOPERM")
        && !line.startsWith("-ERR operation not permitted")) {
      throw LinkEnd.warning("Error reply to PING from master: '" + line + "'");
    }
    if (line.startsWith("-NOAUTH") && config.masterAuth().isEmpty()) {
      throw LinkEnd.warning(
          "MASTER aborted replication with an error: "
              + line.substring(1)
              + " Set 'masterauth', and 'masteruser' for an ACL user");
    }
    LOG.info("Master replied to PING, replication can continue...");
    if (!config.masterAuth().isEmpty()) {
      List<String> words = new ArrayList<>(List.of("AUTH"));
      if (!config.masterUser().isEmpty()) {
        words.add(config.masterUser());
      }
      words.add(config.masterAuth());
      send(Handshake::authenticated, words.toArray(String[]::new));
    }
    int port = config.replicaAnnouncePort() > 0 ? config.replicaAnnouncePort() : listeningPort;
    replconf("listening-port", Integer.toString(port));
    if (!config.replicaAnnounceIp().isEmpty()) {
      replconf("ip-address", config.replicaAnnounceIp());
    }
    send(this::identified, "REPLCONF", ReplicationCommands.NODE_ID, nodeId);
    replconf(
        "capa",
        "eof",
        "capa",
        "psync2",
        "capa",
        ReplicationCommands.CAPA_FILES,
        "capa",
        ReplicationCommands.CAPA_REWIND,
        "capa",
        ReplicationCommands.CAPA_RESUME);
    if (config.replVerify()) {
      send(
          this::verified,
          "REPLCONF",
          ReplicationCommands.VERIFY,
          Integer.toString(BlockSums.BLOCK_BYTES));
    }
  }

  /** Whether the master has shown that it is a Chronolith. */
  boolean isChronolith() {
    return chronolith;
  }

  private void identified(String line) {
    chronolith = understood(ReplicationCommands.NODE_ID, line);
  }

  private static boolean understood(String option, String line) {
    if (line.startsWith("-")) {
      LOG.info("(Non critical) Master does not understand REPLCONF {}: {}", option, line);
      return false;
    }
    return true;
  }

  private void verified(String line) {
    if (!understood(ReplicationCommands.VERIFY, line)) {
      return;
    }
    verification.agreed();
    if (line.startsWith(Mismatch.WORD)) {
      verification.differs(Mismatch.Told.parse(line));
    } else if (line.startsWith(LinkVerification.UNTRUSTED)) {
      verification.untrusted();
    }
  }

  private void replconf(String... words) {
    List<String> all = new ArrayList<>(List.of("REPLCONF"));
    all.addAll(List.of(words));
    send(line -> understood(words[0], line), all.toArray(String[]::new));
  }

  private static void authenticated(String line) {
    if (line.startsWith("-")) {
      throw LinkEnd.warning("Unable to AUTH to MASTER: " + line);
    }
  }
}
