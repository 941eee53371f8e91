package org.chronolith.server.replication;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.zip.CRC32C;
import org.chronolith.server.recovery.Generation;
import org.chronolith.server.recovery.Recovered;
import org.chronolith.server.recovery.RecoveryTarget;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Receives the files of a checkpoint into a new generation, beside the live one, and builds the new
 * keyspace from them. The link hands over what it read, and bounds how much may wait.
 *
 * <p>Thread: a {@code loader} of its own, which waits for the disk. The package-private methods are
 * for the replication loop and for the engine, and wait for nothing.
 */
final class FullSyncReceive implements Receiving {
  private static final Logger LOG = LoggerFactory.getLogger(FullSyncReceive.class);

  /** Told on the loader thread. */
  interface Listener {
    /** So many bytes have gone to disk. */
    void written(int bytes);

    /** The new generation is the live one on disk; the engine must adopt it. */
    void loaded(Recovered recovered, RecoveryTarget target);

    /** Nothing of it is left. */
    void failed(Exception cause);
  }

  private enum Phase {
    RECEIVING,
    /** On disk, the new generation is the live one, or is about to be. */
    SWITCHING,
    GIVEN_UP
  }

  /** What comes to the loader: a file's name, its bytes, its checksum, the end of all. */
  private record Step(String name, ByteBuf bytes, int crc32c, boolean end) {}

  private final ReplicationHost host;
  private final String replicationId;
  private final long totalBytes;
  private final Listener listener;
  private final LinkedBlockingQueue<Step> steps = new LinkedBlockingQueue<>();
  private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.RECEIVING);
  private final CRC32C crc = new CRC32C();

  private Generation generation;
  private FileChannel file;
  private String fileName;
  private boolean accepting = true;

  /**
   * @param totalBytes of all files, as the master says
   */
  FullSyncReceive(ReplicationHost host, String replicationId, long totalBytes, Listener listener) {
    this.host = host;
    this.replicationId = replicationId;
    this.totalBytes = totalBytes;
    this.listener = listener;
  }

  void start() {
    Thread loader = new Thread(this::run, "loader");
    loader.setDaemon(true);
    loader.start();
  }

  /** The next file begins. */
  void file(String name) {
    offer(new Step(name, null, 0, false));
  }

  /** Bytes of the current file; takes the buffer over. */
  void data(ByteBuf bytes) {
    offer(new Step(null, bytes, 0, false));
  }

  /** The current file is complete. */
  void endFile(int crc32c) {
    offer(new Step(null, null, crc32c, false));
  }

  /** All files are there. */
  void end() {
    offer(new Step(null, null, 0, true));
  }

  private synchronized void offer(Step step) {
    if (accepting) {
      steps.add(step);
    } else if (step.bytes() != null) {
      step.bytes().release();
    }
  }

  @Override
  public boolean giveUp() {
    if (phase.compareAndSet(Phase.RECEIVING, Phase.GIVEN_UP)) {
      end();
      return true;
    }
    return phase.get() == Phase.GIVEN_UP;
  }

  private void run() {
    try {
      receive();
    } catch (IOException | RuntimeException e) {
      abandon(e);
      return;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      abandon(e);
      return;
    }
    load();
  }

  private void receive() throws IOException, InterruptedException {
    host.data().requireUsable(totalBytes);
    generation = host.data().newGeneration();
    Files.createDirectories(generation.incoming());
    for (Step step = steps.take(); ; step = steps.take()) {
      if (phase.get() == Phase.GIVEN_UP) {
        release(step);
        throw new IOException("the full sync was given up");
      }
      if (step.end()) {
        return;
      }
      if (step.name() != null) {
        begin(step.name());
      } else if (step.bytes() != null) {
        write(step.bytes());
      } else {
        finish(step.crc32c());
      }
    }
  }

  private void begin(String name) throws IOException {
    Path path = generation.incoming().resolve(name);
    if (!path.getParent().equals(generation.incoming())) {
      throw new IOException("the master sent a file named '" + name + "'");
    }
    fileName = name;
    crc.reset();
    file = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  private void write(ByteBuf bytes) throws IOException {
    int length = bytes.readableBytes();
    try {
      crc.update(bytes.nioBuffer());
      while (bytes.isReadable()) {
        bytes.readBytes(file, bytes.readableBytes());
      }
    } finally {
      bytes.release();
    }
    listener.written(length);
  }

  private void finish(int crc32c) throws IOException {
    file.close();
    file = null;
    if ((int) crc.getValue() != crc32c) {
      throw new IOException(
          String.format(
              "file %s arrived with checksum %08x instead of %08x",
              fileName, (int) crc.getValue(), crc32c));
    }
  }

  private void load() {
    stopAccepting();
    RecoveryTarget target = null;
    try {
      target = host.newTarget();
      Recovered recovered =
          host.recovery()
              .fullSync(
                  generation,
                  target,
                  replicationId,
                  () -> phase.compareAndSet(Phase.RECEIVING, Phase.SWITCHING));
      listener.loaded(recovered, target);
    } catch (RuntimeException e) {
      phase.set(Phase.GIVEN_UP);
      if (target != null) {
        host.discard(target);
      }
      listener.failed(e);
    }
  }

  private void abandon(Exception cause) {
    phase.set(Phase.GIVEN_UP);
    stopAccepting();
    try {
      if (file != null) {
        file.close();
      }
    } catch (IOException e) {
      LOG.warn("Cannot close {}", fileName, e);
    }
    if (generation != null) {
      host.data().remove(generation);
    }
    listener.failed(cause);
  }

  private synchronized void stopAccepting() {
    accepting = false;
    for (Step step = steps.poll(); step != null; step = steps.poll()) {
      release(step);
    }
  }

  private static void release(Step step) {
    if (step.bytes() != null) {
      step.bytes().release();
    }
  }
}
