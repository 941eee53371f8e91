package org.chronolith.server.command;

/** Where a running command asks for room in the log that its request did not show. */
@FunctionalInterface
public interface LogRoom {
  /**
   * Lets {@code call} log so many bytes more than its request stands for. Waits for nothing.
   *
   * @return null if it may; else the error reply, or {@link Gate#POSTPONE} if the request is to
   *     come again once there is room: what it has changed must be taken back
   */
  String claim(Call call, long bytes);
}
