package org.chronolith.bench.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.chronolith.bench.BenchException;

/** Writes and forces on the volume of a directory as fast as that goes. */
final class DiskHog implements Disturbance {

  private static final int THREADS = 2;
  private static final int CHUNK_BYTES = 1 << 20;
  private static final int FILE_CHUNKS = 64;

  private final Path directory;
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean stopped;
  private volatile IOException failure;

  DiskHog(Path directory) {
    this.directory = directory;
  }

  @Override
  public void begin() {
    for (int i = 0; i < THREADS; i++) {
      Thread thread = new Thread(this::hog, "disk-hog");
      threads.add(thread);
      thread.start();
    }
  }

  @Override
  public void end() {
    stopped = true;
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new BenchException("interrupted while the disk hog ended", e);
      }
    }
    threads.clear();
    if (failure != null) {
      throw new BenchException("the disk hog failed: " + failure.getMessage(), failure);
    }
  }

  @Override
  public void close() {
    end();
  }

  private void hog() {
    ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);
    try {
      Path file = Files.createTempFile(directory, "bench-hog-", ".tmp");
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        for (long i = 0; !stopped; i++) {
          channel.write(chunk.clear(), i % FILE_CHUNKS * CHUNK_BYTES);
          channel.force(true);
        }
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      failure = e;
    }
  }
}
