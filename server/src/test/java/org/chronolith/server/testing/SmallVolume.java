package org.chronolith.server.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.chronolith.replicationlog.chronicle.Volume;
import org.junit.jupiter.api.Assumptions;

/**
 * A volume of its own (a tmpfs) that can be filled to the last byte and freed again. Where mounting
 * is not permitted, the test is skipped, with the reason; with {@code CHRONOLITH_REQUIRE_VOLUME=1}
 * it fails instead, so that a build which promises a full disk cannot pass without one.
 */
public final class SmallVolume implements AutoCloseable {
  static final String REQUIRE_VARIABLE = "CHRONOLITH_REQUIRE_VOLUME";

  private static final long MOST_STEP_BYTES = 16 << 20;
  private static final int PAGE_BYTES = 4 << 10;

  private final Path directory;
  private final Path ballast;

  private SmallVolume(Path directory) {
    this.directory = directory;
    this.ballast = directory.resolve("ballast");
  }

  /** Mounts one over {@code directory}, which must exist. */
  public static SmallVolume mount(Path directory, int mebibytes) {
    return mount(directory, mebibytes, System.getenv());
  }

  static SmallVolume mount(Path directory, int mebibytes, Map<String, String> environment) {
    String refusal =
        run("mount", "-t", "tmpfs", "-o", "size=" + mebibytes + "m", "tmpfs", directory.toString());
    if (!refusal.isEmpty()) {
      String reason = "a small volume cannot be mounted here, which takes root: " + refusal;
      if ("1".equals(environment.get(REQUIRE_VARIABLE))) {
        throw new IllegalStateException(
            reason + "; " + REQUIRE_VARIABLE + "=1 makes this a failure instead of a skipped test");
      }
      Assumptions.abort(reason);
    }
    return new SmallVolume(directory);
  }

  public Path directory() {
    return directory;
  }

  public long freeBytes() {
    return directory.toFile().getUsableSpace();
  }

  /** Takes all the space there is, but for {@code leaveBytes}, besides what it has already. */
  public void fill(long leaveBytes) {
    try {
      if (!Files.exists(ballast)) {
        Files.createFile(ballast);
      }
      long taken = Files.size(ballast);
      long step = MOST_STEP_BYTES;
      while (step >= PAGE_BYTES) {
        long free = freeBytes() - leaveBytes;
        if (free < PAGE_BYTES) {
          return;
        }
        long bytes = Math.min(step, free / PAGE_BYTES * PAGE_BYTES);
        if (reserve(taken, taken + bytes)) {
          taken += bytes;
        } else {
          // Somebody else took some of it meanwhile.
          step = bytes / 2;
        }
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Whether that was to be had. Much faster than to write as much. */
  private boolean reserve(long from, long to) throws IOException {
    try {
      Volume.REAL.reserve(ballast, from, to);
      return true;
    } catch (FileSystemException e) {
      return false;
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
