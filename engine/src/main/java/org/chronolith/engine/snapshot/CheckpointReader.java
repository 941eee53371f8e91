package org.chronolith.engine.snapshot;

import io.netty.buffer.ByteBuf;
import org.chronolith.engine.EngineException;

/**
 * Reads a checkpoint from end to end, in the order of its keys. It retains the checkpoint until it
 * is closed. Any number may be open at a time.
 *
 * <pre>
 * while (reader.next()) {
 *   use(reader.key(), reader.value());
 * }
 * </pre>
 *
 * <p>Thread: one at a time, the caller's. It waits for the disk: never the engine thread.
 */
public interface CheckpointReader extends AutoCloseable {
  /**
   * Moves to the first or next item.
   *
   * @return false after the last one
   * @throws EngineException CORRUPTION, naming the file, if a block does not match its checksum
   */
  boolean next();

  /**
   * Moves to the first item whose key is at or after {@code from}, in the order of unsigned bytes.
   *
   * @return false if there is none
   * @throws EngineException as {@link #next}
   */
  boolean seek(byte[] from);

  /** The current item's key, valid until the next call. */
  ByteBuf key();

  /** The current item's value, valid until the next call. */
  ByteBuf value();

  @Override
  void close();
}
