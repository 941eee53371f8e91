package org.chronolith.server.replication;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.chronolith.network.ProtocolException;
import org.chronolith.network.StreamConnection;
import org.chronolith.server.config.ServerConfig;
import org.chronolith.server.recovery.IncomingFiles;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a link says to its master until the stream, or a full sync, comes: the {@link Handshake},
 * for a redis-server the question for its history, then {@code PSYNC}; and what follows from the
 * answers.
 *
 * <p>Thread: the replication loop.
 */
final class LinkDialog implements Handshake.Verification {
  private static final Logger LOG = LoggerFactory.getLogger(LinkDialog.class);

  private static final int LONGEST_LINE_BYTES = 4 << 10;

  private final ReplicaLink link;
  private final LinkFlow flow;
  private final ServerConfig config;
  private final LinkOwner owner;

  private Handshake handshake;

  /** The master is to be asked for its history before it is asked to go on. */
  private boolean unexamined;

  /** What a master that was asked for that answers; null if it has not been, or has answered. */
  private StockHistory history;

  /** {@code PSYNC} was sent and its answer has not come. */
  private boolean asked;

  /** It asked the other node to become the master. */
  private boolean askedFailover;

  /** What an earlier full sync has left, of which the master was told; or null. */
  private IncomingFiles incoming;

  /** The master has not yet answered to that. */
  private boolean resumeAsked;

  LinkDialog(ReplicaLink link, LinkFlow flow, ServerConfig config, LinkOwner owner) {
    this.link = link;
    this.flow = flow;
    this.config = config;
    this.owner = owner;
  }

  /** The connection is there. */
  void begin() {
    handshake = new Handshake(config, owner.listeningPort(), owner.nodeId(), this::send, this);
    handshake.start();
  }

  /** The connection has ended. */
  void end() {
    asked = false;
    incoming = null;
    resumeAsked = false;
    history = null;
  }

  /** Whether {@code PSYNC} was sent and its answer has not come. */
  boolean isAsked() {
    return asked;
  }

  @Override
  public void agreed() {
    flow.agreed();
  }

  @Override
  public void differs(Mismatch.Told told) {
    owner.differs(link, told);
  }

  @Override
  public void untrusted() {
    owner.untrusted(link);
  }

  /** Sends a command. */
  void send(List<String> words) {
    StringBuilder text = new StringBuilder();
    text.append('*').append(words.size()).append("\r\n");
    for (String word : words) {
      int bytes = word.getBytes(StandardCharsets.UTF_8).length;
      text.append('$').append(bytes).append("\r\n").append(word).append("\r\n");
    }
    StreamConnection connection = link.connection();
    connection.write(Unpooled.copiedBuffer(text, StandardCharsets.UTF_8));
    connection.flush();
  }

  /**
   * Takes what the master answers.
   *
   * @return whether nothing is to be answered any more: what is left is a full sync's, or the
   *     stream's, once the engine is ready
   * @throws ProtocolException if the master does not speak as one
   * @throws LinkEnd if it refuses
   */
  boolean bytes(ByteBuf in) {
    while (in.isReadable()) {
      if (history != null) {
        if (!history.bytes(in)) {
          return false;
        }
        examined();
      } else {
        String line = readLine(in);
        if (line == null) {
          return false;
        }
        line(line);
        if (history == null && handshake == null && !asked) {
          return true;
        }
      }
    }
    return false;
  }

  /** A line without its end, or null if it has not all arrived. */
  static String readLine(ByteBuf in) {
    int length = in.bytesBefore((byte) '\n');
    if (length < 0) {
      if (in.readableBytes() > LONGEST_LINE_BYTES) {
        throw new ProtocolException("a line of the master is too long");
      }
      return null;
    }
    String line = in.toString(in.readerIndex(), length, StandardCharsets.UTF_8).strip();
    in.skipBytes(length + 1);
    return line;
  }

  private void line(String line) {
    if (line.isEmpty()) {
      // A sign of life while the master prepares.
      return;
    }
    if (resumeAsked) {
      resumeAsked = false;
      if (line.startsWith("-")) {
        LOG.info(
            "(Non critical) Master does not understand REPLCONF {}: {}",
            ReplicationCommands.RESUME,
            line);
      }
    } else if (handshake == null) {
      psyncReply(line);
    } else if (handshake.line(line)) {
      unexamined = !handshake.isChronolith();
      handshake = null;
      psync();
    }
  }

  private void psync() {
    StreamConnection asking = link.connection();
    asked = false;
    owner.position(
        link,
        (id, nextByte, failover, left) -> {
          if (!link.isOver(asking)) {
            ask(id, nextByte, failover, left);
          }
        });
  }

  private void ask(String id, long nextByte, boolean failover, IncomingFiles left) {
    if (unexamined && !failover && !id.equals("?")) {
      examine(id, nextByte);
      return;
    }
    if (id.equals("?")) {
      LOG.info("Partial resynchronization not possible (no cached master)");
    } else {
      LOG.info("Trying a partial resynchronization (request {}:{}).", id, nextByte);
    }
    asked = true;
    askedFailover = failover;
    tell(left);
    String next = Long.toString(nextByte);
    send(failover ? List.of("PSYNC", id, next, "FAILOVER") : List.of("PSYNC", id, next));
  }

  /** Asks a master that would refuse with a full resync where the histories diverge. */
  private void examine(String id, long nextByte) {
    unexamined = false;
    history = new StockHistory(id, nextByte);
    send(StockHistory.COMMAND);
  }

  private void examined() {
    StockHistory told = history;
    history = null;
    if (!told.refusal().isEmpty()) {
      LOG.info("(Non critical) Master does not answer INFO: {}", told.refusal());
    }
    if (told.isBehind()) {
      // As a Chronolith says it; a redis-server would send everything.
      throw LinkEnd.notice(
          "Master is currently unable to PSYNC but should be in the future: it is a replica that"
              + " has not yet what this node has");
    }
    told.divergence().ifPresent(master -> owner.told(link, master));
    psync();
  }

  /** Says what is there of a full sync that was cut off, in case that the master sends one. */
  private void tell(IncomingFiles left) {
    incoming = left;
    if (left != null) {
      IncomingFiles.Position at = left.position();
      ResumeRequest request = new ResumeRequest(at.checkpointId(), at.files(), at.fileBytes());
      resumeAsked = true;
      send(List.of("REPLCONF", ReplicationCommands.RESUME, request.word()));
    }
  }

  private void psyncReply(String line) {
    String[] words = line.split(" ");
    if (words[0].equals("+CONTINUE")) {
      asked = false;
      LOG.info("Successful partial resynchronization with master.");
      LOG.info("MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization.");
      String id = words.length > 1 ? words[1] : "";
      StreamConnection continuing = link.connection();
      continuing.readPaused(true);
      owner.continued(link, id, () -> link.goOn(continuing));
    } else if (words[0].equals("+FULLRESYNC") && words.length == 3) {
      asked = false;
      LOG.info("Full resync from master: {}:{}", words[1], words[2]);
      owner.fullResync(link);
      link.beginFullSync();
      link.receive(owner.receive(words[1], offset(words[2]), link, incoming));
    } else if (words[0].equals(Divergence.WORD)) {
      // After a forced failover, too: the other node has taken over, and lacks what this one has.
      owner.diverged(link, Divergence.parse(line));
      psync();
    } else if (askedFailover) {
      owner.failoverRejected(link);
      throw LinkEnd.warning("Failover target rejected psync request: " + line);
    } else if (line.startsWith("-NOMASTERLINK") || line.startsWith("-LOADING")) {
      throw LinkEnd.notice(
          "Master is currently unable to PSYNC but should be in the future: " + line);
    } else if (line.startsWith("+FULLRESYNC")) {
      throw LinkEnd.warning("Master replied with wrong +FULLRESYNC syntax.");
    } else if (line.startsWith("-ERR")) {
      throw LinkEnd.notice(
          "Master does not support PSYNC or is in error state (reply: " + line + ")");
    } else {
      throw LinkEnd.warning("Unexpected reply to PSYNC from master: " + line);
    }
  }

  private static long offset(String word) {
    try {
      long offset = Long.parseLong(word);
      if (offset >= 0) {
        return offset;
      }
    } catch (NumberFormatException e) {
      throw new ProtocolException("the master's offset is " + word);
    }
    throw new ProtocolException("the master's offset is " + word);
  }
}
