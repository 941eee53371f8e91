package org.chronolith.server.replication;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.chronolith.network.Connection;
import org.chronolith.network.ProtocolException;
import org.chronolith.network.Request;
import org.chronolith.network.RequestDecoder;
import org.chronolith.network.StreamConnection;
import org.chronolith.network.StreamHandler;
import org.chronolith.replicationlog.LogException;
import org.chronolith.replicationlog.LogReader;
import org.chronolith.replicationlog.ReplicationLog;
import org.chronolith.server.client.Client;
import org.chronolith.server.commands.connection.ClientType;
import org.chronolith.server.commands.connection.LinkedPeer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One replica's connection: first the data set if it needs one, then the log as it grows. It reads
 * the log only while the socket takes more, so a slow replica costs no memory.
 *
 * <p>Thread: the replication loop, except for the getters, which the engine thread reads.
 */
final class ReplicaFeed
    implements StreamHandler, LinkedPeer, RunningSyncs.Replica, Mismatches.Link {
  /** With Redis's words for {@code INFO}. */
  enum State {
    WAIT_BGSAVE("wait_bgsave"),
    SEND_BULK("send_bulk"),
    ONLINE("online"),
    CLOSED("closed");

    private final String word;

    State(String word) {
      this.word = word;
    }

    String word() {
      return word;
    }
  }

  private static final Logger LOG = LoggerFactory.getLogger(ReplicaFeed.class);
  private static final int READ_BYTES = 64 << 10;

  /** One replica's share before the others get theirs. */
  private static final int ROUND_BYTES = 1 << 20;

  private static final int INPUT_LIMIT_BYTES = 64 << 10;

  private final FeedLoop feeds;
  private final ReplicationLog log;
  private final long id;
  private final String remoteAddress;
  private final String localAddress;
  private final long createdMs;
  private final String ip;
  private final int port;
  private final String name;
  private final String claimId;
  private final RequestDecoder decoder = new RequestDecoder(INPUT_LIMIT_BYTES);
  private final Request request = new Request();

  /** Null if the replica tells no checksums. */
  private final BlockCheck check;

  private volatile State state;
  private volatile long ackOffset;
  private volatile long diskOffset = -1;
  private volatile long ackMs;
  private volatile long neededOffset;
  private volatile long pendingBytes;
  private volatile boolean closeRequested;
  private volatile boolean dataSetSent;

  /** Null but while a data set is sent. */
  private volatile SyncProgress syncProgress;

  private StreamConnection connection;
  private String firstLine;
  private FullSyncSend send;
  private LogReader reader;
  private boolean roundQueued;

  /** Whether it must acknowledge; one that said {@code SYNC} need not, until it has once. */
  private boolean acknowledges = true;

  /** The data set has left, and the log follows when the replica says that it has it. */
  private boolean awaitsAcknowledgement;

  /** Where the data set ends that the replica was sent and may not have yet; -1 if it has it. */
  private long sentOffset = -1;

  private ReplicaFeed(
      FeedLoop feeds, ReplicationLog log, Client client, State state, long neededOffset) {
    this.feeds = feeds;
    ackMs = feeds.loop().clock().wallMs();
    this.log = log;
    this.id = client.id();
    Connection connection = client.connection();
    this.remoteAddress = connection.remoteAddress();
    this.localAddress = connection.localAddress();
    this.createdMs = connection.createdMs();
    Announcement announced = Announcement.of(client);
    this.ip = announced.ip(remoteAddress);
    this.port = announced.port(remoteAddress);
    this.name = announced.name(remoteAddress);
    this.claimId = announced.claimId(remoteAddress);
    this.state = state;
    this.neededOffset = neededOffset;
    this.check = announced.verify ? new BlockCheck(log, new Findings(), this::later) : null;
  }

  /** What the comparison with the replica's checksums brings. */
  private final class Findings implements BlockCheck.Listener {
    @Override
    public void verified(int blocks, int skipped) {
      feeds.verified(blocks, skipped);
    }

    @Override
    public void differs(Mismatch mismatch) {
      feeds.differs(ReplicaFeed.this, mismatch);
    }
  }

  private void later(Runnable task) {
    feeds.loop().execute(task);
  }

  /** A replica that goes on at {@code offset}. Engine thread. */
  static ReplicaFeed partial(
      FeedLoop feeds, ReplicationLog log, Client client, long offset, String firstLine) {
    ReplicaFeed feed = new ReplicaFeed(feeds, log, client, State.ONLINE, offset);
    feed.firstLine = firstLine;
    feed.ackOffset = offset;
    return feed;
  }

  /**
   * A replica that waits for a data set, no older than {@code end}. Engine thread.
   *
   * @param acknowledges whether it must, once it is fed
   */
  static ReplicaFeed waiting(
      FeedLoop feeds, ReplicationLog log, Client client, long end, boolean acknowledges) {
    ReplicaFeed feed = new ReplicaFeed(feeds, log, client, State.WAIT_BGSAVE, end);
    feed.acknowledges = acknowledges;
    return feed;
  }

  /** One that is to be closed counts as closed from then on. */
  State state() {
    return closeRequested ? State.CLOSED : state;
  }

  ReplicationLog log() {
    return log;
  }

  boolean isOnline() {
    return state() == State.ONLINE;
  }

  @Override
  public boolean hasDataSet() {
    return isOnline() || dataSetSent;
  }

  @Override
  public String ip() {
    return ip;
  }

  @Override
  public int port() {
    return port;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String claimId() {
    return claimId;
  }

  /** Offset that the replica has acknowledged. */
  long ackOffset() {
    return ackOffset;
  }

  /** Offset up to which the stream is on the replica's disk; -1 if it has not said. */
  long diskOffset() {
    return diskOffset;
  }

  /** Wall clock of the last acknowledgement. */
  long ackMs() {
    return ackMs;
  }

  /** How far the data set is that this replica is sent; null if it is sent none. */
  SyncProgress syncProgress() {
    return syncProgress;
  }

  /** The log is needed from here on. */
  @Override
  public long neededOffset() {
    return neededOffset;
  }

  /**
   * Engine thread: the log must be kept from {@code offset}, where the data set that goes out ends.
   */
  void needs(long offset) {
    neededOffset = offset;
  }

  @Override
  public long id() {
    return id;
  }

  @Override
  public ClientType type() {
    return ClientType.REPLICA;
  }

  @Override
  public String remoteAddress() {
    return remoteAddress;
  }

  @Override
  public String localAddress() {
    return localAddress;
  }

  @Override
  public long createdMs() {
    return createdMs;
  }

  @Override
  public long lastInteractionMs() {
    return ackMs;
  }

  @Override
  public long pendingBytes() {
    return pendingBytes;
  }

  /** Any thread. */
  @Override
  public void close() {
    closeRequested = true;
    feeds.loop().execute(this::closeNow);
  }

  /** Whether its end was asked for: what it has may be of a log that was replaced. Any thread. */
  boolean isClosing() {
    return closeRequested;
  }

  private void closeNow() {
    if (connection != null) {
      connection.close();
    }
  }

  /** Sends a data set and then goes on with the log. Replication loop. */
  void begin(FullSyncSend fullSync) {
    if (state == State.CLOSED) {
      fullSync.close();
      return;
    }
    send = fullSync;
    if (connection != null) {
      startSend();
    }
  }

  private void startSend() {
    state = State.SEND_BULK;
    syncProgress = send.progress();
    send.start(connection, this::sent, this::fail);
  }

  private void sent() {
    long offset = send.offset();
    boolean streamFollows = send.streamFollows();
    awaitsAcknowledgement = send.awaitsAcknowledgement();
    send.close();
    send = null;
    syncProgress = null;
    if (!streamFollows) {
      connection.closeAfterFlush();
      return;
    }
    sentOffset = offset;
    dataSetSent = true;
    if (!acknowledges) {
      // Who said SYNC may never say more: to have sent it is all that there is to know.
      feeds.synced(this);
    }
    if (awaitsAcknowledgement) {
      ackMs = feeds.loop().clock().wallMs();
    } else {
      goOnlineSynced(offset);
    }
  }

  private void goOnlineSynced(long offset) {
    if (goOnline(offset)) {
      LOG.info("Synchronization with replica {} succeeded", name());
      pump();
    }
  }

  /** Whether the log goes on from {@code offset}; if not, the link ends. */
  private boolean goOnline(long offset) {
    neededOffset = offset;
    ackMs = feeds.loop().clock().wallMs();
    try {
      reader = log.reader(offset);
      if (check != null) {
        check.begin(offset);
      }
    } catch (LogException e) {
      fail(e);
      return false;
    }
    state = State.ONLINE;
    return true;
  }

  /** The data set cannot be sent, or the log not be read. Replication loop. */
  void fail(Throwable cause) {
    LOG.warn("Replica {} is disconnected: {}", name(), cause.getMessage());
    closeNow();
  }

  @Override
  public void connected(StreamConnection newConnection) {
    connection = newConnection;
    connection.inputLimitBytes(INPUT_LIMIT_BYTES);
    feeds.add(this);
    if (closeRequested) {
      connection.close();
      return;
    }
    if (firstLine != null) {
      write(firstLine);
      firstLine = null;
      connection.flush();
    }
    if (state == State.ONLINE) {
      if (goOnline(neededOffset)) {
        pump();
      }
    } else if (send != null) {
      startSend();
    }
  }

  /** Sends what the log has, as far as the socket takes it. */
  void pump() {
    if (reader == null || !log.durableIdentity()) {
      return;
    }
    ByteBuf scratch = feeds.scratch();
    int round = 0;
    try {
      while (round < ROUND_BYTES && connection.isWritable()) {
        long allowed = feeds.limitOffset(log) - reader.offset();
        int wanted = (int) Math.max(0, Math.min(READ_BYTES, allowed));
        int bytes = reader.read(scratch.clear(), wanted);
        if (bytes == 0) {
          break;
        }
        if (check != null) {
          check.passed(scratch, 0, bytes);
        }
        // A buffer of the right size: what waits in the socket's queue is then what is counted.
        connection.write(PooledByteBufAllocator.DEFAULT.directBuffer(bytes).writeBytes(scratch));
        round += bytes;
      }
    } catch (LogException e) {
      fail(e);
      return;
    }
    if (round > 0) {
      if (!acknowledges) {
        neededOffset = reader.offset();
      }
      connection.flush();
    }
    if (round >= ROUND_BYTES && connection.isWritable() && !roundQueued) {
      roundQueued = true;
      feeds.loop().execute(this::nextRound);
    }
  }

  private void nextRound() {
    roundQueued = false;
    pump();
  }

  @Override
  public void bytes(StreamConnection from, ByteBuf in) {
    if (awaitsAcknowledgement) {
      // Empty lines, while it loads.
      ackMs = feeds.loop().clock().wallMs();
    }
    try {
      while (decoder.decode(in, request) == RequestDecoder.Result.REQUEST) {
        if (Acknowledgement.is(request)) {
          acknowledged(Acknowledgement.offset(request), Acknowledgement.onDisk(request));
          if (check != null && state == State.ONLINE && Acknowledgement.hasSums(request)) {
            check.told(request);
          }
        }
      }
    } catch (ProtocolException e) {
      fail(e);
    }
  }

  /**
   * @param onDisk offset up to which the replica's disk has the stream; -1 if it does not say
   */
  private void acknowledged(long offset, long onDisk) {
    ackMs = feeds.loop().clock().wallMs();
    acknowledges = true;
    if (awaitsAcknowledgement && offset >= sentOffset) {
      awaitsAcknowledgement = false;
      goOnlineSynced(sentOffset);
    }
    boolean moved = offset > ackOffset || onDisk > diskOffset;
    ackOffset = Math.max(ackOffset, offset);
    diskOffset = Math.max(diskOffset, onDisk);
    if (sentOffset >= 0 && offset >= sentOffset && (offset > 0 || onDisk >= 0)) {
      // Not when the last byte left: it may end while it loads, and come back with what it had. A
      // bare 0 is what it says while it loads.
      sentOffset = -1;
      feeds.synced(this);
    }
    if (moved) {
      if (reader != null) {
        // What is not on its disk it may lose, and ask for again.
        long has = Math.min(onDisk >= 0 ? onDisk : offset, reader.offset());
        neededOffset = Math.max(neededOffset, has);
      }
      feeds.acknowledged();
    }
  }

  @Override
  public void writable(StreamConnection from) {
    if (send != null) {
      send.writable();
    } else {
      pump();
    }
  }

  /** Once a second. */
  void housekeeping(long nowMs, long timeoutMs) {
    pendingBytes = connection.pendingBytes();
    switch (state) {
      case WAIT_BGSAVE -> {
        // A sign of life, which replicas skip.
        write("\n");
        connection.flush();
        ackMs = nowMs;
      }
      case SEND_BULK -> {
        long heardMs = send == null ? ackMs : send.progressMs();
        if (nowMs - heardMs > timeoutMs) {
          LOG.warn("Disconnecting timedout replica (full sync): {}", name());
          closeNow();
        }
      }
      case ONLINE -> {
        if (nowMs - ackMs > timeoutMs && acknowledges) {
          LOG.warn("Disconnecting timedout replica (streaming sync): {}", name());
          closeNow();
        }
      }
      case CLOSED -> throw new IllegalStateException("a closed feed is still listed");
    }
  }

  private void write(String text) {
    connection.write(Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII));
  }

  @Override
  public void closed(StreamConnection from, Throwable cause) {
    state = State.CLOSED;
    if (send != null) {
      send.close();
      send = null;
    }
    if (reader != null) {
      reader.close();
      reader = null;
    }
    if (check != null) {
      check.close();
    }
    LOG.warn("Connection with replica {} lost.", name());
    feeds.closed(this);
  }
}
