package org.chronolith.bench.disk;

/** Something that happens to a disk for a while. */
interface Disturbance extends AutoCloseable {
  void begin();

  void end();

  /** Gives back what it has taken. */
  @Override
  void close();
}
