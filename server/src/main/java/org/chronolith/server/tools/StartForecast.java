package org.chronolith.server.tools;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.chronolith.engine.snapshot.SnapshotMeta;
import org.chronolith.replicationlog.LogException;
import org.chronolith.replicationlog.LogInspector;
import org.chronolith.replicationlog.LogNeed;
import org.chronolith.replicationlog.RecoveryReport;
import org.chronolith.server.recovery.Generation;
import org.chronolith.server.recovery.HistoryAttributes;
import org.chronolith.server.recovery.Recovery;
import org.chronolith.server.recovery.StoredDirectory;

/** What a start of a master would do with the directory, by the rules that the start has itself. */
final class StartForecast {
  private final StoredDirectory directory;
  private final CheckReport report;
  private final long claimedOffset;

  /**
   * @param claimedOffset up to which a replica is known to have the stream
   */
  StartForecast(StoredDirectory directory, CheckReport report, long claimedOffset) {
    this.directory = directory;
    this.report = report;
    this.claimedOffset = claimedOffset;
  }

  /** Fills the report's part. */
  void fill() {
    if (!directory.whole()) {
      return;
    }
    // In the order in which a start looks at them.
    Optional<String> damaged = directory.nodeIdDamage().or(directory::damage);
    if (damaged.isPresent()) {
      refused(damaged.get());
      return;
    }
    if (directory.isOtherNode()) {
      report.start.add("take a new node id, since this is a copy, or its NODE-ANCHOR was changed");
    }
    if (directory.live().isEmpty()) {
      if (directory.others().isEmpty()) {
        report.start.add("begin with no data");
      } else {
        refused("there is data in " + directory.others() + " but no file CURRENT");
      }
      return;
    }
    Generation live = directory.live().get();
    String damage = "";
    try {
      Iterator<CheckReport.CheckpointPart> usable = newestFirst().iterator();
      Optional<CheckReport.CheckpointPart> next;
      do {
        next = usable.hasNext() ? Optional.of(usable.next()) : Optional.empty();
        if (next.isEmpty() || next.get().problem().isEmpty()) {
          startFrom(live, next, damage);
          return;
        }
        damage += next.get().problem().get() + "; ";
      } while (leadsOn(live, next, damage));
    } catch (LogException e) {
      refused(damage + e.getMessage());
    }
  }

  /** Whether the start goes back behind a damaged checkpoint; if not, it is refused. */
  private boolean leadsOn(
      Generation live, Optional<CheckReport.CheckpointPart> damaged, String damage) {
    LogInspector.Foreseen log = LogInspector.foresee(live.log(), need(damaged));
    if (log.report().endOffset() < offset(damaged.get())) {
      refused(damage + "the log ends before, at offset " + log.report().endOffset());
      return false;
    }
    report.start.add(
        "find "
            + damaged.get().directory().getFileName()
            + " damaged, set it aside and go back behind it");
    return true;
  }

  private void startFrom(
      Generation live, Optional<CheckReport.CheckpointPart> newest, String damage) {
    LogInspector.Foreseen log = LogInspector.foresee(live.log(), need(newest));
    Optional<String> lost =
        Recovery.lost(
            damaged(), log.report().endOffset(), newest.map(StartForecast::offset).orElse(0L));
    if (lost.isPresent()) {
      refused(damage + lost.get());
      return;
    }
    if (newest.isPresent() && log.report().endOffset() < offset(newest.get())) {
      load(newest.get());
      report.start.add(
          "set the log aside, which ends at offset "
              + log.report().endOffset()
              + ", and go on from the snapshot under a new replication id");
      return;
    }
    Optional<String> refusal =
        Recovery.refusal(
            live,
            log.report().startOffset(),
            log.history(),
            newest.map(CheckReport.CheckpointPart::directory),
            newest.flatMap(CheckReport.CheckpointPart::meta),
            damaged());
    if (refusal.isPresent()) {
      refused(damage + refusal.get());
      return;
    }
    newest.ifPresent(this::load);
    continueFrom(log, newest.map(StartForecast::offset).orElse(0L));
  }

  /** As {@link Recovery}: what is older than the snapshot may be damaged, what is newer may not. */
  private static LogNeed need(Optional<CheckReport.CheckpointPart> newest) {
    return newest
        .flatMap(CheckReport.CheckpointPart::meta)
        .map(meta -> LogNeed.from(meta.offset(), HistoryAttributes.read(meta)))
        .orElse(LogNeed.EVERYTHING);
  }

  private void load(CheckReport.CheckpointPart checkpoint) {
    report.start.add("load " + checkpoint.directory().getFileName());
  }

  private void continueFrom(LogInspector.Foreseen foreseen, long from) {
    RecoveryReport log = foreseen.report();
    log.findings().forEach(finding -> report.start.add("find: " + finding));
    log.damage().forEach(damage -> report.start.add("find damage: " + damage));
    report.start.add(
        "apply " + (log.endOffset() - from) + " bytes of the log, up to offset " + log.endOffset());
    report.start.add(
        directory
            .whyNewId(foreseen.history().currentId(), log.clean(), log.endOffset(), claimedOffset)
            .map(reason -> "take a new replication id, since " + reason)
            .orElse("keep the replication id, since the last stop was clean"));
  }

  private void refused(String why) {
    report.startRefused = true;
    report.start.add("be refused: " + why);
  }

  private List<CheckReport.CheckpointPart> newestFirst() {
    List<CheckReport.CheckpointPart> usable = new ArrayList<>();
    for (CheckReport.CheckpointPart part : report.checkpoints) {
      if (part.usable()) {
        usable.add(0, part);
      }
    }
    return usable;
  }

  private List<Path> damaged() {
    List<Path> paths = new ArrayList<>();
    for (CheckReport.CheckpointPart part : report.checkpoints) {
      if (!part.usable() || part.problem().isPresent()) {
        paths.add(part.directory());
      }
    }
    return paths;
  }

  private static long offset(CheckReport.CheckpointPart part) {
    return part.meta().map(SnapshotMeta::offset).orElse(0L);
  }
}
