package org.chronolith.server.replication;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.chronolith.network.LoopClock;
import org.chronolith.network.StreamConnection;
import org.chronolith.replicationlog.History;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends an RDB while it is made: {@code +FULLRESYNC <id> <S>}, {@code $EOF:<mark>}, the bytes, and
 * the mark again, forty random characters. Redis's replicas find the mark at the end of what they
 * have read, so the stream must not follow before they have said that they are there.
 */
final class RdbStreamSend implements FullSyncSend {
  private static final Logger LOG = LoggerFactory.getLogger(RdbStreamSend.class);

  private final RdbPipe pipe = new RdbPipe(this::changed);
  private final long offset;
  private final String firstLine;
  private final String mark = History.randomId();
  private final SyncPace pace;
  private final SyncProgress progress;
  private final LoopClock clock;

  /** Null until it begins. */
  private volatile StreamConnection connection;

  private Runnable done;
  private Consumer<Throwable> failed;
  private long progressMs;

  /** A chunk that waits for its time. */
  private ByteBuf early;

  private boolean ended;

  /**
   * @param offset where the log follows
   * @param firstLine {@code +FULLRESYNC …}
   * @param replica names it in the log
   */
  RdbStreamSend(long offset, String firstLine, SyncPace pace, LoopClock clock, String replica) {
    this.offset = offset;
    this.firstLine = firstLine;
    this.pace = pace;
    this.clock = clock;
    progressMs = clock.wallMs();
    progress = new SyncProgress("Full sync with replica " + replica, LOG::info, 0, 0, progressMs);
  }

  /** Where the RDB is to be written. */
  RdbPipe pipe() {
    return pipe;
  }

  /** Thread: rdb. */
  private void changed() {
    StreamConnection to = connection;
    if (to != null) {
      to.loop().execute(this::pump);
    }
  }

  @Override
  public void start(StreamConnection to, Runnable whenDone, Consumer<Throwable> whenFailed) {
    done = whenDone;
    failed = whenFailed;
    connection = to;
    to.write(Unpooled.copiedBuffer(firstLine + "$EOF:" + mark + "\r\n", StandardCharsets.US_ASCII));
    to.flush();
    pump();
  }

  private void pump() {
    if (ended || early != null) {
      return;
    }
    boolean wrote = false;
    while (connection.isWritable()) {
      ByteBuf chunk = pipe.poll();
      if (chunk == null) {
        break;
      }
      long waitMs = pace.waitMs(chunk.readableBytes());
      if (waitMs > 0) {
        early = chunk;
        connection.flush();
        connection.loop().schedule(this::inTime, waitMs);
        return;
      }
      write(chunk);
      wrote = true;
    }
    if (wrote) {
      connection.flush();
    }
    if (pipe.isAtEnd()) {
      ended = true;
      connection.write(Unpooled.copiedBuffer(mark, StandardCharsets.US_ASCII));
      connection.flush();
      done.run();
    } else if (pipe.failure() != null) {
      ended = true;
      failed.accept(pipe.failure());
    }
  }

  private void inTime() {
    if (ended) {
      return;
    }
    ByteBuf chunk = early;
    early = null;
    write(chunk);
    connection.flush();
    pump();
  }

  private void write(ByteBuf chunk) {
    int bytes = chunk.readableBytes();
    connection.write(chunk);
    progressMs = clock.wallMs();
    progress.add(bytes, progressMs);
  }

  @Override
  public void writable() {
    pump();
  }

  @Override
  public long offset() {
    return offset;
  }

  @Override
  public boolean streamFollows() {
    return true;
  }

  @Override
  public boolean awaitsAcknowledgement() {
    return true;
  }

  @Override
  public long progressMs() {
    // What is not made yet the replica cannot take.
    return early != null || pipe.isWaiting() ? clock.wallMs() : progressMs;
  }

  @Override
  public SyncProgress progress() {
    return progress;
  }

  @Override
  public void close() {
    ended = true;
    if (early != null) {
      early.release();
      early = null;
    }
    pipe.close();
  }
}
