package org.chronolith.server.recovery;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.chronolith.replicationlog.History;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The name under which a master knows this node again, whatever its address: 40 hex digits in the
 * file {@value #FILE} of the data directory, made at the first start. A copy of the directory gets
 * another one at its first start: two nodes under one name would share a claim on the master's log.
 *
 * <p>Behind the id the file holds what the file system says about the empty file {@value #ANCHOR},
 * as {@link Instance} does; what copies the directory makes another {@value #ANCHOR}. Last comes a
 * checksum: a changed digit would be another node. A file without it, or with the id alone, as
 * earlier versions wrote it, is believed once.
 *
 * <p>Thread: any that may wait for the disk.
 */
public final class NodeId {
  static final String FILE = "NODE-ID";
  static final String ANCHOR = "NODE-ANCHOR";

  static final String CHECKSUM = "crc32c=";

  private static final Logger LOG = LoggerFactory.getLogger(NodeId.class);

  private NodeId() {}

  /**
   * The id of the node whose data directory this is.
   *
   * @throws RecoveryException if the file cannot be read or made, or holds something else
   */
  public static String of(Path directory) {
    return of(DirectoryDisk.SYSTEM, directory);
  }

  /** The same on another disk. */
  public static String of(DirectoryDisk disk, Path directory) {
    Path file = directory.resolve(FILE);
    try {
      Optional<Stored> found = read(directory);
      if (found.isEmpty()) {
        return write(disk, directory, History.randomId());
      }
      String id = found.get().id;
      if (found.get().here) {
        // The anchor stays, also where the checksum is wanting: a crash between the two would make
        // this a copy of itself.
        return found.get().checked ? id : writeFile(disk, directory, id);
      }
      if (!found.get().elsewhere()) {
        return write(disk, directory, id);
      }
      String other = write(disk, directory, History.randomId());
      LOG.warn(
          "{} is a copy of node {}, or its {} was changed, and is node {} from now on",
          directory,
          id,
          ANCHOR,
          other);
      return other;
    } catch (IOException e) {
      throw RecoveryException.of("cannot use " + file, e);
    }
  }

  /**
   * What the file says.
   *
   * @param facts of an anchor; empty if it has none
   * @param here whether they are those of the anchor that is there
   * @param checked whether it has a checksum, which matches then
   */
  record Stored(String id, String facts, boolean here, boolean checked) {
    /** Whether a start takes another id: the directory is a copy, or looks like one. */
    boolean elsewhere() {
      return !here && !facts.isBlank();
    }
  }

  /**
   * Reads the file and changes nothing; empty if there is none.
   *
   * @throws RecoveryException if it holds something else: a start is refused
   */
  static Optional<Stored> read(Path directory) throws IOException {
    Path file = directory.resolve(FILE);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    int end = text.indexOf('\n');
    String id = (end < 0 ? text : text.substring(0, end)).strip();
    if (!History.isId(id)) {
      throw new RecoveryException(
          file + " does not begin with 40 hex digits; remove it, and the node gets a new id");
    }
    int sum = text.lastIndexOf(CHECKSUM);
    if (sum > end && !text.equals(withChecksum(text.substring(0, sum)))) {
      throw new RecoveryException(
          file + " does not match its checksum; remove it, and the node gets a new id");
    }
    String facts = end < 0 ? "" : text.substring(end + 1, sum > end ? sum : text.length());
    Path anchor = directory.resolve(ANCHOR);
    boolean here = Files.exists(anchor) && facts.equals(Instance.facts(anchor));
    return Optional.of(new Stored(id, facts, here, sum > end));
  }

  /** On disk when this returns. */
  private static String write(DirectoryDisk disk, Path directory, String id) throws IOException {
    Path anchor = directory.resolve(ANCHOR);
    disk.delete(anchor);
    disk.write(anchor, "");
    disk.force(anchor);
    // Its name, before a file speaks of it.
    disk.force(directory);
    return writeFile(disk, directory, id);
  }

  private static String writeFile(DirectoryDisk disk, Path directory, String id)
      throws IOException {
    String facts = Instance.facts(directory.resolve(ANCHOR));
    ForcedFile.write(disk, directory.resolve(FILE), withChecksum(id + "\n" + facts));
    return id;
  }

  /** The text with the line that ends it. */
  static String withChecksum(String text) {
    CRC32C crc = new CRC32C();
    crc.update(text.getBytes(StandardCharsets.UTF_8));
    return text + CHECKSUM + String.format("%08x", crc.getValue()) + "\n";
  }
}
