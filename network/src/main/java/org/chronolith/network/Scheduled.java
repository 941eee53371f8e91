package org.chronolith.network;

/** A task that waits for its time on a {@link NetworkLoop}. */
public interface Scheduled {
  /** Takes the task back; does nothing if it has run. From any thread. */
  void cancel();
}
