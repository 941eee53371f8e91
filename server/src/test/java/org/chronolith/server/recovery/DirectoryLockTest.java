package org.chronolith.server.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class DirectoryLockTest {
  @TempDir Path directory;

  /** A process of its own, since the locks of one process do not keep each other out. */
  static final class Other {
    private static final long HOLDS_MS = 300;

    private Other() {}

    /**
     * Locks the file, says so, and lets go of it after a moment, removing it before if asked to.
     */
    public static void main(String[] arguments) throws Exception {
      Path file = Path.of(arguments[0]);
      boolean shared = arguments[1].equals("shared");
      try (FileChannel channel =
              FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
          FileLock lock = channel.lock(0, Long.MAX_VALUE, shared)) {
        System.out.println(lock.isValid() ? "held" : "lost");
        Thread.sleep(HOLDS_MS);
        if (!shared) {
          Files.delete(file);
        }
      }
    }
  }

  private Process other(String how) throws IOException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Other.class.getName(),
                directory.resolve(DirectoryLock.NAME).toString(),
                how)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
    assertEquals("held", out.readLine());
    return process;
  }

  @Test
  void shouldWaitForAToolThatAsksWhoHoldsIt() throws Exception {
    DirectoryLock.take(directory).close();
    Process tool = other("shared");
    DirectoryLock taken = DirectoryLock.take(directory);
    assertTrue(tool.waitFor(30, TimeUnit.SECONDS));
    taken.close();
    assertEquals(Optional.empty(), DirectoryLock.holder(directory));
  }

  @Test
  void shouldNotTakeAFileForTheLockThatWasRemovedMeanwhile() throws Exception {
    DirectoryLock.take(directory).close();
    Process before = other("exclusive");
    try (DirectoryLock taken = DirectoryLock.take(directory)) {
      assertTrue(before.waitFor(30, TimeUnit.SECONDS));
      assertTrue(
          Files.exists(directory.resolve(DirectoryLock.NAME)), "whoever comes sees " + taken);
    }
  }
}
