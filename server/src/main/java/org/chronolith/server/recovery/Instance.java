package org.chronolith.server.recovery;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;

/**
 * Whether a data directory is the one in which a master was stopped, and not a copy of it: two that
 * go on under one replication id would write two histories under it.
 *
 * <p>A master that stops cleanly makes the empty file {@code ANCHOR} anew and writes into {@code
 * INSTANCE} what the file system says about it: device, inode and the time of its last change,
 * which no program can set; besides, the machine's id and the replication id. Whatever copies the
 * directory copies the words, but makes another file. Renaming the directory changes nothing.
 *
 * <p>What does not show: a clone below the file system (a volume's snapshot) that is started on the
 * same machine under the same device number. Remove {@code INSTANCE} from such a clone.
 */
final class Instance {
  static final String NAME = "INSTANCE";
  static final String ANCHOR = "ANCHOR";

  private static final String VERSION = "version=1\n";
  private static final Path MACHINE_ID = Path.of("/etc/machine-id");

  private Instance() {}

  /** A master of this id has stopped here, cleanly. On disk when this returns. */
  static void write(DirectoryDisk disk, Path directory, String replicationId) throws IOException {
    Path anchor = directory.resolve(ANCHOR);
    disk.delete(anchor);
    disk.write(anchor, "");
    disk.force(anchor);
    ForcedFile.write(disk, directory.resolve(NAME), text(anchor, replicationId));
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

  /**
   * Why this may not be the directory in which a master of {@code replicationId} was stopped; null
   * if it is.
   */
  static String mismatch(Path directory, String replicationId) throws IOException {
    Path file = directory.resolve(NAME);
    Path anchor = directory.resolve(ANCHOR);
    if (!Files.exists(file)) {
      return "no master was stopped in it: there is no " + NAME;
    }
    // Junk in it is no reason to stop: it does not match, as a copy does not.
    String found = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    if (!found.startsWith(VERSION) || !found.endsWith("\n")) {
      return NAME + " is damaged";
    }
    if (!Files.exists(anchor)) {
      return "its " + ANCHOR + " is missing";
    }
    if (found.equals(text(anchor, replicationId))) {
      return null;
    }
    return found.endsWith(id(replicationId))
        ? "it is a copy, or its " + NAME + " or " + ANCHOR + " was changed"
        : "its " + NAME + " speaks of another replication id";
  }

  private static String id(String replicationId) {
    return "replication-id=" + replicationId + "\n";
  }

  private static String text(Path anchor, String replicationId) throws IOException {
    return VERSION + facts(anchor) + id(replicationId);
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
