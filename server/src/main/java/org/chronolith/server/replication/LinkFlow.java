package org.chronolith.server.replication;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import org.chronolith.network.NetworkLoop;
import org.chronolith.network.ProtocolException;
import org.chronolith.network.StreamConnection;
import org.chronolith.server.command.StreamExecutor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What flows over a link: the stream to the engine, no faster than it is taken, and the
 * acknowledgements back. The bytes of a full sync count towards what waits, too.
 *
 * <p>Thread: the replication loop, except for what the engine, or a loader, says as {@link
 * StreamApply.Source}.
 */
final class LinkFlow implements StreamApply.Source {
  private static final Logger LOG = LoggerFactory.getLogger(LinkFlow.class);

  /** Bytes on their way to the engine, or to the disk, at which the link stops reading. */
  private static final int MOST_WAITING_BYTES = 8 << 20;

  /** An acknowledgement without checksums. */
  private static final int ACK_BYTES = 256;

  private final NetworkLoop loop;
  private final ReplicaLink link;
  private final LinkOwner owner;
  private final LinkReport report;

  /** The master is one that takes checksums. */
  private volatile boolean verifiedMaster;

  /** Where the stream could not be read the last time. Engine thread. */
  private long unreadableAt = -1;

  /** Stream bytes that came before the engine was ready for them. */
  private ByteBuf held;

  private int waitingBytes;

  LinkFlow(NetworkLoop loop, ReplicaLink link, LinkOwner owner) {
    this.loop = loop;
    this.link = link;
    this.owner = owner;
    report = new LinkReport(loop, this::acknowledge);
  }

  /** Another connection is to be made: nothing has come over it. */
  void connecting() {
    waitingBytes = 0;
  }

  /** It is made. */
  void connected() {
    // It may be another master than before.
    verifiedMaster = false;
  }

  /** The master takes checksums over this connection. */
  void agreed() {
    report.agreed();
    verifiedMaster = true;
  }

  /** The engine is ready for the stream. */
  void begin() {
    report.begin(owner.log());
    if (held != null) {
      ByteBuf first = held;
      held = null;
      toEngine(first);
    }
    link.connection().readPaused(waitingBytes > MOST_WAITING_BYTES);
    acknowledge();
  }

  /** The connection has ended. */
  void end() {
    report.end();
    if (held != null) {
      held.release();
      held = null;
    }
  }

  /** Once a second, while the stream comes. */
  void tick() {
    report.collect();
    acknowledge();
  }

  /** Tells the master how far this node's log goes, and what is in it. */
  void acknowledge() {
    StreamConnection connection = link.connection();
    if (link.state() == ReplicaLink.State.CONNECTED && connection != null) {
      ByteBuf out =
          PooledByteBufAllocator.DEFAULT.directBuffer(ACK_BYTES, Acknowledgement.MOST_BYTES);
      Acknowledgement.write(out, owner.endOffset(), owner.durableOffset(), report.current());
      connection.write(out);
      connection.flush();
    }
  }

  /** Takes all of {@code in}, which is of the stream. */
  void bytes(ByteBuf in) {
    int length = in.readableBytes();
    ByteBuf chunk = PooledByteBufAllocator.DEFAULT.directBuffer(length);
    in.readBytes(chunk, length);
    if (link.state() == ReplicaLink.State.CONNECTED) {
      toEngine(chunk);
      report.collect();
    } else {
      hold(chunk);
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

  private void toEngine(ByteBuf chunk) {
    handedOver(chunk.readableBytes());
    owner.stream(link, chunk, this);
  }

  /** Bytes were handed to another thread. */
  void handedOver(int bytes) {
    waitingBytes += bytes;
    if (waitingBytes > MOST_WAITING_BYTES) {
      link.connection().readPaused(true);
    }
  }

  /** Whether nothing that came waits for another thread. */
  boolean isEmpty() {
    return waitingBytes == 0;
  }

  @Override
  public void taken(int bytes) {
    StreamConnection from = link.connection();
    loop.execute(
        () -> {
          StreamConnection connection = link.connection();
          if (from != connection || connection == null) {
            return;
          }
          boolean wasFull = waitingBytes > MOST_WAITING_BYTES;
          // They may have come over the connection before.
          waitingBytes = Math.max(0, waitingBytes - bytes);
          if (wasFull && waitingBytes <= MOST_WAITING_BYTES && !link.isSwitching()) {
            connection.readPaused(false);
          }
        });
  }

  @Override
  public void malformed(ProtocolException cause) {
    StreamConnection over = link.connection();
    if (isStuck(owner.endOffset()) && verifiedMaster) {
      owner.stuck(link, cause.getMessage());
    }
    loop.execute(() -> link.broken(over, cause));
  }

  @Override
  public void refused(StreamExecutor.Refused command, long offset) {
    String what =
        command.error() == null
            ? "'" + command.command() + "' at offset " + offset + " is no command of this server"
            : command + " at offset " + offset + " is refused (" + command.error() + ")";
    if (!isStuck(offset)) {
      LOG.warn("MASTER link: {}; asking for it once more, in case it was damaged on its way", what);
      link.disconnect();
      return;
    }
    if (verifiedMaster && owner.stuck(link, what)) {
      link.disconnect();
      return;
    }
    link.halt("the master's stream has " + command + " at offset " + offset + ", " + command.why());
  }

  /** Whether the stream could not be read before at the same offset. Engine thread. */
  private boolean isStuck(long offset) {
    boolean again = offset == unreadableAt;
    unreadableAt = offset;
    return again;
  }
}
