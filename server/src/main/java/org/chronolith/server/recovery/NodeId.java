package org.chronolith.server.recovery;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.chronolith.replicationlog.History;

/**
 * The name under which a master knows this node again, whatever its address: 40 hex digits in the
 * file {@value #FILE} of the data directory, made at the first start. Remove the file in a copy of
 * a directory that is to live beside the original.
 *
 * <p>Thread: any that may wait for the disk.
 */
public final class NodeId {
  static final String FILE = "NODE-ID";

  private NodeId() {}

  /**
   * The id of the node whose data directory this is.
   *
   * @throws RecoveryException if the file cannot be read or made, or holds something else
   */
  public static String of(Path directory) {
    Path file = directory.resolve(FILE);
    try {
      if (!Files.exists(file)) {
        ForcedFile.write(file, History.randomId() + "\n");
      }
      String id = Files.readString(file).strip();
      if (!History.isId(id)) {
        throw new RecoveryException(file + " does not hold 40 hex digits; remove it");
      }
      return id;
    } catch (IOException e) {
      throw new RecoveryException("cannot use " + file + ": " + e, e);
    }
  }
}
