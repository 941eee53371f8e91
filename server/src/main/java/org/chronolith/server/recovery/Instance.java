package org.chronolith.server.recovery;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Whether a data directory is the one in which a master was stopped, and not a copy of it, nor one
 * of which a part was put back: two that go on under one replication id would write two histories
 * under it.
 *
 * <p>A master that stops cleanly makes the empty file {@code ANCHOR} anew and writes into {@code
 * INSTANCE} what the file system says about it: device, inode and the time of its last change,
 * which no program can set; besides, the machine's id, where the log ended and the replication id.
 * Whatever copies the directory copies the words, but makes another file. A generation that was put
 * back alone ends elsewhere. Renaming the directory changes nothing.
 *
 * <p>What does not show: the whole of it as it was at an earlier clean stop, below the file system
 * (a volume's snapshot), under the same device number on a machine of the same id. Remove {@code
 * INSTANCE} from such a clone.
 */
final class Instance {
  static final String NAME = "INSTANCE";
  static final String ANCHOR = "ANCHOR";

  private static final String VERSION = "version=2\n";

  /** As an earlier release wrote it: it does not say where the log ended. */
  private static final String VERSION_WITHOUT_END = "version=1\n";

  private static final Pattern LOG_END = Pattern.compile("\nlog-end=(\\d{1,19})\n");
  private static final Path MACHINE_ID = Path.of("/etc/machine-id");

  private Instance() {}

  /**
   * A master of this id has stopped here, cleanly. On disk when this returns.
   *
   * @param endOffset of its log
   */
  static void write(DirectoryDisk disk, Path directory, String replicationId, long endOffset)
      throws IOException {
    Path anchor = directory.resolve(ANCHOR);
    disk.delete(anchor);
    disk.write(anchor, "");
    disk.force(anchor);
    ForcedFile.write(
        disk,
        directory.resolve(NAME),
        text(anchor, Optional.of(Long.toString(endOffset)), replicationId));
  }

  /**
   * What {@link #write} said is used up: from now on bytes may be sent to replicas before they are
   * on disk, and a power loss that takes them away again leaves the log as the clean stop had it.
   */
  static void remove(DirectoryDisk disk, Path directory) throws IOException {
    if (disk.delete(directory.resolve(NAME))) {
      disk.force(directory);
    }
  }

  /** What the file is, if it is not what {@link #write} makes; empty if it is, or is missing. */
  static Optional<String> damage(Path directory) throws IOException {
    Path file = directory.resolve(NAME);
    return Files.exists(file) && !isWhole(read(file))
        ? Optional.of(NAME + " is damaged")
        : Optional.empty();
  }

  private static boolean isWhole(String found) {
    return found.endsWith("\n")
        && (found.startsWith(VERSION)
            ? LOG_END.matcher(found).find()
            : found.startsWith(VERSION_WITHOUT_END));
  }

  private static String read(Path file) throws IOException {
    // Junk in it is no reason to stop: it does not match, as a copy does not.
    return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
  }

  /**
   * Why a master that starts here takes a new id, its log being what it is; null if it goes on
   * under {@code replicationId}.
   *
   * @param clean whether the log ends with the marker of a clean stop
   * @param endOffset of the log
   * @param claimedOffset up to which a replica had the stream when the claims were written last
   */
  static String whyNewId(
      Path directory, String replicationId, boolean clean, long endOffset, long claimedOffset)
      throws IOException {
    if (ForkMark.exists(directory)) {
      return "this is a copy, and others may go on with what it was copied from";
    }
    if (!clean) {
      return "the last stop was not clean";
    }
    String mismatch = mismatch(directory, replicationId, endOffset);
    if (mismatch == null && claimedOffset > endOffset) {
      return "a replica has the stream up to "
          + claimedOffset
          + ", and the log ends at "
          + endOffset
          + ": it is one of an earlier time";
    }
    return mismatch;
  }

  /**
   * Why this may not be the directory in which a master of {@code replicationId} was stopped; null
   * if it is.
   */
  private static String mismatch(Path directory, String replicationId, long endOffset)
      throws IOException {
    Path file = directory.resolve(NAME);
    Path anchor = directory.resolve(ANCHOR);
    if (!Files.exists(file)) {
      return "no master was stopped in it: there is no " + NAME;
    }
    String found = read(file);
    if (!isWhole(found)) {
      return NAME + " is damaged";
    }
    if (!Files.exists(anchor)) {
      return "its " + ANCHOR + " is missing";
    }
    Optional<String> stoppedAt =
        found.startsWith(VERSION)
            ? LOG_END.matcher(found).results().map(match -> match.group(1)).findFirst()
            : Optional.empty();
    if (!found.equals(text(anchor, stoppedAt, replicationId))) {
      return found.endsWith(id(replicationId))
          ? "it is a copy, or its " + NAME + " or " + ANCHOR + " was changed"
          : "its " + NAME + " speaks of another replication id";
    }
    if (stoppedAt.isPresent() && !stoppedAt.get().equals(Long.toString(endOffset))) {
      // Under one id there is one history, so an equal end is the very same log.
      return "the master was stopped at "
          + stoppedAt.get()
          + ", and the log ends at "
          + endOffset
          + ": a part of the directory was put back from another time";
    }
    return null;
  }

  private static String id(String replicationId) {
    return "replication-id=" + replicationId + "\n";
  }

  private static String text(Path anchor, Optional<String> endOffset, String replicationId)
      throws IOException {
    return (endOffset.isPresent() ? VERSION : VERSION_WITHOUT_END)
        + facts(anchor)
        + endOffset.map(end -> "log-end=" + end + "\n").orElse("")
        + id(replicationId);
  }

  /** What no copy of {@code anchor} shares with it: lines of text. */
  static String facts(Path anchor) throws IOException {
    String file;
    try {
      Map<String, Object> facts =
          Files.readAttributes(anchor, "unix:dev,ino,ctime", LinkOption.NOFOLLOW_LINKS);
      FileTime changed = (FileTime) facts.get("ctime");
      file =
          "device="
              + facts.get("dev")
              + "\ninode="
              + facts.get("ino")
              + "\nchanged="
              + changed.toInstant();
    } catch (UnsupportedOperationException | IllegalArgumentException e) {
      // No Unix: what this file system offers instead.
      file = "key=" + Files.readAttributes(anchor, "fileKey").get("fileKey");
    }
    return file + "\nmachine=" + machine() + "\n";
  }

  private static String machine() throws IOException {
    return Files.isReadable(MACHINE_ID)
        ? Files.readString(MACHINE_ID, StandardCharsets.UTF_8).strip()
        : "";
  }
}
