package org.chronolith.server.tools;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.keyspace.SnapshotItems;
import org.chronolith.engine.snapshot.CheckpointInspector;
import org.chronolith.engine.snapshot.CheckpointReader;
import org.chronolith.engine.snapshot.MetaFile;
import org.chronolith.engine.snapshot.SnapshotMeta;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.LogInspector;
import org.chronolith.server.OfflineDataset;
import org.chronolith.server.recovery.ForkMark;
import org.chronolith.server.recovery.Generation;
import org.chronolith.server.recovery.HistoryAttributes;
import org.chronolith.server.recovery.RecoveryTarget;
import org.chronolith.server.recovery.StoredDirectory;

/** One restore: finds the way to a point, walks it in memory, and writes what comes out. */
final class Restore {
  private static final int LEAST_DATABASES = 16;

  /**
   * What was restored.
   *
   * @param base text for people
   * @param commitMs wall clock of the last commit that is in it
   */
  record Result(
      long offset,
      long commitMs,
      long keys,
      String base,
      long baseOffset,
      long replayedBytes,
      History history,
      List<String> notes) {}

  private final StoredDirectory source;
  private final StoredDirectory logSource;
  private final Point to;
  private final int databases;
  private final Progress progress;
  private final List<String> notes = new ArrayList<>();
  private LogInspector log;
  private RestoreScan scan;

  /** The offset that is asked for. */
  private long target;

  /**
   * @param logSource where the log comes from; null for {@code source}
   * @param databases number of databases; 0 for as many as are needed
   */
  Restore(
      StoredDirectory source,
      StoredDirectory logSource,
      Point to,
      int databases,
      Progress progress) {
    this.source = source;
    this.logSource = logSource == null ? source : logSource;
    this.to = to;
    this.databases = databases;
    this.progress = progress;
  }

  Result into(Path directory) {
    try (NewDirectory made = new NewDirectory(directory, "--into")) {
      return run((state, offset, history) -> made.write(state, offset, history, progress));
    }
  }

  /** What becomes of the restored state. */
  interface Output {
    /**
     * @return the number of keys
     */
    long write(OfflineDataset state, long offset, History history);
  }

  Result run(Output output) {
    Path logDir =
        logSource
            .log()
            .orElseThrow(() -> new ToolException("there is no log in " + logSource.path()));
    log = LogInspector.open(logDir, logSource.holder().isPresent());
    Point resolved = to;
    if (to.kind() == Point.Kind.NUMBER) {
      Point end = new Point(Point.Kind.END, Long.MAX_VALUE, to.text());
      resolved = to.resolve(RestoreScan.run(log, end, progress).endOffset());
    }
    scan = RestoreScan.run(log, resolved, progress);
    leaveOut(resolved, scan.misplaced());
    List<Bases.Base> bases = bases();
    checkReach(resolved, bases);
    // The newest first; where its tables turn out to be damaged, the one before.
    List<Bases.Base> left = new ArrayList<>(bases);
    EngineException damage = null;
    while (true) {
      target = target(resolved, left);
      List<Bases.Base> ways = ways(left);
      if (ways.isEmpty()) {
        throw damage == null ? unreachable(bases) : damage;
      }
      Bases.Base base = ways.get(ways.size() - 1);
      try (OfflineDataset state = new OfflineDataset(databasesOf(base))) {
        load(base, state.target());
        return finish(base, state, bases, output);
      } catch (EngineException e) {
        damage = e;
        notes.add(base + " was passed over: " + e.getMessage());
        left.remove(base);
      }
    }
  }

  /** What does not belong where it is must not be the end that is asked for. */
  private void leaveOut(Point point, List<LogInspector.Damage> misplaced) {
    for (LogInspector.Damage one : misplaced) {
      boolean mayBeTheEnd = one.nextOffset() < 0 && one.offset() <= scan.endOffset();
      if (mayBeTheEnd && point.kind() != Point.Kind.OFFSET && scan.target() == scan.endOffset()) {
        throw new ToolException(one.toString());
      }
      notes.add("left out: " + one);
    }
  }

  /**
   * Where the log ends, or ends before a time, before a sound snapshot that is asked for as well: a
   * start would go on from that snapshot.
   */
  private long target(Point point, List<Bases.Base> bases) {
    if (point.kind() == Point.Kind.OFFSET || scan.target() < scan.endOffset()) {
      return scan.target();
    }
    long newest = scan.target();
    for (Bases.Base base : bases) {
      if (point.kind() != Point.Kind.TIME || base.ms() <= point.value()) {
        newest = Math.max(newest, base.offset());
      }
    }
    return newest;
  }

  /** Where the log has no way from, or to. */
  private boolean isBehindLog(Bases.Base base) {
    return base.offset() > scan.endOffset();
  }

  /** Where a way may begin, oldest first. */
  private List<Bases.Base> bases() {
    List<Bases.Base> all = new ArrayList<>();
    if (scan.startOffset() == 0 && !logSource.live().map(Generation::hasBase).orElse(false)) {
      all.add(new Bases.Base(Optional.empty(), Optional.empty(), 0, scan.startMs()));
    }
    for (Bases.Base base : Bases.of(source.live().orElseThrow().snapshots())) {
      String id = base.meta().orElseThrow().replicationId();
      History history = scan.historyAtEnd();
      // As for a start, the log does not count where it ends before; one of elsewhere must fit.
      boolean alone = logSource == source && isBehindLog(base);
      if (!alone && (history == null || history.validTo(id) < base.offset())) {
        notes.add(base + " was passed over: the log does not descend from its history " + id);
      } else {
        all.add(base);
      }
    }
    return all;
  }

  private void checkReach(Point point, List<Bases.Base> bases) {
    long now = System.currentTimeMillis();
    if (point.kind() == Point.Kind.TIME) {
      if (point.value() > now) {
        throw new ToolException(
            "'" + to.text() + "' is " + Point.time(point.value()) + ", which lies in the future");
      }
      // A replica keeps the mark of the backup that it was started from, and goes on.
      long copiedMs =
          logSource
              .fork()
              .filter(mark -> mark.isOfBackup() && mark.offset() == scan.endOffset())
              .map(ForkMark::createdMs)
              .orElse(Long.MAX_VALUE);
      if (point.value() > Math.max(copiedMs, scan.endMs())) {
        throw new ToolException(
            "'"
                + to.text()
                + "' is "
                + Point.time(point.value())
                + ", but "
                + logSource.path()
                + " was made at "
                + Point.time(copiedMs)
                + ". "
                + window(bases)
                + "; --log DIR takes the log from where the node went on");
      }
      if (point.value() < scan.startMs()) {
        throw new ToolException(
            "'"
                + to.text()
                + "' is "
                + Point.time(point.value())
                + ", before the log begins. "
                + window(bases));
      }
    } else if (scan.target() > scan.endOffset()
        && bases.stream().noneMatch(base -> base.offset() == scan.target())) {
      throw new ToolException(
          "offset " + scan.target() + " is beyond the end of the log. " + window(bases));
    }
    if (scan.clockWentBack()) {
      notes.add(
          "the clock went back: commits behind this point bear earlier times and are not in it;"
              + " 'log' shows their offsets, which --to takes as well");
    }
  }

  /** The bases from which the whole way to the target can be read, oldest first. */
  private List<Bases.Base> ways(List<Bases.Base> bases) {
    return bases.stream()
        .filter(base -> base.offset() <= target)
        .filter(
            base ->
                base.offset() == target
                    || base.offset() >= scan.startOffset()
                        && target <= scan.endOffset()
                        && scan.between(base.offset(), target) == null)
        .toList();
  }

  private ToolException unreachable(List<Bases.Base> bases) {
    String why = "no snapshot at or before it is left";
    for (Bases.Base base : bases) {
      LogInspector.Damage damage = scan.between(base.offset(), target);
      if (base.offset() <= target && damage != null) {
        why = "the log between " + base + " and it is damaged: " + damage;
      } else if (base.offset() <= target) {
        why = "the log begins at " + scan.startOffset() + ", behind " + base;
      }
    }
    return new ToolException(
        "offset " + target + " cannot be reached: " + why + ". " + window(bases));
  }

  /** What can be reached, for a message. */
  private String window(List<Bases.Base> bases) {
    TreeMap<Long, Long> spans = new TreeMap<>();
    TreeMap<Long, Long> times = new TreeMap<>();
    for (Bases.Base base : bases) {
      long reach =
          base.offset() < scan.startOffset() || isBehindLog(base)
              ? base.offset()
              : scan.readableFrom(base.offset());
      var before = spans.floorEntry(base.offset());
      if (before == null || before.getValue() < reach) {
        spans.put(base.offset(), reach);
        times.put(base.offset(), base.ms());
      }
    }
    if (spans.isEmpty()) {
      return "Nothing can be reached: there is no sound snapshot, and the log begins at offset "
          + scan.startOffset();
    }
    List<String> texts = new ArrayList<>();
    long covered = -1;
    for (var span : spans.entrySet()) {
      if (span.getValue() > covered) {
        boolean toEnd = span.getValue() == scan.endOffset();
        texts.add(
            "offset "
                + span.getKey()
                + " ("
                + Point.time(times.get(span.getKey()))
                + ") to "
                + span.getValue()
                + (toEnd ? " (" + Point.time(scan.endMs()) + ")" : ""));
        covered = span.getValue();
      }
    }
    return "Reachable: " + String.join("; ", texts);
  }

  private int databasesOf(Bases.Base base) {
    int stored = 0;
    if (base.checkpoint().isPresent()) {
      try (CheckpointReader reader =
          CheckpointInspector.read(base.checkpoint().get(), DirectoryCheck.scratch())) {
        if (reader.next() && SnapshotItems.isHeader(reader.key())) {
          stored = SnapshotItems.databases(reader.value());
        }
      }
    }
    int least = Math.max(stored, LEAST_DATABASES);
    if (databases != 0 && databases < least) {
      notes.add(
          stored == least
              ? "the snapshot has " + stored + " databases, so that many were made"
              : "at least " + least + " databases are made, so that many were");
    }
    return Math.max(least, databases);
  }

  private void load(Bases.Base base, RecoveryTarget target) {
    if (base.checkpoint().isEmpty()) {
      target.select(0);
      return;
    }
    Path checkpoint = base.checkpoint().get();
    MetaFile meta = CheckpointInspector.meta(checkpoint);
    progress.begin("loading " + base, meta.totalBytes());
    meta.files().forEach(file -> CheckpointInspector.verify(checkpoint, file));
    try (CheckpointReader reader = CheckpointInspector.read(checkpoint, DirectoryCheck.scratch())) {
      while (reader.next()) {
        target.item(reader.key(), reader.value());
        progress.add(reader.key().readableBytes() + reader.value().readableBytes());
      }
    }
    target.itemsEnd();
    target.select(meta.meta().selectedDb());
  }

  private Result finish(
      Bases.Base base, OfflineDataset state, List<Bases.Base> bases, Output output) {
    long reached = Replay.run(log, state.target(), base.offset(), target, progress);
    if (reached < target) {
      notes.add("offset " + target + " lies inside a command that begins at " + reached);
    }
    if (isBehindLog(base)) {
      notes.add(
          "the log ends before, at offset "
              + scan.endOffset()
              + " ("
              + Point.time(scan.endMs())
              + "): this is the state of "
              + base);
    }
    tellLater(bases);
    History history = historyAt(base, reached).newId(reached);
    long keys = output.write(state, reached, history);
    boolean logCounts = scan.targetMs() != 0 && !isBehindLog(base);
    long commitMs = logCounts ? scan.targetMs() : base.ms();
    return new Result(
        reached,
        commitMs,
        keys,
        base.toString(),
        base.offset(),
        reached - base.offset(),
        history,
        List.copyOf(notes));
  }

  /** What the log lacks before a snapshot that is behind what is asked for may be older than it. */
  private void tellLater(List<Bases.Base> bases) {
    if (to.kind() == Point.Kind.OFFSET || target < scan.endOffset()) {
      return;
    }
    for (Bases.Base base : bases) {
      if (base.offset() > target) {
        notes.add(
            "what was written between offset "
                + target
                + " and "
                + base
                + " is not in it: no log has it, and that snapshot is of "
                + Point.time(base.ms()));
        return;
      }
    }
  }

  /** The history in force at the target: the log's, or the snapshot's where the log has none. */
  private History historyAt(Bases.Base base, long offset) {
    boolean logHasIt = scan.startOffset() <= offset && !isBehindLog(base);
    if (scan.historyAtTarget() != null && logHasIt) {
      return scan.historyAtTarget();
    }
    SnapshotMeta meta = base.meta().orElseThrow();
    return HistoryAttributes.read(meta);
  }
}
