package org.chronolith.server.testing;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/**
 * A volume of its own (a tmpfs) that can be filled to the last byte and freed again. Where mounting
 * is not permitted, the test is skipped.
 */
public final class SmallVolume implements AutoCloseable {
  private static final int CHUNK_BYTES = 64 << 10;
  private static final int PAGE_BYTES = 4 << 10;

  private final Path directory;
  private final Path ballast;

  private SmallVolume(Path directory) {
    this.directory = directory;
    this.ballast = directory.resolve("ballast");
  }

  /** Mounts one over {@code directory}, which must exist. */
  public static SmallVolume mount(Path directory, int mebibytes) {
    String refusal =
        run("mount", "-t", "tmpfs", "-o", "size=" + mebibytes + "m", "tmpfs", directory.toString());
    Assumptions.assumeTrue(
        refusal.isEmpty(), "a small volume cannot be mounted here, which takes root: " + refusal);
    return new SmallVolume(directory);
  }

  public Path directory() {
    return directory;
  }

  public long freeBytes() {
    return directory.toFile().getUsableSpace();
  }

  /** Takes all the space there is, but for {@code leaveBytes}. */
  public void fill(long leaveBytes) {
    byte[] chunk = new byte[CHUNK_BYTES];
    try (OutputStream out = Files.newOutputStream(ballast)) {
      while (freeBytes() >= leaveBytes + PAGE_BYTES) {
        out.write(chunk, 0, (int) Math.min(chunk.length, freeBytes() - leaveBytes));
      }
    } catch (IOException e) {
      // The last byte: somebody else took it.
      if (leaveBytes > 0) {
        throw new AssertionError(e);
      }
    }
  }

  /** Gives back what {@link #fill} took. */
  public void free() {
    try {
      Files.deleteIfExists(ballast);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    String refusal = run("umount", "-l", directory.toString());
    if (!refusal.isEmpty()) {
      throw new AssertionError(refusal);
    }
  }

  /** What a command that failed has said; empty if it succeeded. */
  private static String run(String... command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String output =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return command[0] + " does not end";
      }
      return process.exitValue() == 0 ? "" : "exit " + process.exitValue() + " " + output;
    } catch (IOException e) {
      return e.toString();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
