package org.chronolith.server.replication;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;
import org.chronolith.network.Dialer;
import org.chronolith.network.NetworkLoop;
import org.chronolith.network.ProtocolException;
import org.chronolith.network.Scheduled;
import org.chronolith.network.StreamConnection;
import org.chronolith.network.StreamHandler;
import org.chronolith.server.command.StreamExecutor;
import org.chronolith.server.config.HostPort;
import org.chronolith.server.config.ServerConfig;
import org.chronolith.server.recovery.IncomingFiles;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's link to its master: connects, shakes hands as Redis does, asks for a partial resync,
 * receives a full one if it must, then brings the stream to the engine and acknowledges what is in
 * this node's own log. When it is cut it comes back, with growing pauses.
 *
 * <p>Thread: the replication loop, except for the getters, which the engine thread reads, and
 * {@link #stop}.
 */
final class ReplicaLink implements StreamApply.Source {
  /** With Redis's words for {@code ROLE}. */
  enum State {
    CONNECT("connect"),
    CONNECTING("connecting"),
    HANDSHAKE("handshake"),
    SYNC("sync"),
    CONNECTED("connected");

    private final String word;

    State(String word) {
      this.word = word;
    }

    String word() {
      return word;
    }
  }

  private static final Logger LOG = LoggerFactory.getLogger(ReplicaLink.class);
  private static final long FIRST_PAUSE_MS = 100;

  /**
   * As often as a Redis replica tries. With longer pauses, one whose master restarts again and
   * again finds it just as it is gone, until the master's log does not go back far enough any more.
   */
  private static final long LONGEST_PAUSE_MS = 1_000;

  /** After an RDB that cannot be used: the master makes each of them with some effort. */
  private static final long REFUSED_PAUSE_MS = 60_000;

  /** After a data set that has arrived whole, and cannot be loaded. */
  private static final long NOT_LOADED_PAUSE_MS = 10_000;

  /** What Netty puts around the system's words: the call and the number, and the address. */
  private static final Pattern NETTYS_WORDS =
      Pattern.compile("^\\w+\\(\\.\\.\\) failed(?: with error\\(-\\d+\\))?: |: [^ ]*/[^ ]*:\\d+$");

  private static final int TICK_MS = 1_000;

  /** Bytes on their way to the engine, or to the disk, at which the link stops reading. */
  private static final int MOST_WAITING_BYTES = 8 << 20;

  private static final int LONGEST_LINE_BYTES = 4 << 10;

  /** An acknowledgement without checksums. */
  private static final int ACK_BYTES = 256;

  private final NetworkLoop loop;
  private final HostPort master;
  private final ServerConfig config;
  private final LinkOwner owner;

  private volatile State state = State.CONNECT;
  private volatile long lastIoMs;
  private volatile long downSinceMs;
  private volatile long connectedMs;
  private volatile String remoteAddress = "?:0";
  private volatile String localAddress = "?:0";
  private volatile SyncProgress syncProgress;
  private volatile boolean stopped;
  private volatile String error = "";
  private volatile boolean halted;

  private final Scheduled ticks;

  /** Other threads compare it only, to tell the connections apart. */
  private volatile StreamConnection connection;

  /** When it was begun; wall clock. */
  private long attemptMs;

  /** The log says already why the connection ends. */
  private boolean explained;

  /** Nothing has come over it for too long. */
  private boolean timedOut;

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

  private FullSyncStream fullSync;

  /** The master is one that takes checksums. */
  private volatile boolean verifiedMaster;

  /** Where the stream could not be read the last time. Engine thread. */
  private long unreadableAt = -1;

  private final LinkReport report;

  /** Stream bytes that came before the engine was ready for them. */
  private ByteBuf held;

  private long pauseMs = FIRST_PAUSE_MS;
  private int waitingBytes;

  ReplicaLink(NetworkLoop loop, HostPort master, ServerConfig config, LinkOwner owner) {
    this.loop = loop;
    lastIoMs = loop.clock().wallMs();
    downSinceMs = lastIoMs;
    this.master = master;
    this.config = config;
    this.owner = owner;
    report = new LinkReport(loop, this::acknowledge);
    ticks = loop.every(this::tick, TICK_MS);
    loop.execute(this::connect);
  }

  /** Wall clock. */
  long nowMs() {
    return loop.clock().wallMs();
  }

  HostPort master() {
    return master;
  }

  State state() {
    return state;
  }

  /** Wall clock of the last byte from the master. */
  long lastIoMs() {
    return lastIoMs;
  }

  /** Whether it has given up for good, for the reason that {@link #error} gives. */
  boolean halted() {
    return halted;
  }

  /** Wall clock since when the link is not up. */
  long downSinceMs() {
    return downSinceMs;
  }

  /** {@code host:port} of the master. */
  String remoteAddress() {
    return remoteAddress;
  }

  /** {@code host:port} of this side. */
  String localAddress() {
    return localAddress;
  }

  /** Wall clock of the last connect. */
  long connectedMs() {
    return connectedMs;
  }

  /** Why the link cannot be up, or empty: what came from the master is beyond this server. */
  String error() {
    return error;
  }

  /** Of the full sync that runs; null before the master has said what comes. */
  SyncProgress syncProgress() {
    return syncProgress;
  }

  /** Cuts the connection; a new one is made. Any thread. */
  void disconnect() {
    StreamConnection current = connection;
    if (current != null) {
      current.close();
    }
  }

  /** As {@link #disconnect}, for a reason that the log has. Any thread. */
  void comeBack() {
    StreamConnection over = connection;
    loop.execute(() -> close(over));
  }

  /** Ends the link for good. Any thread. */
  void stop() {
    stopped = true;
    loop.execute(
        () -> {
          ticks.cancel();
          if (connection != null) {
            connection.close();
          }
        });
  }

  private void connect() {
    if (stopped || halted || connection != null) {
      return;
    }
    LOG.info("Connecting to MASTER {}:{}", master.host(), master.port());
    state = State.CONNECTING;
    waitingBytes = 0;
    attemptMs = nowMs();
    explained = false;
    timedOut = false;
    Attempt attempt = new Attempt();
    connection =
        Dialer.connect(
            loop,
            master.host(),
            master.port(),
            (int) Math.min(Integer.MAX_VALUE, timeoutMs()),
            attempt);
    LOG.info("MASTER <-> REPLICA sync started");
  }

  private long timeoutMs() {
    return config.replTimeoutSeconds() * 1000L;
  }

  private void tick() {
    if (connection == null || stopped || timedOut) {
      // After a timeout it ends at once, or when the search for the master's name does: another
      // one would only wait for the same.
      return;
    }
    if (state == State.CONNECTED) {
      report.collect();
      acknowledge();
    } else if (fullSync != null && fullSync.isRdb()) {
      // What a Redis that loads an RDB says, so that its master does not give up.
      connection.write(Unpooled.copiedBuffer("\n", StandardCharsets.US_ASCII));
      connection.flush();
      if (fullSync.loading()) {
        return;
      }
    } else if (fullSync != null && fullSync.loading()) {
      // The master must not give up while this side is busy with what it sent.
      send(List.of("REPLCONF", "ACK", "0"));
      return;
    }
    if (nowMs() - Math.max(lastIoMs, attemptMs) > timeoutMs() && waitingBytes == 0) {
      LOG.warn(timeoutText());
      explained = true;
      timedOut = true;
      connection.close();
    }
  }

  private String timeoutText() {
    if (state == State.CONNECTED) {
      return "MASTER timeout: no data nor PING received...";
    }
    return fullSync == null
        ? "Timeout connecting to the MASTER..."
        : "Timeout receiving bulk data from MASTER... If the problem persists try to set the"
            + " 'repl-timeout' parameter in redis.conf to a larger value.";
  }

  /** Tells the master how far this node's log goes, and what is in it. */
  void acknowledge() {
    if (state == State.CONNECTED && connection != null) {
      ByteBuf out =
          PooledByteBufAllocator.DEFAULT.directBuffer(ACK_BYTES, Acknowledgement.MOST_BYTES);
      Acknowledgement.write(out, owner.endOffset(), owner.durableOffset(), report.current());
      connection.write(out);
      connection.flush();
    }
  }

  private void send(List<String> words) {
    StringBuilder text = new StringBuilder();
    text.append('*').append(words.size()).append("\r\n");
    for (String word : words) {
      int bytes = word.getBytes(StandardCharsets.UTF_8).length;
      text.append('$').append(bytes).append("\r\n").append(word).append("\r\n");
    }
    connection.write(Unpooled.copiedBuffer(text, StandardCharsets.UTF_8));
    connection.flush();
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
    StreamConnection asking = connection;
    asked = false;
    owner.position(
        this,
        (id, nextByte, failover, left) -> {
          if (asking != connection || stopped) {
            return;
          }
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
        });
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
    told.divergence().ifPresent(master -> owner.told(this, master));
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
      StreamConnection continuing = connection;
      connection.readPaused(true);
      owner.continued(this, id, () -> goOn(continuing));
    } else if (words[0].equals("+FULLRESYNC") && words.length == 3) {
      asked = false;
      LOG.info("Full resync from master: {}:{}", words[1], words[2]);
      owner.fullResync(this);
      state = State.SYNC;
      syncProgress = null;
      fullSync = owner.receive(words[1], offset(words[2]), this, incoming);
    } else if (words[0].equals(Divergence.WORD)) {
      // After a forced failover, too: the other node has taken over, and lacks what this one has.
      owner.diverged(this, Divergence.parse(line));
      psync();
    } else if (askedFailover) {
      owner.failoverRejected(this);
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

  /** The engine is ready for the stream that follows. */
  void goOn(StreamConnection continuing) {
    if (continuing != connection || stopped) {
      return;
    }
    fullSync = null;
    error = "";
    state = State.CONNECTED;
    pauseMs = FIRST_PAUSE_MS;
    lastIoMs = loop.clock().wallMs();
    report.begin(owner.log());
    if (held != null) {
      ByteBuf first = held;
      held = null;
      toEngine(first);
    }
    connection.readPaused(waitingBytes > MOST_WAITING_BYTES);
    acknowledge();
  }

  private void toEngine(ByteBuf chunk) {
    handedOver(chunk.readableBytes());
    owner.stream(chunk, this);
  }

  StreamConnection connection() {
    return connection;
  }

  void syncProgress(SyncProgress progress) {
    syncProgress = progress;
  }

  /** Bytes were handed to another thread. */
  void handedOver(int bytes) {
    waitingBytes += bytes;
    if (waitingBytes > MOST_WAITING_BYTES) {
      connection.readPaused(true);
    }
  }

  @Override
  public void taken(int bytes) {
    StreamConnection from = connection;
    loop.execute(
        () -> {
          if (from != connection || connection == null) {
            return;
          }
          boolean wasFull = waitingBytes > MOST_WAITING_BYTES;
          // They may have come over the connection before.
          waitingBytes = Math.max(0, waitingBytes - bytes);
          if (wasFull && waitingBytes <= MOST_WAITING_BYTES && !switching()) {
            connection.readPaused(false);
          }
        });
  }

  private boolean switching() {
    return fullSync != null && fullSync.loading();
  }

  @Override
  public void malformed(ProtocolException cause) {
    StreamConnection over = connection;
    if (isStuck(owner.endOffset()) && verifiedMaster) {
      owner.stuck(this, cause.getMessage());
    }
    loop.execute(() -> broken(over, cause));
  }

  /** Whether the stream could not be read before at the same offset. Engine thread. */
  private boolean isStuck(long offset) {
    boolean again = offset == unreadableAt;
    unreadableAt = offset;
    return again;
  }

  /** The link cannot go on over this connection; it will try again. */
  void broken(StreamConnection over, Throwable cause) {
    if (!(cause instanceof LinkEnd end)) {
      LOG.warn("MASTER link: {}", cause.getMessage());
    } else if (end.isNotice()) {
      LOG.info(end.getMessage());
    } else {
      LOG.warn(end.getMessage());
    }
    close(over);
  }

  /** For a reason that the log has. */
  private void close(StreamConnection over) {
    if (over != null && over == connection) {
      explained = true;
      connection.close();
    }
  }

  @Override
  public void refused(StreamExecutor.Refused command, long offset) {
    String what =
        command.error() == null
            ? "'" + command.command() + "' at offset " + offset + " is no command of this server"
            : command + " at offset " + offset + " is refused (" + command.error() + ")";
    if (!isStuck(offset)) {
      LOG.warn("MASTER link: {}; asking for it once more, in case it was damaged on its way", what);
      disconnect();
      return;
    }
    if (verifiedMaster && owner.stuck(this, what)) {
      disconnect();
      return;
    }
    halted = true;
    error = "the master's stream has " + command + " at offset " + offset + ", " + command.why();
    LOG.error(
        "MASTER link: {}. Replication stops here; everything before is applied and nothing is"
            + " skipped. REPLICAOF begins anew",
        error);
    loop.execute(
        () -> {
          if (connection != null) {
            connection.close();
          }
        });
  }

  /**
   * The full sync over this connection has brought nothing that can be used.
   *
   * @param rdb whether it was an RDB
   */
  void notLoaded(StreamConnection over, Throwable cause, boolean rdb) {
    if (over != connection || stopped || cause instanceof FullSyncReceive.EndedException) {
      // The end of the link is what has ended it.
      LOG.info("MASTER <-> REPLICA sync: not completed: {}", cause.getMessage());
    } else if (rdb) {
      error = cause.getMessage();
      pauseMs = REFUSED_PAUSE_MS;
      LOG.warn("Failed trying to load the MASTER synchronization DB from socket: {}", error);
    } else if (cause instanceof IOException && !(cause instanceof IncomingFiles.DamagedException)) {
      LOG.warn(
          "Write error or short write writing to the DB dump file needed for MASTER <-> REPLICA"
              + " synchronization: {}",
          cause.getMessage());
    } else {
      if (!(cause instanceof IOException)) {
        error = cause.getMessage();
        pauseMs = NOT_LOADED_PAUSE_MS;
      }
      LOG.warn(
          "Failed trying to load the MASTER synchronization DB from disk: {}", cause.getMessage());
    }
    close(over);
  }

  private void bytes(ByteBuf in) {
    lastIoMs = loop.clock().wallMs();
    try {
      while (in.isReadable() && state != State.CONNECTED && !switching()) {
        if (fullSync != null) {
          int before = in.readableBytes();
          fullSync.bytes(in);
          if (before == in.readableBytes()) {
            return;
          }
        } else if (history != null) {
          if (!history.bytes(in)) {
            return;
          }
          examined();
        } else {
          String line = readLine(in);
          if (line == null) {
            return;
          }
          line(line);
          if (history == null && handshake == null && !asked && fullSync == null) {
            // Continued: what follows is the stream, once the engine is ready.
            break;
          }
        }
      }
      if (in.isReadable()) {
        int length = in.readableBytes();
        ByteBuf chunk = PooledByteBufAllocator.DEFAULT.directBuffer(length);
        in.readBytes(chunk, length);
        if (state == State.CONNECTED) {
          toEngine(chunk);
          report.collect();
        } else {
          hold(chunk);
        }
      }
    } catch (ProtocolException | LinkEnd e) {
      error = e.getMessage();
      broken(connection, e);
    }
  }

  /** Reading is paused, so this is little. */
  private void hold(ByteBuf chunk) {
    if (held == null) {
      held = chunk;
    } else {
      held.writeBytes(chunk);
      chunk.release();
    }
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

  private void lost(Throwable cause) {
    boolean wasUp = state == State.CONNECTED;
    boolean hasFailed = fullSync != null || timedOut;
    if (wasUp || switching()) {
      LOG.warn("Connection with master lost.");
    } else if (!explained && !stopped) {
      LOG.warn(lossText(cause));
    }
    if (wasUp) {
      downSinceMs = loop.clock().wallMs();
    }
    connection = null;
    state = State.CONNECT;
    incoming = null;
    resumeAsked = false;
    history = null;
    report.end();
    if (held != null) {
      held.release();
      held = null;
    }
    if (fullSync != null) {
      fullSync.lost();
      fullSync = null;
    }
    if (stopped || halted) {
      return;
    }
    if (wasUp) {
      LOG.info("Reconnecting to MASTER {}:{}", master.host(), master.port());
    } else if (hasFailed) {
      LOG.info("Reconnecting to MASTER {}:{} after failure", master.host(), master.port());
    }
    loop.schedule(this::connect, pauseMs);
    pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
  }

  /** What a redis-server says when it loses a master that it does not yet follow. */
  private String lossText(Throwable cause) {
    String reason =
        cause == null || cause.getMessage() == null
            ? "connection lost"
            : NETTYS_WORDS.matcher(cause.getMessage()).replaceAll("");
    if (state == State.CONNECTING) {
      return cause instanceof UnknownHostException
          ? "Unable to connect to MASTER: " + reason
          : "Error condition on socket for SYNC: " + reason;
    }
    if (fullSync != null) {
      return fullSync.hasBegun()
          ? "I/O error trying to sync with MASTER: " + reason
          : "I/O error reading bulk count from MASTER: " + reason;
    }
    return asked
        ? "Master did not reply to PSYNC, will try later"
        : "Master did not respond to command during SYNC handshake";
  }

  /** One connection; calls that belong to an earlier one are ignored. */
  private final class Attempt implements StreamHandler, Handshake.Verification {
    @Override
    public void connected(StreamConnection made) {
      connection = made;
      if (stopped) {
        made.close();
        return;
      }
      LOG.info("Non blocking connect for SYNC fired the event.");
      state = State.HANDSHAKE;
      // It may be another master than before.
      verifiedMaster = false;
      connectedMs = loop.clock().wallMs();
      remoteAddress = made.remoteAddress();
      localAddress = made.localAddress();
      lastIoMs = loop.clock().wallMs();
      handshake =
          new Handshake(
              config, owner.listeningPort(), owner.nodeId(), ReplicaLink.this::send, this);
      handshake.start();
    }

    @Override
    public void agreed() {
      report.agreed();
      verifiedMaster = true;
    }

    @Override
    public void differs(Mismatch.Told told) {
      owner.differs(ReplicaLink.this, told);
    }

    @Override
    public void untrusted() {
      owner.untrusted(ReplicaLink.this);
    }

    @Override
    public void bytes(StreamConnection from, ByteBuf in) {
      if (from == connection && !stopped) {
        ReplicaLink.this.bytes(in);
      } else {
        in.skipBytes(in.readableBytes());
      }
    }

    @Override
    public void writable(StreamConnection from) {
      // What this side sends is small.
    }

    @Override
    public void closed(StreamConnection from, Throwable cause) {
      if (from == connection || connection == null) {
        lost(cause);
      }
    }
  }
}
