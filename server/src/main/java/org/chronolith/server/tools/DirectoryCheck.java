package org.chronolith.server.tools;

import io.netty.buffer.ByteBuf;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.keyspace.SnapshotItems;
import org.chronolith.engine.snapshot.CheckpointFile;
import org.chronolith.engine.snapshot.CheckpointInspector;
import org.chronolith.engine.snapshot.CheckpointReader;
import org.chronolith.engine.snapshot.MetaFile;
import org.chronolith.replicationlog.ForcedEnd;
import org.chronolith.replicationlog.LogException;
import org.chronolith.replicationlog.LogInspector;
import org.chronolith.server.recovery.ForkMark;
import org.chronolith.server.recovery.HistoryAttributes;
import org.chronolith.server.recovery.RecoveryException;
import org.chronolith.server.recovery.StoredDirectory;
import org.chronolith.server.replication.ClaimFile;

/** Verifies what a data directory, or a part of one, holds; nothing is changed. */
final class DirectoryCheck {
  /** How often a running server may supersede the checkpoint that is being read. */
  private static final int MOST_LISTINGS = 3;

  private final StoredDirectory directory;
  private final Progress progress;
  private final CheckReport report = new CheckReport();

  private DirectoryCheck(StoredDirectory directory, Progress progress) {
    this.directory = directory;
    this.progress = progress;
  }

  static CheckReport run(StoredDirectory directory, Progress progress) {
    return new DirectoryCheck(directory, progress).run();
  }

  private CheckReport run() {
    report.path = directory.path();
    report.holder = directory.holder();
    report.fork = directory.fork().map(DirectoryCheck::describe);
    report.generation = directory.live().map(Object::toString);
    String others =
        directory.damage().isPresent()
            ? " may be the live generation; not checked, but may be by its own path"
            : " is not the live generation; not checked";
    directory.others().forEach(other -> report.notes.add(other + others));
    long claimedOffset = directory.whole() ? smallFiles() : 0;
    directory.live().ifPresent(live -> checkpoints(live.snapshots()));
    Optional<LogInspector> log = openLog();
    log.ifPresent(
        found -> {
          LogCheck checked = LogCheck.run(found, report, progress);
          report.history = Optional.ofNullable(checked.history());
        });
    progress.end();
    if (report.holder.isEmpty()) {
      new StartForecast(directory, report, claimedOffset).fill();
    }
    return report;
  }

  /**
   * The files beside the generations.
   *
   * @return up to which offset a replica is known to have the stream
   */
  private long smallFiles() {
    directory.damage().ifPresent(problem -> finding(directory.damaged(), problem));
    directory.nodeIdDamage().ifPresent(problem -> finding(directory.nodeId(), problem));
    directory.instanceDamage().ifPresent(problem -> finding(directory.instance(), problem));
    try {
      return ClaimFile.highestOffset(directory.path());
    } catch (RecoveryException e) {
      finding(directory.path().resolve(ClaimFile.NAME), e.getMessage());
      return 0;
    }
  }

  private static String describe(ForkMark fork) {
    return "made by '"
        + fork.reason()
        + "' at "
        + Point.time(fork.createdMs())
        + ", of offset "
        + fork.offset()
        + ", id "
        + fork.replicationId()
        + ": a master that starts on it takes a new id";
  }

  private Optional<LogInspector> openLog() {
    if (directory.log().isEmpty()) {
      directory
          .live()
          .ifPresent(live -> finding(live.log(), "there is no log in the live generation"));
      return Optional.empty();
    }
    try {
      ForcedEnd.damage(directory.log().get()).ifPresent(one -> finding(one.file(), one.problem()));
      return Optional.of(LogInspector.open(directory.log().get(), report.holder.isPresent()));
    } catch (LogException e) {
      finding(directory.log().get(), e.getMessage());
      return Optional.empty();
    }
  }

  private void checkpoints(Path snapshots) {
    Set<Path> seen = new HashSet<>();
    for (int i = 0; i < MOST_LISTINGS; i++) {
      List<Path> found = CheckpointInspector.list(snapshots).stream().filter(seen::add).toList();
      found.forEach(this::checkpoint);
    }
  }

  private void checkpoint(Path checkpoint) {
    Optional<MetaFile> meta = Optional.empty();
    Optional<String> problem = Optional.empty();
    boolean usable = false;
    long items = 0;
    try {
      meta = Optional.of(CheckpointInspector.meta(checkpoint));
      HistoryAttributes.read(meta.get().meta());
      progress.begin(checkpoint.getFileName().toString(), 2 * meta.get().totalBytes());
      usable = Bases.isUsable(checkpoint, meta.get());
      for (CheckpointFile file : meta.get().files()) {
        CheckpointInspector.verify(checkpoint, file);
        progress.add(file.bytes());
      }
      items = readAll(checkpoint, meta.get());
    } catch (EngineException | RecoveryException e) {
      if (report.holder.isPresent() && !Files.exists(checkpoint)) {
        report.notes.add(checkpoint.getFileName() + " was superseded and removed meanwhile");
        return;
      }
      problem = Optional.of(e.getMessage());
      finding(checkpoint, e.getMessage());
    }
    report.checkpoints.add(
        new CheckReport.CheckpointPart(
            checkpoint,
            meta.map(MetaFile::meta),
            meta.map(found -> found.files().size()).orElse(0),
            meta.map(MetaFile::totalBytes).orElse(0L),
            items,
            usable,
            problem));
  }

  private long readAll(Path checkpoint, MetaFile meta) {
    long items = 0;
    long keys = 0;
    boolean header = false;
    try (CheckpointReader reader = CheckpointInspector.read(checkpoint, scratch())) {
      while (reader.next()) {
        ByteBuf key = reader.key();
        header |= items == 0 && SnapshotItems.isHeader(key);
        keys += SnapshotItems.isEntry(key) ? 1 : 0;
        items++;
        progress.add(key.readableBytes() + reader.value().readableBytes());
      }
    }
    if (!header) {
      finding(checkpoint, "the tables do not begin with the header of a keyspace");
    } else if (keys != meta.meta().keys()) {
      finding(checkpoint, "the tables hold " + keys + " keys, META says " + meta.meta().keys());
    }
    return items;
  }

  /** RocksDB wants the name of a place for its own text log, and writes none when only reading. */
  static Path scratch() {
    return Path.of(System.getProperty("java.io.tmpdir"), "chronolith-tools");
  }

  private void finding(Path where, String problem) {
    // The file's name goes before it anyway.
    String prefix = where + " ";
    report.findings.add(
        new CheckReport.Finding(
            where.toString(),
            -1,
            -1,
            problem.startsWith(prefix) ? problem.substring(prefix.length()) : problem));
  }
}
