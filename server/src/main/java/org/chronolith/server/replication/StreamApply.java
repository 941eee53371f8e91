package org.chronolith.server.replication;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import org.chronolith.network.Growth;
import org.chronolith.network.NetworkLoop;
import org.chronolith.network.ProtocolException;
import org.chronolith.server.command.StreamExecutor;
import org.chronolith.server.write.WritePath;

/**
 * Applies a master's stream and appends what was applied, verbatim, in the same turn: complete
 * effects and complete groups only. What is incomplete waits here, so the log of a replica never
 * ends within a group.
 *
 * <p>Thread: engine.
 */
final class StreamApply {
  private static final int FIRST_BUFFER_BYTES = 64 << 10;
  private static final int KEEP_BYTES = 4 << 20;

  /** Until the log has space again. */
  private static final long RETRY_MS = 5;

  private static final long LONGEST_RETRY_MS = 200;

  /** Where the bytes come from. */
  interface Source {
    /** {@code bytes} need no memory here any more. Any thread. */
    void taken(int bytes);

    /** The bytes are no commands: the link cannot go on. Any thread. */
    void malformed(ProtocolException cause);

    /**
     * This server lacks a command of the stream, or fails to run it; nothing of it is applied: the
     * link cannot go on at all. Any thread.
     */
    void refused(StreamExecutor.Refused command, long offset);
  }

  private final NetworkLoop loop;
  private final WritePath writePath;
  private final StreamExecutor executor;
  private final Runnable onApplied;
  private final ReplicationHost host;
  private ByteBuf pending;

  /** What comes before the next {@link #reset} is dropped. */
  private boolean halted;

  /** For space: a retry is on its way, and what arrives meanwhile is not taken. */
  private boolean waiting;

  private long retryMs = RETRY_MS;
  private int waitingBytes;

  /** Counts {@link #reset}: a retry of an earlier stream does nothing. */
  private long streams;

  /**
   * @param onApplied runs after something was appended
   */
  StreamApply(
      NetworkLoop loop,
      WritePath writePath,
      StreamExecutor executor,
      Runnable onApplied,
      ReplicationHost host) {
    this.loop = loop;
    this.writePath = writePath;
    this.executor = executor;
    this.onApplied = onApplied;
    this.host = host;
  }

  /** Takes over {@code chunk} and applies what has become complete. */
  void accept(ByteBuf chunk, Source source) {
    int bytes = chunk.readableBytes();
    if (halted) {
      chunk.release();
      source.taken(bytes);
      return;
    }
    if (pending == null) {
      pending = PooledByteBufAllocator.DEFAULT.directBuffer(Math.max(FIRST_BUFFER_BYTES, bytes));
    }
    Growth.makeRoom(pending, bytes, executor.wantedBytes());
    pending.writeBytes(chunk);
    chunk.release();
    waitingBytes += bytes;
    apply(source);
    if (!waiting) {
      tellTaken(source);
    }
  }

  /** What waits for its end is taken, or it would never come; what waits for space is not. */
  private void tellTaken(Source source) {
    if (waitingBytes > 0) {
      source.taken(waitingBytes);
      waitingBytes = 0;
    }
  }

  private void apply(Source source) {
    if (pending == null || !pending.isReadable() || waiting || halted) {
      return;
    }
    if (!writePath.log().canAppend(pending.readableBytes())) {
      // The master has applied it: it cannot be refused, but it can wait for space. The link stops
      // reading when too much waits.
      waiting = true;
      long streamAtWait = streams;
      loop.schedule(() -> retry(source, streamAtWait), retryMs);
      retryMs = Math.min(LONGEST_RETRY_MS, 2 * retryMs);
      return;
    }
    retryMs = RETRY_MS;
    int from = pending.readerIndex();
    int db = executor.db();
    int consumed;
    try {
      consumed = executor.apply(pending);
    } catch (ProtocolException e) {
      // Decoded before anything of it is applied. What the link has read already still comes; it is
      // of no use, since nobody knows where a command begins in it.
      halted = true;
      source.malformed(e);
      return;
    } catch (RuntimeException | Error e) {
      host.fatal(
          "the master's stream cannot be applied after offset " + writePath.log().endOffset(), e);
      return;
    }
    if (consumed > 0) {
      writePath.appendVerbatim(pending, from, consumed, db);
      onApplied.run();
    }
    shrink();
    if (executor.refused() != null) {
      halted = true;
      source.refused(executor.refused(), writePath.log().endOffset());
    }
  }

  private void retry(Source source, long stream) {
    if (stream != streams) {
      return;
    }
    waiting = false;
    apply(source);
    if (!waiting) {
      tellTaken(source);
    }
  }

  private void shrink() {
    if (!pending.isReadable() && pending.capacity() > KEEP_BYTES) {
      pending.release();
      pending = null;
    } else if (!pending.isReadable()) {
      pending.clear();
    } else if (pending.readerIndex() > pending.capacity() / 2) {
      pending.discardReadBytes();
    }
  }

  /** Bytes that wait to become complete, or for space. */
  int pendingBytes() {
    return pending == null ? 0 : pending.readableBytes();
  }

  /** Forgets what is incomplete: the next bytes are those at the end of the log. */
  void reset() {
    streams++;
    waiting = false;
    waitingBytes = 0;
    retryMs = RETRY_MS;
    if (pending != null) {
      pending.release();
      pending = null;
    }
    executor.reset();
    halted = false;
  }

  /** The stream's database at the end of the log. */
  int db() {
    return executor.db();
  }

  void select(int db) {
    executor.select(db);
  }
}
