package org.chronolith.network;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.DefaultFileRegion;
import io.netty.channel.WriteBufferWaterMark;
import java.nio.channels.FileChannel;

/**
 * A socket of raw bytes: a replication link, a file transfer.
 *
 * <p>Whoever writes asks {@link #isWritable} first, and goes on when {@link StreamHandler#writable}
 * is called; so what waits in memory stays near {@value #HIGH_WATER_BYTES} bytes however slow the
 * other side is.
 *
 * <p>Thread: its loop's, unless a method says otherwise.
 */
public final class StreamConnection {
  private static final int LOW_WATER_BYTES = 256 << 10;
  private static final int HIGH_WATER_BYTES = 1 << 20;

  private final NetworkLoop loop;
  private final StreamHandler handler;
  private final InputBuffer input;

  private Channel channel;
  private String remoteAddress = "?:0";
  private String localAddress = "?:0";
  private long inputLimitBytes = 1L << 30;
  private boolean readPaused;
  private boolean closeRequested;
  private boolean closeAfterFlush;
  private boolean ended;
  private boolean tellQueued;
  private Throwable failure;
  private long bytesIn;
  private long bytesOut;
  private long lastReadMs;

  StreamConnection(NetworkLoop loop, StreamHandler handler, InputBuffer input) {
    this.loop = loop;
    this.lastReadMs = loop.clock().wallMs();
    this.handler = handler;
    this.input = input;
  }

  /** The loop that the socket is on. */
  public NetworkLoop loop() {
    return loop;
  }

  /** {@code host:port} of the other side, once connected. */
  public String remoteAddress() {
    return remoteAddress;
  }

  /** {@code host:port} of this side, once connected. */
  public String localAddress() {
    return localAddress;
  }

  /** Whether more should be written now. */
  public boolean isWritable() {
    return channel != null && channel.isWritable();
  }

  /** Takes over {@code bytes} and queues them; {@link #flush} sends them. */
  public void write(ByteBuf bytes) {
    if (channel == null || ended) {
      bytes.release();
      return;
    }
    bytesOut += bytes.readableBytes();
    channel.write(bytes, channel.voidPromise());
  }

  /** Sends what was written. */
  public void flush() {
    if (channel != null) {
      channel.flush();
    }
  }

  /**
   * Sends {@code length} bytes of {@code file} from {@code position} on, behind what was written
   * before, without copying them through this process.
   *
   * @param file stays open until {@code done} has run or the connection is closed; it is not closed
   * @param done runs when the last byte was given to the socket; never if that fails: then {@link
   *     StreamHandler#closed} says why
   */
  public void sendFile(FileChannel file, long position, long length, Runnable done) {
    if (channel == null || ended) {
      return;
    }
    channel
        .writeAndFlush(new OpenFileRegion(file, position, length))
        .addListener(
            sent -> {
              if (sent.isSuccess()) {
                bytesOut += length;
                done.run();
              } else {
                // Half a file was sent: nothing sensible can follow it.
                failed(sent.cause());
              }
            });
  }

  /** While true nothing is read; what the other side sends waits in the kernels. */
  public void readPaused(boolean paused) {
    readPaused = paused;
    if (channel != null) {
      channel.config().setAutoRead(!paused);
    }
  }

  /**
   * Most bytes that may be left unread by {@link StreamHandler#bytes} before the connection is
   * closed.
   */
  public void inputLimitBytes(long bytes) {
    this.inputLimitBytes = bytes;
  }

  /**
   * Says how many bytes {@link StreamHandler#bytes} needs before it can consume any, so that the
   * buffer is not made larger than that; 0 = not known.
   */
  public void wantedBytes(long bytes) {
    input.wantedBytes(bytes);
  }

  /** Closes at once; what has not left is dropped. Any thread. */
  public void close() {
    if (loop.inLoop()) {
      closeRequested = true;
      if (channel != null) {
        channel.close();
      }
    } else {
      loop.execute(this::close);
    }
  }

  /** Closes when what was written has left. */
  public void closeAfterFlush() {
    if (channel == null) {
      close();
    } else if (!closeAfterFlush) {
      closeAfterFlush = true;
      channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(sent -> close());
    }
  }

  /** Bytes written that the socket has not taken. */
  public long pendingBytes() {
    ChannelOutboundBuffer outbound = channel == null ? null : channel.unsafe().outboundBuffer();
    return outbound == null ? 0 : outbound.totalPendingWriteBytes();
  }

  /** Bytes read. */
  public long bytesIn() {
    return bytesIn;
  }

  /** Bytes written. */
  public long bytesOut() {
    return bytesOut;
  }

  /** Wall clock of the last read, at first that of the start. */
  public long lastReadMs() {
    return lastReadMs;
  }

  boolean isCloseRequested() {
    return closeRequested;
  }

  InputBuffer input() {
    return input;
  }

  /** The socket is connected and on this loop. */
  void attached(Channel newChannel) {
    channel = newChannel;
    remoteAddress = Addresses.text(channel.remoteAddress(), channel.localAddress());
    localAddress = Addresses.text(channel.localAddress(), channel.localAddress());
    if (closeRequested || !channel.isActive()) {
      channel.close();
      ended(null);
      return;
    }
    loop.streams().add(this);
    channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, false);
    channel
        .config()
        .setOption(
            ChannelOption.WRITE_BUFFER_WATER_MARK,
            new WriteBufferWaterMark(LOW_WATER_BYTES, HIGH_WATER_BYTES));
    guarded(() -> handler.connected(this));
    if (input.kept() != null && !ended) {
      consume(input.kept());
    }
    if (!readPaused && !ended) {
      channel.config().setAutoRead(true);
    }
  }

  /** The socket was read into {@code in}. */
  void received(ByteBuf in) {
    int bytes = input.received(in);
    if (ended) {
      return;
    }
    bytesIn += bytes;
    lastReadMs = loop.clock().wallMs();
    consume(in);
    loop.socketWasRead(bytes);
  }

  private void consume(ByteBuf in) {
    guarded(() -> handler.bytes(this, in));
    if (ended) {
      return;
    }
    if (closeRequested) {
      in.skipBytes(in.readableBytes());
    }
    input.keepUnread(in);
    if (input.keptBytes() > inputLimitBytes) {
      failed(
          new NetworkException(
              NetworkException.Severity.CONNECTION,
              "more than " + inputLimitBytes + " bytes were sent without a complete unit"));
    }
  }

  /**
   * May come from within {@link #flush}, whose caller has not come to an end of what it does: the
   * handler is told afterwards.
   */
  void becameWritable() {
    if (!tellQueued) {
      tellQueued = true;
      loop.execute(this::tellWritable);
    }
  }

  private void tellWritable() {
    tellQueued = false;
    if (!ended && isWritable()) {
      guarded(() -> handler.writable(this));
    }
  }

  void failed(Throwable cause) {
    if (failure == null) {
      failure = cause;
    }
    close();
  }

  /** The socket is gone, or there never was one. */
  void ended(Throwable cause) {
    if (ended) {
      return;
    }
    ended = true;
    loop.streams().remove(this);
    input.release();
    Throwable first = failure == null ? cause : failure;
    guarded(() -> handler.closed(this, first));
  }

  private void guarded(Runnable call) {
    try {
      call.run();
    } catch (RuntimeException | Error thrown) {
      loop.failed(thrown);
      failed(thrown);
    }
  }

  /** A region of a file that somebody else closes. */
  private static final class OpenFileRegion extends DefaultFileRegion {
    OpenFileRegion(FileChannel file, long position, long length) {
      super(file, position, length);
    }

    @Override
    protected void deallocate() {
      // The file belongs to the caller of sendFile.
    }
  }
}
