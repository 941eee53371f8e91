package org.chronolith.server.replication;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.chronolith.network.Dialer;
import org.chronolith.network.NetworkLoop;
import org.chronolith.network.ProtocolException;
import org.chronolith.network.Scheduled;
import org.chronolith.network.StreamConnection;
import org.chronolith.network.StreamHandler;
import org.chronolith.server.config.HostPort;
import org.chronolith.server.config.ServerConfig;
import org.chronolith.server.recovery.IncomingFiles;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's link to its master: connects, agrees with it in a {@link LinkDialog}, receives a full
 * sync if it must, then the stream, which is the {@link LinkFlow}'s. When it is cut it comes back,
 * with growing pauses.
 *
 * <p>Thread: the replication loop, except for the getters, which the engine thread reads, and
 * {@link #stop}.
 */
final class ReplicaLink {
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

  private static final int TICK_MS = 1_000;

  private final NetworkLoop loop;
  private final HostPort master;
  private final ServerConfig config;
  private final LinkFlow flow;
  private final LinkDialog dialog;

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

  private FullSyncStream fullSync;

  private long pauseMs = FIRST_PAUSE_MS;

  ReplicaLink(NetworkLoop loop, HostPort master, ServerConfig config, LinkOwner owner) {
    this.loop = loop;
    lastIoMs = loop.clock().wallMs();
    downSinceMs = lastIoMs;
    this.master = master;
    this.config = config;
    flow = new LinkFlow(loop, this, owner);
    dialog = new LinkDialog(this, flow, config, owner);
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
    flow.connecting();
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
      flow.tick();
    } else if (fullSync != null && fullSync.isRdb()) {
      // What a Redis that loads an RDB says, so that its master does not give up.
      connection.write(Unpooled.copiedBuffer("\n", StandardCharsets.US_ASCII));
      connection.flush();
      if (fullSync.loading()) {
        return;
      }
    } else if (fullSync != null && fullSync.loading()) {
      // The master must not give up while this side is busy with what it sent.
      dialog.send(List.of("REPLCONF", "ACK", "0"));
      return;
    }
    if (nowMs() - Math.max(lastIoMs, attemptMs) > timeoutMs() && flow.isEmpty()) {
      LOG.warn(LinkWords.timeout(state, fullSync));
      explained = true;
      timedOut = true;
      connection.close();
    }
  }

  /** The master sends everything. */
  void beginFullSync() {
    state = State.SYNC;
    syncProgress = null;
  }

  /** What comes from here on is for {@code stream}. */
  void receive(FullSyncStream stream) {
    fullSync = stream;
  }

  /** The engine is ready for the stream that follows. */
  void goOn(StreamConnection continuing) {
    if (isOver(continuing)) {
      return;
    }
    fullSync = null;
    error = "";
    state = State.CONNECTED;
    pauseMs = FIRST_PAUSE_MS;
    lastIoMs = loop.clock().wallMs();
    flow.begin();
  }

  /** Whether nothing more is to be done over that connection: it, or the link, has ended. */
  boolean isOver(StreamConnection over) {
    return over != connection || stopped;
  }

  /** The present one; null between two. Any thread, to tell them apart. */
  StreamConnection connection() {
    return connection;
  }

  /** What flows over it. */
  LinkFlow flow() {
    return flow;
  }

  void syncProgress(SyncProgress progress) {
    syncProgress = progress;
  }

  /** Whether a full sync has come whole, and the engine has not taken it over yet. */
  boolean isSwitching() {
    return fullSync != null && fullSync.loading();
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

  /** The link cannot go on at all. Any thread. */
  void halt(String why) {
    halted = true;
    error = why;
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
    if (isOver(over) || cause instanceof FullSyncReceive.EndedException) {
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
      if (state != State.CONNECTED && fullSync == null && !dialog.bytes(in)) {
        return;
      }
      while (fullSync != null && in.isReadable() && !fullSync.loading()) {
        int before = in.readableBytes();
        fullSync.bytes(in);
        if (before == in.readableBytes()) {
          return;
        }
      }
      if (in.isReadable()) {
        flow.bytes(in);
      }
    } catch (ProtocolException | LinkEnd e) {
      error = e.getMessage();
      broken(connection, e);
    }
  }

  private void lost(Throwable cause) {
    boolean wasUp = state == State.CONNECTED;
    boolean hasFailed = fullSync != null || timedOut;
    if (wasUp || isSwitching()) {
      LOG.warn("Connection with master lost.");
    } else if (!explained && !stopped) {
      LOG.warn(LinkWords.loss(cause, state, fullSync, dialog.isAsked()));
    }
    if (wasUp) {
      downSinceMs = loop.clock().wallMs();
    }
    connection = null;
    state = State.CONNECT;
    dialog.end();
    flow.end();
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

  /** One connection; calls that belong to an earlier one are ignored. */
  private final class Attempt implements StreamHandler {
    @Override
    public void connected(StreamConnection made) {
      connection = made;
      if (stopped) {
        made.close();
        return;
      }
      LOG.info("Non blocking connect for SYNC fired the event.");
      state = State.HANDSHAKE;
      flow.connected();
      connectedMs = loop.clock().wallMs();
      remoteAddress = made.remoteAddress();
      localAddress = made.localAddress();
      lastIoMs = loop.clock().wallMs();
      dialog.begin();
    }

    @Override
    public void bytes(StreamConnection from, ByteBuf in) {
      if (isOver(from)) {
        in.skipBytes(in.readableBytes());
      } else {
        ReplicaLink.this.bytes(in);
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
