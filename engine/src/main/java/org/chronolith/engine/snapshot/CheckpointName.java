package org.chronolith.engine.snapshot;

import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of a checkpoint's directory: {@code checkpoint-<offset>}, and {@code
 * checkpoint-<offset>.<n>} for a later one at the same offset (the data is then the same, but its
 * identity may not be: a restart takes a new replication id).
 */
record CheckpointName(long offset, int sequence) implements Comparable<CheckpointName> {
  private static final Pattern NAME = Pattern.compile("checkpoint-(\\d{1,19})(?:\\.(\\d{1,9}))?");

  static Optional<CheckpointName> parse(Path directory) {
    Matcher matcher = NAME.matcher(directory.getFileName().toString());
    if (!matcher.matches()) {
      return Optional.empty();
    }
    String sequence = matcher.group(2);
    try {
      return Optional.of(
          new CheckpointName(
              Long.parseLong(matcher.group(1)), sequence == null ? 0 : Integer.parseInt(sequence)));
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  CheckpointName next() {
    return new CheckpointName(offset, sequence + 1);
  }

  @Override
  public int compareTo(CheckpointName other) {
    int order = Long.compare(offset, other.offset);
    return order != 0 ? order : Integer.compare(sequence, other.sequence);
  }

  @Override
  public String toString() {
    return "checkpoint-" + offset + (sequence == 0 ? "" : "." + sequence);
  }
}
