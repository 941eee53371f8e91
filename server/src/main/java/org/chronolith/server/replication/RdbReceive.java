package org.chronolith.server.replication;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.concurrent.LinkedBlockingQueue;
import org.chronolith.replicationlog.History;
import org.chronolith.server.recovery.RdbSource;

/**
 * Receives an RDB and builds a keyspace and a new generation of it, beside the live ones. The bytes
 * are taken apart as they arrive and are never all there; the link hands over what it read, and
 * bounds how much may wait.
 *
 * <p>Thread: a {@code loader} of its own. {@link #start}, {@link #data}, {@link #end} and {@link
 * #giveUp} are for the replication loop and for the engine, and wait for nothing.
 */
final class RdbReceive implements Receiving {
  /** What comes to the loader; without bytes, the end. */
  private record Step(ByteBuf bytes) {}

  private final ReplicationHost host;
  private final String replicationId;
  private final long offset;
  private final long totalBytes;
  private final FullSyncReceive.Listener listener;
  private final LinkedBlockingQueue<Step> steps = new LinkedBlockingQueue<>();
  private final GenerationBuild build;
  private boolean accepting = true;

  /**
   * @param offset of the stream at which the data is complete
   * @param totalBytes of the RDB, or -1 if the master does not say
   */
  RdbReceive(
      ReplicationHost host,
      String replicationId,
      long offset,
      long totalBytes,
      FullSyncReceive.Listener listener) {
    this.host = host;
    this.replicationId = replicationId;
    this.offset = offset;
    this.totalBytes = totalBytes;
    this.listener = listener;
    build = new GenerationBuild(host, listener);
  }

  void start() {
    host.workers().run("loader", this::run);
  }

  /** Bytes of the RDB; takes the buffer over. */
  void data(ByteBuf bytes) {
    offer(new Step(bytes));
  }

  /** The RDB ends here. */
  void end() {
    offer(new Step(null));
  }

  private synchronized void offer(Step step) {
    if (accepting) {
      steps.add(step);
    } else if (step.bytes() != null) {
      int length = step.bytes().readableBytes();
      step.bytes().release();
      listener.written(length);
    }
  }

  @Override
  public boolean giveUp() {
    boolean givenUp = build.cancellation().cancel();
    if (givenUp) {
      end();
    }
    return givenUp;
  }

  private void run() {
    Arriving arriving = new Arriving();
    RdbSource rdb =
        new RdbSource(arriving, totalBytes, History.of(replicationId), offset, what -> {});
    try {
      build.run(
          () -> {
            host.data().requireUsable(totalBytes);
            return host.data().newGeneration();
          },
          (generation, target) ->
              host.recovery().fromRdb(generation, rdb, target, build.cancellation()));
    } finally {
      arriving.close();
    }
  }

  /** What has arrived, as the loader reads it. */
  private final class Arriving implements ReadableByteChannel {
    private ByteBuf current;
    private boolean ended;

    @Override
    public int read(ByteBuffer out) throws IOException {
      if (current == null && !next()) {
        return -1;
      }
      int length = Math.min(out.remaining(), current.readableBytes());
      int limit = out.limit();
      out.limit(out.position() + length);
      current.readBytes(out);
      out.limit(limit);
      listener.written(length);
      if (!current.isReadable()) {
        current.release();
        current = null;
      }
      return length;
    }

    private boolean next() throws IOException {
      try {
        while (!ended && current == null) {
          ByteBuf bytes = steps.take().bytes();
          ended = bytes == null;
          if (bytes != null && !bytes.isReadable()) {
            bytes.release();
          } else {
            current = bytes;
          }
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
      if (build.cancellation().isCancelled()) {
        throw new IOException("the full sync was given up");
      }
      return current != null;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    /** What comes from now on is released. */
    @Override
    public void close() {
      synchronized (RdbReceive.this) {
        accepting = false;
        for (Step step = steps.poll(); step != null; step = steps.poll()) {
          if (step.bytes() != null) {
            step.bytes().release();
          }
        }
      }
      if (current != null) {
        current.release();
        current = null;
      }
    }
  }
}
