package org.chronolith.server.replication;

import org.chronolith.network.ProtocolException;

/**
 * The line that says which files of a checkpoint follow: {@code $FILES:<count> <bytes>}, and to a
 * replica that can go on where a full sync was cut off {@code $FILES:<count> <bytes> <checkpoint
 * id> <first file> <offset>}.
 *
 * @param files of the checkpoint, META included
 * @param bytes of them
 * @param checkpointId null if the master does not say it
 * @param firstFile number of the first file that comes, from 0 on in the order in which they are
 *     sent
 * @param offset of the first byte of that file that comes
 */
record CheckpointHeader(int files, long bytes, String checkpointId, int firstFile, long offset) {
  static final String WORD = "$FILES:";
  private static final int MOST_FILES = 1_000_000;

  static CheckpointHeader plain(int files, long bytes) {
    return new CheckpointHeader(files, bytes, null, 0, 0);
  }

  static boolean is(String line) {
    return line.startsWith(WORD);
  }

  /** Whether a part is left out, since the replica has it. */
  boolean goesOn() {
    return firstFile > 0 || offset > 0;
  }

  String line() {
    String plain = WORD + files + " " + bytes;
    return checkpointId == null
        ? plain
        : plain + " " + checkpointId + " " + firstFile + " " + offset;
  }

  /**
   * @throws ProtocolException if it is malformed
   */
  static CheckpointHeader parse(String line) {
    String[] words = line.substring(WORD.length()).split(" ");
    if (words.length != 2 && words.length < 5) {
      throw malformed(line);
    }
    try {
      int files = Integer.parseInt(words[0]);
      long bytes = Long.parseLong(words[1]);
      boolean named = words.length > 2;
      int firstFile = named ? Integer.parseInt(words[3]) : 0;
      long offset = named ? Long.parseLong(words[4]) : 0;
      if (files < 1
          || files > MOST_FILES
          || bytes < 0
          || firstFile < 0
          || firstFile >= files
          || offset < 0
          || offset > bytes) {
        throw malformed(line);
      }
      return new CheckpointHeader(files, bytes, named ? words[2] : null, firstFile, offset);
    } catch (NumberFormatException e) {
      throw malformed(line);
    }
  }

  private static ProtocolException malformed(String line) {
    return new ProtocolException("malformed line in a full sync: " + line);
  }
}
