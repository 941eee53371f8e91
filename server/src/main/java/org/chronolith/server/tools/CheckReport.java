package org.chronolith.server.tools;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.chronolith.engine.snapshot.SnapshotMeta;
import org.chronolith.replicationlog.History;

/** What a check has found, and its two forms: text and JSON. */
final class CheckReport {
  /**
   * @param meta empty if META cannot be read
   * @param usable whether a start would choose it; its tables may be damaged all the same
   * @param problem empty if it is sound from end to end
   */
  record CheckpointPart(
      Path directory,
      Optional<SnapshotMeta> meta,
      int files,
      long bytes,
      long items,
      boolean usable,
      Optional<String> problem) {}

  /** A segment; the counts are of verified records. */
  record SegmentPart(
      String name,
      long startOffset,
      long endOffset,
      long records,
      long groups,
      long identities,
      boolean clean,
      long usedBytes,
      long fileBytes,
      long firstMs,
      long lastMs) {}

  /** Something wrong; position and offset are -1 where they say nothing. */
  record Finding(String file, long position, long offset, String problem) {}

  Path path;
  Optional<String> holder = Optional.empty();
  Optional<String> generation = Optional.empty();
  Optional<String> fork = Optional.empty();
  Optional<History> history = Optional.empty();
  final List<CheckpointPart> checkpoints = new ArrayList<>();
  final List<SegmentPart> segments = new ArrayList<>();
  final List<String> notes = new ArrayList<>();
  final List<Finding> findings = new ArrayList<>();
  final List<String> start = new ArrayList<>();
  boolean startRefused;

  boolean sound() {
    return findings.isEmpty() && !startRefused;
  }

  Map<String, Object> json() {
    return JsonText.object(
        "directory", path.toString(),
        "in-use-by", holder.orElse(null),
        "generation", generation.orElse(null),
        "copy", fork.orElse(null),
        "replication-id", history.map(History::currentId).orElse(null),
        "lineage", history.map(CheckReport::lineage).orElse(List.of()),
        "checkpoints", checkpoints.stream().map(CheckReport::json).toList(),
        "segments", segments.stream().map(CheckReport::json).toList(),
        "notes", notes,
        "findings", findings.stream().map(CheckReport::json).toList(),
        "start", JsonText.object("refused", startRefused, "steps", start),
        "sound", sound());
  }

  static List<Map<String, Object>> lineage(History history) {
    return history.lineage().stream()
        .map(one -> JsonText.object("id", one.id(), "valid-to", one.validTo()))
        .toList();
  }

  private static Map<String, Object> json(CheckpointPart part) {
    return JsonText.object(
        "name", part.directory().getFileName().toString(),
        "offset", part.meta().map(SnapshotMeta::offset).orElse(-1L),
        "replication-id", part.meta().map(SnapshotMeta::replicationId).orElse(null),
        "created-ms", part.meta().map(SnapshotMeta::createdMs).orElse(-1L),
        "keys", part.meta().map(SnapshotMeta::keys).orElse(-1L),
        "items", part.items(),
        "files", part.files(),
        "bytes", part.bytes(),
        "sound", part.problem().isEmpty());
  }

  private static Map<String, Object> json(SegmentPart part) {
    return JsonText.object(
        "name", part.name(),
        "start-offset", part.startOffset(),
        "end-offset", part.endOffset(),
        "records", part.records(),
        "groups", part.groups(),
        "identities", part.identities(),
        "ends-clean", part.clean(),
        "used-bytes", part.usedBytes(),
        "file-bytes", part.fileBytes(),
        "first-ms", part.firstMs(),
        "last-ms", part.lastMs());
  }

  private static Map<String, Object> json(Finding finding) {
    return JsonText.object(
        "file", finding.file(),
        "position", finding.position(),
        "offset", finding.offset(),
        "problem", finding.problem());
  }

  List<String> text() {
    List<String> lines = new ArrayList<>();
    lines.add(
        path
            + generation.map(name -> ", generation " + name).orElse("")
            + holder
                .map(pid -> " (in use by process " + pid + ": what it writes now is left out)")
                .orElse(""));
    fork.ifPresent(lines::add);
    for (CheckpointPart part : checkpoints) {
      lines.add("snapshot " + part.directory().getFileName() + ": " + describe(part));
    }
    if (!segments.isEmpty()) {
      SegmentPart last = segments.get(segments.size() - 1);
      lines.add(
          "log offsets ["
              + segments.get(0).startOffset()
              + ", "
              + last.endOffset()
              + ")"
              + history.map(found -> ", id " + describe(found)).orElse(""));
      segments.forEach(part -> lines.add("  " + part.name() + ": " + describe(part)));
    }
    notes.forEach(note -> lines.add("note: " + note));
    start.forEach(step -> lines.add("a start would " + step));
    for (Finding finding : findings) {
      String place = finding.position() < 0 ? "" : " at position " + finding.position();
      String offset = finding.offset() < 0 ? "" : " (offset " + finding.offset() + ")";
      lines.add("DAMAGE " + finding.file() + place + offset + ": " + finding.problem());
    }
    lines.add(
        sound()
            ? "sound"
            : findings.isEmpty() ? "a start would be refused" : "findings: " + findings.size());
    return lines;
  }

  private static String describe(CheckpointPart part) {
    if (part.meta().isEmpty()) {
      return "cannot be used";
    }
    SnapshotMeta meta = part.meta().get();
    return String.format(
        "%s, offset %d, id %s, %d keys, %d items, %d files, %s, made %s",
        part.problem().isEmpty() ? "sound" : "damaged",
        meta.offset(),
        meta.replicationId(),
        meta.keys(),
        part.items(),
        part.files(),
        Progress.size(part.bytes()),
        Point.time(meta.createdMs()));
  }

  /** The current id and the lineage behind it. */
  static String describe(History history) {
    StringBuilder text = new StringBuilder(history.currentId());
    for (History.Ancestor ancestor : history.lineage()) {
      text.append(", before ").append(ancestor.validTo()).append(' ').append(ancestor.id());
    }
    return text.toString();
  }

  private static String describe(SegmentPart part) {
    return String.format(
        "[%d, %d) %d records, %d groups, %d identities, %s of %s used%s%s",
        part.startOffset(),
        part.endOffset(),
        part.records(),
        part.groups(),
        part.identities(),
        Progress.size(part.usedBytes()),
        Progress.size(part.fileBytes()),
        part.records() == 0
            ? ""
            : ", " + Point.time(part.firstMs()) + " to " + Point.time(part.lastMs()),
        part.clean() ? ", ends clean" : "");
  }
}
