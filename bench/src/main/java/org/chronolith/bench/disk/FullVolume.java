package org.chronolith.bench.disk;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.chronolith.bench.BenchException;

/**
 * A tmpfs of its own that is filled to the last byte, kept so by a thread, and freed again.
 * Mounting it takes root.
 */
final class FullVolume implements Disturbance {

  private static final int CHUNK_BYTES = 1 << 20;
  private static final int PAGE_BYTES = 4 << 10;
  private static final long REFILL_MS = 20;
  private static final String NO_SPACE = "No space left on device";

  private final byte[] chunk = new byte[CHUNK_BYTES];
  private final Path directory;
  private final Path ballast;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Thread keeper = new Thread(this::keepFull, "full-volume");
  private volatile BenchException failure;

  private FullVolume(Path directory) {
    this.directory = directory;
    this.ballast = directory.resolve("ballast");
  }

  /** Mounts it. */
  static FullVolume mount(int mib) {
    try {
      Path directory = Files.createTempDirectory("bench-volume-");
      String refusal =
          run("mount", "-t", "tmpfs", "-o", "size=" + mib + "m", "tmpfs", directory.toString());
      if (!refusal.isEmpty()) {
        Files.delete(directory);
        throw new BenchException(
            "a small volume cannot be mounted, which takes root (the other kinds of --only go without it): "
                + refusal);
      }
      return new FullVolume(directory);
    } catch (IOException e) {
      throw new BenchException("cannot make a small volume: " + e.getMessage(), e);
    }
  }

  Path directory() {
    return directory;
  }

  /**
   * Takes every byte that is free, until {@link #end()}: else a server goes on in what a snapshot
   * of its lets it free. Once.
   */
  @Override
  public void begin() {
    fill();
    keeper.start();
  }

  private void keepFull() {
    try {
      while (!ended.await(REFILL_MS, TimeUnit.MILLISECONDS)) {
        fill();
      }
    } catch (BenchException e) {
      failure = e;
    } catch (InterruptedException e) {
      failure = new BenchException("interrupted while a volume was kept full", e);
    }
  }

  private void fill() {
    try (OutputStream out =
        Files.newOutputStream(ballast, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      for (long free = free(); free >= PAGE_BYTES; free = free()) {
        out.write(chunk, 0, (int) Math.min(chunk.length, free));
      }
    } catch (IOException e) {
      // The server may have taken some of it meanwhile, and have let go of some since.
      if (!String.valueOf(e.getMessage()).contains(NO_SPACE)) {
        throw new BenchException("cannot fill " + directory + ": " + e.getMessage(), e);
      }
    }
  }

  @Override
  public void end() {
    stopKeeping();
    if (failure != null) {
      throw failure;
    }
    try {
      Files.deleteIfExists(ballast);
    } catch (IOException e) {
      throw new BenchException("cannot free " + directory + ": " + e.getMessage(), e);
    }
  }

  private void stopKeeping() {
    ended.countDown();
    try {
      keeper.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchException("interrupted while a volume was freed", e);
    }
  }

  @Override
  public void close() {
    stopKeeping();
    String refusal = run("umount", "-l", directory.toString());
    if (!refusal.isEmpty()) {
      throw new BenchException("cannot unmount " + directory + ": " + refusal);
    }
    try {
      Files.delete(directory);
    } catch (IOException e) {
      throw new BenchException("cannot remove " + directory + ": " + e.getMessage(), e);
    }
  }

  private long free() {
    return directory.toFile().getUsableSpace();
  }

  /** What a command that failed has said; empty if it succeeded. */
  private static String run(String... command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String output =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      int code = process.waitFor();
      return code == 0 ? "" : output + " (exit code " + code + ")";
    } catch (IOException e) {
      return e.getMessage();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchException("interrupted in " + command[0], e);
    }
  }
}
