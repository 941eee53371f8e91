package org.chronolith.network;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelOutboundBuffer;
import java.util.function.Consumer;

/**
 * A client that speaks RESP.
 *
 * <p>Its replies are collected during a turn and leave with one write at the end of it, unless they
 * are held ({@link #holdUntil}). Reading goes on whatever the client leaves unread: a client that
 * writes a long pipeline before it reads a reply must not wait for itself. What bounds it is {@link
 * OutputLimit}.
 *
 * <p>Thread: its loop's.
 */
public final class Connection {
  /**
   * Replies beyond this end a connection's share of the turn; its other requests wait for the next.
   */
  private static final int TURN_REPLY_BYTES = 1 << 20;

  private final NetworkLoop loop;
  private final Channel channel;
  private final ClientLimits limits;
  private final NetworkListener listener;
  private final ConnectionHandler handler;
  private final long id;
  private final long createdMs;
  private final String remoteAddress;
  private final String localAddress;
  private final InputBuffer input;
  private final RequestDecoder decoder;
  private final Request request = new Request();
  private final OutputBuffer output;
  private final RespWriter writer;
  private final ReplyHolds holds = new ReplyHolds();
  private final Consumer<ByteBuf> toSocket;

  private Object attachment;
  private OutputLimit outputLimit;
  private boolean dirty;
  private boolean paused;
  private boolean postponed;
  private boolean resumeQueued;
  private boolean closing;
  private boolean closed;
  private boolean detached;
  private boolean idleExempt;
  private long mayLeave;
  private long turnStart;
  private long lastInteractionMs;
  private long overSoftLimitSinceMs;
  private long bytesIn;
  private long bytesOut;
  private long requests;
  private HandOver handOver;

  Connection(
      NetworkLoop loop,
      Channel channel,
      InputBuffer input,
      ClientLimits limits,
      NetworkListener listener,
      ConnectionHandler handler) {
    this.loop = loop;
    this.createdMs = loop.clock().wallMs();
    this.lastInteractionMs = createdMs;
    this.channel = channel;
    this.input = input;
    this.limits = limits;
    this.listener = listener;
    this.handler = handler;
    this.id = loop.connections().nextId();
    this.remoteAddress = Addresses.text(channel.remoteAddress(), channel.localAddress());
    this.localAddress = Addresses.text(channel.localAddress(), channel.localAddress());
    this.decoder = new RequestDecoder(limits.maxBulkBytes());
    this.output = new OutputBuffer(PooledByteBufAllocator.DEFAULT, this::becameDirty);
    this.writer = new RespWriter(output);
    this.toSocket = chunk -> channel.write(chunk, channel.voidPromise());
  }

  /** Unique among the connections of its loop, growing, from 1. */
  public long id() {
    return id;
  }

  /** {@code host:port} of the client; {@code path:0} for a unix socket. */
  public String remoteAddress() {
    return remoteAddress;
  }

  /** {@code host:port} that the client connected to; {@code path:0} for a unix socket. */
  public String localAddress() {
    return localAddress;
  }

  public NetworkLoop loop() {
    return loop;
  }

  /** Where replies are written. */
  public RespWriter reply() {
    return writer;
  }

  /** What {@link #attach} was given, or null. */
  public Object attachment() {
    return attachment;
  }

  /** Keeps the server's own state of this client. */
  public void attach(Object attachment) {
    this.attachment = attachment;
  }

  /** Replaces the listener's limit for this connection. */
  public void outputLimit(OutputLimit limit) {
    this.outputLimit = limit;
  }

  /** While false, only small requests are accepted. The default is true. */
  public void authenticated(boolean authenticated) {
    decoder.authenticated(authenticated);
  }

  /** A connection that waits for good reason is never idle (a replica, a subscriber). */
  public void idleExempt(boolean exempt) {
    this.idleExempt = exempt;
  }

  /**
   * Replies written so far leave when {@link NetworkLoop#release} has been called with {@code
   * offset} or more, and not before; replies written later queue behind them. Offsets of one
   * connection should not decrease.
   */
  public void holdUntil(long offset) {
    if (closed || offset <= loop.connections().releasedOffset() || output.pendingBytes() == 0) {
      return;
    }
    if (holds.isEmpty()) {
      mayLeave = Math.max(mayLeave, output.position() - output.pendingBytes());
      loop.connections().holding(this);
    }
    output.seal();
    holds.add(output.position(), offset);
  }

  /** Called when {@code offset} is released; true when nothing is held any more. */
  boolean released(long offset) {
    long position = holds.release(offset);
    if (position >= 0) {
      mayLeave = position;
      becameDirty();
    }
    return holds.isEmpty();
  }

  /** Stops handing out requests; what the client sends is kept, up to client-query-buffer-limit. */
  public void pauseRequests() {
    paused = true;
  }

  /**
   * During {@link ConnectionHandler#request}: the request is not handled now. As {@link
   * #pauseRequests}, but the same request comes again when the connection is resumed.
   */
  public void postponeRequest() {
    paused = true;
    postponed = true;
  }

  /** Goes on handing out requests, beginning with those that were kept, in a task of their own. */
  public void resumeRequests() {
    if (paused) {
      paused = false;
      queueResume();
    }
  }

  /** Whether {@link #pauseRequests} is in force. */
  public boolean isPaused() {
    return paused;
  }

  /** Closes once the replies written so far have left; takes no more requests. */
  public void closeAfterFlush() {
    if (!closing && !closed) {
      closing = true;
      becameDirty();
    }
  }

  /** Whether the connection is closed or will be as soon as its replies have left. */
  public boolean isClosing() {
    return closing || closed;
  }

  /** Closes at once; what has not left is dropped. */
  public void close() {
    closing = true;
    channel.close();
  }

  /**
   * Turns this client into a raw stream on {@code other} (or on the same loop): once all replies
   * have left, the socket moves there, and {@link StreamHandler#connected} is called, then {@link
   * StreamHandler#bytes} with what the client had sent beyond the requests already handed out. No
   * more requests are handed out, and {@link ConnectionHandler#closed} is not called. If the client
   * goes away before it has moved, only {@link StreamHandler#closed} is called.
   */
  public void handOver(NetworkLoop other, StreamHandler streamHandler) {
    if (handOver != null || closed) {
      throw new IllegalStateException("connection " + id + " is closed or was handed over");
    }
    paused = true;
    // Unread bytes stay in the kernel while the socket has no loop.
    channel.config().setAutoRead(false);
    handOver = new HandOver(this, channel, input, other, streamHandler);
    becameDirty();
  }

  /**
   * Sends the replies written so far now, without waiting for the end of the turn; those that are
   * held stay. The order of append and reply is then the caller's care.
   */
  public void flush() {
    long pending = output.pendingBytes();
    if (!holds.isEmpty()) {
      pending = Math.max(0, mayLeave - (output.position() - pending));
    }
    if (pending > 0) {
      output.take(pending, toSocket);
      bytesOut += pending;
      listener.bytesWritten(pending);
      channel.flush();
    }
  }

  /** Bytes of replies that the client's socket has not taken, held ones included. */
  public long pendingOutputBytes() {
    ChannelOutboundBuffer outbound = channel.unsafe().outboundBuffer();
    return output.pendingBytes() + (outbound == null ? 0 : outbound.totalPendingWriteBytes());
  }

  /** Bytes of requests that wait to be handled or to become complete. */
  public int queryBufferBytes() {
    return input.keptBytes();
  }

  /** Bytes of memory that {@link #queryBufferBytes} takes. */
  public int queryBufferCapacity() {
    return input.kept() == null ? 0 : input.kept().capacity();
  }

  /** Wall clock of the last read. */
  public long lastInteractionMs() {
    return lastInteractionMs;
  }

  /** Wall clock of the accept. */
  public long createdMs() {
    return createdMs;
  }

  /** Bytes read. */
  public long bytesIn() {
    return bytesIn;
  }

  /** Bytes given to the socket. */
  public long bytesOut() {
    return bytesOut;
  }

  /** Requests handed out. */
  public long requests() {
    return requests;
  }

  void opened() {
    loop.connections().add(this);
    listener.accepted();
    handler.opened(this);
  }

  /** The socket was read into {@code in}. */
  void received(ByteBuf in) {
    int bytes = input.received(in);
    if (closed) {
      return;
    }
    bytesIn += bytes;
    lastInteractionMs = loop.clock().wallMs();
    listener.bytesRead(bytes);
    process(in);
    loop.socketWasRead(bytes);
  }

  /** The client sends no more; it may still wait for the replies of this turn. */
  void inputEnded() {
    if (handOver != null) {
      close();
    } else {
      closeAfterFlush();
    }
  }

  void processResumed() {
    resumeQueued = false;
    if (!closed && input.kept() != null) {
      process(input.kept());
    }
  }

  private void queueResume() {
    if (!resumeQueued) {
      resumeQueued = true;
      loop.resume(this);
    }
  }

  private void process(ByteBuf in) {
    decoder.maxBulkBytes(limits.maxBulkBytes());
    try {
      while (!paused && !closing && in.isReadable()) {
        if (output.position() - turnStart > TURN_REPLY_BYTES) {
          queueResume();
          break;
        }
        int start = in.readerIndex();
        if (decoder.decode(in, request) == RequestDecoder.Result.NEED_MORE) {
          break;
        }
        handler.request(this, request);
        request.invalidate();
        if (postponed) {
          postponed = false;
          in.readerIndex(start);
        } else {
          requests++;
        }
      }
    } catch (ProtocolException malformed) {
      listener.protocolError(this, malformed.getMessage());
      writer.error("ERR Protocol error: " + malformed.getMessage());
      closeAfterFlush();
    } catch (RuntimeException | Error failure) {
      loop.failed(failure);
      close();
    }
    afterProcessing(in);
  }

  private void afterProcessing(ByteBuf in) {
    if (closed || (closing && handOver == null)) {
      // Nothing of it will be handled.
      in.skipBytes(in.readableBytes());
    }
    input.keepUnread(in);
    input.wantedBytes(decoder.wantedBytes());
    if (input.keptBytes() > limits.queryBufferBytes()) {
      listener.queryBufferLimitReached(this);
      close();
    }
    checkHardLimit();
  }

  private void becameDirty() {
    if (!dirty && !closed) {
      dirty = true;
      loop.dirty(this);
    }
  }

  /** The end of the turn. */
  void flushTurn() {
    dirty = false;
    if (closed) {
      return;
    }
    flush();
    turnStart = output.position();
    checkHardLimit();
    if (output.pendingBytes() == 0) {
      if (handOver != null) {
        handOver.start();
      } else if (closing) {
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
      }
    }
  }

  private OutputLimit limit() {
    return outputLimit == null ? limits.outputLimit() : outputLimit;
  }

  /**
   * Closes the connection if the replies that wait are more than its hard limit. The end of each
   * turn does so too; this is for who writes much to others within one.
   */
  public void enforceOutputLimit() {
    checkHardLimit();
  }

  private void checkHardLimit() {
    long hardBytes = limit().hardBytes();
    if (hardBytes > 0 && !closed && pendingOutputBytes() > hardBytes) {
      listener.outputLimitReached(this);
      close();
    }
  }

  /** Once a second: what depends on time. */
  void housekeeping(long nowMs) {
    int idleTimeoutMs = limits.idleTimeoutMs();
    if (idleTimeoutMs > 0 && !idleExempt && !paused && nowMs - lastInteractionMs > idleTimeoutMs) {
      listener.idleTimeoutReached(this);
      close();
      return;
    }
    OutputLimit limit = limit();
    if (limit.softBytes() == 0 || pendingOutputBytes() <= limit.softBytes()) {
      overSoftLimitSinceMs = 0;
    } else if (overSoftLimitSinceMs == 0) {
      overSoftLimitSinceMs = nowMs;
    } else if (nowMs - overSoftLimitSinceMs >= limit.softSeconds() * 1000L) {
      listener.outputLimitReached(this);
      close();
    }
  }

  boolean isDetached() {
    return detached;
  }

  /** The socket belongs to a {@link StreamConnection} from now on. */
  void detached() {
    closed = true;
    detached = true;
    output.release();
    loop.connections().remove(this);
  }

  /** The socket is gone. */
  void socketClosed() {
    if (closed) {
      return;
    }
    closed = true;
    closing = true;
    loop.connections().remove(this);
    output.release();
    input.release();
    if (handOver != null) {
      handOver.failed(null);
    } else {
      handler.closed(this);
    }
  }
}
