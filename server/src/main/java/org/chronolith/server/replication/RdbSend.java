package org.chronolith.server.replication;

import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.chronolith.network.LoopClock;
import org.chronolith.network.StreamConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends an RDB, for replicas and tools that know nothing else: {@code +FULLRESYNC <id> <S>} unless
 * it was {@code SYNC}, then {@code $<bytes>} and the bytes.
 */
final class RdbSend implements FullSyncSend {
  private static final Logger LOG = LoggerFactory.getLogger(RdbSend.class);
  private final FileChannel file;
  private final long bytes;
  private final long offset;
  private final String firstLine;
  private final boolean streamFollows;
  private final SyncPace pace;
  private final SyncProgress progress;
  private StreamConnection connection;
  private Runnable done;
  private long position;
  private final LoopClock clock;
  private long progressMs;
  private boolean closed;

  /**
   * @param file the RDB, which this object closes
   * @param offset where the log follows
   * @param firstLine {@code +FULLRESYNC …}, or empty
   * @param replica names it in the log
   */
  RdbSend(
      FileChannel file,
      long bytes,
      long offset,
      String firstLine,
      boolean streamFollows,
      SyncPace pace,
      LoopClock clock,
      String replica) {
    this.clock = clock;
    progressMs = clock.wallMs();
    this.file = file;
    this.bytes = bytes;
    this.offset = offset;
    this.firstLine = firstLine;
    this.streamFollows = streamFollows;
    this.pace = pace;
    progress =
        new SyncProgress("Full sync with replica " + replica, LOG::info, bytes, 0, progressMs);
  }

  @Override
  public void start(StreamConnection to, Runnable whenDone, Consumer<Throwable> whenFailed) {
    connection = to;
    done = whenDone;
    connection.write(
        Unpooled.copiedBuffer(firstLine + "$" + bytes + "\r\n", StandardCharsets.US_ASCII));
    nextChunk();
  }

  private void nextChunk() {
    if (closed) {
      return;
    }
    long length = pace.chunkBytes(bytes - position);
    if (length == 0) {
      done.run();
      return;
    }
    long waitMs = pace.waitMs(length);
    if (waitMs == 0) {
      send(length);
    } else {
      connection.flush();
      connection.loop().schedule(() -> send(length), waitMs);
    }
  }

  private void send(long length) {
    if (!closed) {
      long from = position;
      position += length;
      connection.sendFile(file, from, length, () -> sent(length));
    }
  }

  private void sent(long length) {
    progressMs = clock.wallMs();
    progress.add(length, progressMs);
    nextChunk();
  }

  @Override
  public void writable() {
    // The next chunk is sent when the one before has left, whatever the queue says.
  }

  @Override
  public long offset() {
    return offset;
  }

  @Override
  public boolean streamFollows() {
    return streamFollows;
  }

  @Override
  public long progressMs() {
    return progressMs;
  }

  @Override
  public SyncProgress progress() {
    return progress;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      try {
        file.close();
      } catch (IOException e) {
        LOG.warn("Cannot close an RDB that was sent", e);
      }
    }
  }
}
