package org.chronolith.server.replication;

import org.chronolith.server.command.CommandException;

/**
 * What a replica has of a checkpoint, {@code <checkpoint id>:<files>:<offset>}: so many complete
 * files, in the order in which they are sent, and the first {@code offset} bytes of the next.
 */
record ResumeRequest(String checkpointId, int files, long offset) {

  String word() {
    return checkpointId + ":" + files + ":" + offset;
  }

  /**
   * @throws CommandException if it is malformed
   */
  static ResumeRequest parse(String word) {
    String[] parts = word.split(":");
    if (parts.length != 3 || parts[0].isEmpty()) {
      throw malformed();
    }
    try {
      ResumeRequest request =
          new ResumeRequest(parts[0], Integer.parseInt(parts[1]), Long.parseLong(parts[2]));
      if (request.files < 0 || request.offset < 0) {
        throw malformed();
      }
      return request;
    } catch (NumberFormatException e) {
      throw malformed();
    }
  }

  private static CommandException malformed() {
    return new CommandException("ERR a full sync goes on at <checkpoint id>:<files>:<offset>");
  }
}
