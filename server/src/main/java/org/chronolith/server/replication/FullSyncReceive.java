package org.chronolith.server.replication;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import org.chronolith.server.recovery.IncomingFiles;
import org.chronolith.server.recovery.Recovered;
import org.chronolith.server.recovery.RecoveryTarget;
import org.chronolith.server.work.Worker;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Receives the files of a checkpoint into a new generation, beside the live one, and builds the new
 * keyspace from them. The link hands over what it read, and bounds how much may wait. If the link
 * is cut, what has arrived is kept for the next one.
 *
 * <p>Thread: a worker {@code loader} of its own, which waits for the disk. The package-private
 * methods are for the replication loop and for the engine, and wait for nothing.
 */
final class FullSyncReceive implements Receiving {
  private static final Logger LOG = LoggerFactory.getLogger(FullSyncReceive.class);

  /** Told on the loader thread. */
  interface Listener {
    /** So many bytes have gone to disk. */
    void written(int bytes);

    /** The new generation is the live one on disk; the engine must adopt it. */
    void loaded(Recovered recovered, RecoveryTarget target);

    /** There is no new data set. */
    void failed(Throwable cause);
  }

  private enum Kind {
    BEGIN,
    FILE,
    DATA,
    END_OF_FILE,
    END,
    CUT
  }

  /** What comes to the loader. */
  private record Step(Kind kind, String name, long fileBytes, int crc32c, ByteBuf bytes) {
    static Step of(Kind kind) {
      return new Step(kind, null, 0, 0, null);
    }
  }

  /** No more will come, or be wanted: what is there stays. */
  static final class EndedException extends IOException {
    private static final long serialVersionUID = 1L;

    EndedException(String message) {
      super(message);
    }
  }

  private final ReplicationHost host;
  private final String replicationId;
  private final CheckpointHeader header;
  private final Listener listener;
  private final Worker loader;
  private final GenerationBuild build;

  /** What an earlier one has left, to go on with or to be removed; null if there is nothing. */
  private final IncomingFiles before;

  private IncomingFiles incoming;
  private volatile IncomingFiles kept;
  private boolean accepting = true;

  /** It has ended, one way or the other. Thread: loader. */
  private boolean over;

  private boolean begun;

  /**
   * @param before what an earlier one has left, taken by the caller; null if there is nothing
   */
  FullSyncReceive(
      ReplicationHost host,
      String replicationId,
      CheckpointHeader header,
      IncomingFiles before,
      Listener listener) {
    this.host = host;
    this.replicationId = replicationId;
    this.header = header;
    this.before = before;
    this.listener = listener;
    build = new GenerationBuild(host, listener);
    loader = host.workers().start("loader");
  }

  /** What it was given of an earlier one, or null. */
  IncomingFiles before() {
    return before;
  }

  /** Bytes that were there before. */
  long hadBytes() {
    return before == null ? 0 : before.position().bytes();
  }

  void start() {
    offer(Step.of(Kind.BEGIN));
  }

  /** The next file begins, or goes on. */
  void file(String name, long bytes, int crc32c) {
    offer(new Step(Kind.FILE, name, bytes, crc32c, null));
  }

  /** Bytes of the current file; takes the buffer over. */
  void data(ByteBuf bytes) {
    offer(new Step(Kind.DATA, null, 0, 0, bytes));
  }

  /** The current file is complete. */
  void endFile() {
    offer(Step.of(Kind.END_OF_FILE));
  }

  /** All files are there. */
  void end() {
    offer(Step.of(Kind.END));
  }

  /** The link is gone: what was handed over is still taken, and then kept. */
  void cut() {
    offer(Step.of(Kind.CUT));
  }

  private synchronized void offer(Step step) {
    if (accepting) {
      loader.execute(() -> run(step));
    } else if (step.bytes() != null) {
      step.bytes().release();
    }
  }

  @Override
  public boolean giveUp() {
    boolean givenUp = build.cancellation().cancel();
    if (givenUp) {
      cut();
    }
    return givenUp;
  }

  /** After a failure: what can be gone on with, or null. Any thread. */
  IncomingFiles kept() {
    return kept;
  }

  private void run(Step step) {
    if (over) {
      release(step);
      return;
    }
    guarded(
        () -> {
          if (!begun) {
            // Even if it was given up before: what there is of an earlier one is looked at first.
            begun = true;
            begin();
          }
          if (build.cancellation().isCancelled()) {
            release(step);
            throw new EndedException("the full sync was given up");
          }
          take(step);
        });
  }

  /** Something that may fail because of the disk. */
  private interface Work {
    void run() throws IOException;
  }

  private void guarded(Work work) {
    try {
      work.run();
    } catch (IOException | RuntimeException | Error e) {
      abandon(e);
    }
  }

  private void begin() throws IOException {
    if (header.goesOn()) {
      incoming = before;
      host.data().requireUsable(header.bytes() - incoming.position().bytes());
      incoming.verify();
    } else {
      if (before != null) {
        host.data().remove(before.generation());
      }
      host.data().requireUsable(header.bytes());
      incoming = IncomingFiles.begin(host.data().newGeneration(), header.checkpointId());
    }
  }

  private void take(Step step) throws IOException {
    switch (step.kind()) {
      case BEGIN -> LOG.debug("Receiving into {}", incoming.generation());
      case FILE -> file(step);
      case DATA -> write(step.bytes());
      case END_OF_FILE -> incoming.endFile();
      case CUT -> throw new EndedException("the link was cut");
      case END -> {
        incoming.end();
        load();
      }
    }
  }

  private void file(Step step) throws IOException {
    incoming.file(step.name(), step.fileBytes(), step.crc32c());
    if (incoming.announcedBytes() > header.bytes()) {
      throw new IOException(
          "the master sends more than the " + header.bytes() + " bytes that it has announced");
    }
  }

  private void write(ByteBuf bytes) throws IOException {
    int length = bytes.readableBytes();
    try {
      incoming.write(bytes);
    } finally {
      bytes.release();
    }
    listener.written(length);
  }

  private void load() {
    stop();
    build.run(
        incoming::generation,
        (generation, target) ->
            host.recovery()
                .fullSync(generation, target, replicationId, true, build.cancellation()));
  }

  /**
   * A cut link, or a file that was damaged on its way for the first time, loses nothing. After
   * anything else, such as a full disk, the space is given back.
   */
  private void abandon(Throwable cause) {
    build.cancellation().cancel();
    stop();
    try {
      keepOrRemove(cause);
    } finally {
      // Whatever happens to the files: somebody waits for the end.
      listener.failed(cause);
    }
  }

  private void keepOrRemove(Throwable cause) {
    if (incoming == null) {
      // Not even begun: for want of space, perhaps, which what was there before takes.
      if (before != null) {
        host.data().remove(before.generation());
      }
      return;
    }
    boolean keep =
        header.checkpointId() != null
            && (cause instanceof EndedException
                || (cause instanceof IncomingFiles.DamagedException damaged && !damaged.again()));
    try {
      incoming.closeFile();
    } catch (IOException e) {
      LOG.warn("Cannot close what a full sync has brought", e);
      keep = false;
    }
    if (keep && incoming.position().bytes() > 0) {
      incoming.giveBack();
      kept = incoming;
    } else {
      host.data().remove(incoming.generation());
    }
  }

  /** Takes no more; what has been handed over is released as its turn comes. */
  private synchronized void stop() {
    over = true;
    accepting = false;
    loader.close();
  }

  private static void release(Step step) {
    if (step.bytes() != null) {
      step.bytes().release();
    }
  }
}
