package org.chronolith.server.logging;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.chronolith.replicationlog.LogException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The file that {@code pidfile} names: it holds the process id while the server runs. */
public final class PidFile implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(PidFile.class);

  private final Path path;

  private PidFile(Path path) {
    this.path = path;
  }

  /**
   * @throws IOException if it cannot be written
   */
  public static PidFile write(Path path) throws IOException {
    Path absolute = path.toAbsolutePath();
    try {
      Files.writeString(absolute, ProcessHandle.current().pid() + "\n");
    } catch (IOException e) {
      throw new IOException("cannot write the pid file: " + LogException.reasonOf(e), e);
    }
    return new PidFile(absolute);
  }

  /** Removes it, if it still names this process. */
  @Override
  public void close() {
    try {
      String own = ProcessHandle.current().pid() + "\n";
      if (Files.exists(path) && Files.readString(path).equals(own)) {
        Files.delete(path);
      }
    } catch (IOException e) {
      LOG.warn("Cannot remove the pid file {}: {}", path, e.toString());
    }
  }
}
