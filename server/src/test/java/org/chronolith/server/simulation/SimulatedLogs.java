package org.chronolith.server.simulation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.LogBranch;
import org.chronolith.replicationlog.LogConfig;
import org.chronolith.replicationlog.LogException;
import org.chronolith.replicationlog.LogListener;
import org.chronolith.replicationlog.LogNeed;
import org.chronolith.replicationlog.LogStore;
import org.chronolith.replicationlog.ReplicationLog;

/**
 * The logs of one node, in memory. A power loss takes of each some of what was not forced, from the
 * end on; a killed process loses nothing. A file {@value #FILE} in a log's directory names it, so
 * that directories can be renamed and removed.
 */
final class SimulatedLogs implements LogStore {
  private static final String FILE = "simulated-log";

  private final Timeline time;
  private final RandomGenerator random;
  private final StreamRegistry registry;
  private final NodeDisk disk;
  private final Map<String, LogImage> images = new HashMap<>();

  /** Directories that have had a log: its bytes are never all gone, so none begins anew there. */
  private final Set<Path> withLog = new HashSet<>();

  private int made;

  /** What is open belongs to a process; that of one that has ended does nothing. */
  private int process;

  SimulatedLogs(Timeline time, RandomGenerator random, StreamRegistry registry, NodeDisk disk) {
    this.disk = disk;
    this.time = time;
    this.random = random;
    this.registry = registry;
  }

  /** The process ends without a word. */
  void kill() {
    process++;
  }

  /** And the machine loses what is not on disk. */
  void losePower() {
    kill();
    images.values().forEach(image -> image.losePower(random));
  }

  /** Whether logs that were opened now would still be of a running process. */
  boolean isLive(int of) {
    return of == process;
  }

  @Override
  public boolean exists(LogConfig config) {
    return Files.exists(config.dir().resolve(FILE));
  }

  @Override
  public ReplicationLog open(LogConfig config, LogListener listener, LogNeed need) {
    withLog.add(config.dir().getParent());
    LogImage image = images.get(read(config.dir().resolve(FILE)));
    return new SimulatedLog(this, process, image, config, listener, time, random, registry, true);
  }

  @Override
  public ReplicationLog create(
      LogConfig config, LogListener listener, long startOffset, History history, int db) {
    if (exists(config)) {
      throw new LogException(LogException.Kind.MISUSE, "there is a log in " + config.dir());
    }
    if (withLog.contains(config.dir().getParent())) {
      throw new AssertionError(
          "a log begins anew in " + config.dir() + ", nothing forced was lost");
    }
    LogImage image = new LogImage(startOffset);
    add(image, config);
    SimulatedLog log =
        new SimulatedLog(this, process, image, config, listener, time, random, registry, false);
    log.appendIdentity(history, db, time.wallMs());
    log.sync();
    return log;
  }

  /** A log that has the commits of {@code image} up to an offset; one that power losses leave. */
  Optional<LogBranch> branch(
      LogImage image, LogConfig config, LogListener listener, long mostOffset) {
    LogImage copy = image.upTo(mostOffset);
    if (copy.entries() == 0 || copy.endOffset() < copy.startOffset()) {
      return Optional.empty();
    }
    add(copy, config);
    // Nobody looks at the database of a record here.
    return Optional.of(
        new LogBranch(
            new SimulatedLog(this, process, copy, config, listener, time, random, registry, true),
            0));
  }

  private void add(LogImage image, LogConfig config) {
    String name = "log-" + made++;
    try {
      Files.createDirectories(config.dir());
      Files.writeString(config.dir().resolve(FILE), name);
      disk.forceLog(config.dir().resolve(FILE));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    images.put(name, image);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
