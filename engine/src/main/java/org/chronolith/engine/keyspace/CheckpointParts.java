package org.chronolith.engine.keyspace;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.function.Supplier;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.snapshot.CheckpointReader;

/**
 * Reads a checkpoint in parts, each of whole values and small enough for memory: a part ends with
 * the first value that takes it beyond a number of bytes, so the largest value is the most that
 * there is at a time besides.
 *
 * <p>In a checkpoint all entries come before all elements. So one reader passes over the entries,
 * and another one gets the elements of each large collection when its entry comes.
 *
 * <p>Thread: one at a time, the caller's. It waits for the disk: never the engine thread.
 */
public final class CheckpointParts implements AutoCloseable {
  private final CheckpointReader entries;
  private final CheckpointReader elements;
  private final ByteBuf headerKey;
  private final ByteBuf headerValue;
  private boolean more;

  /**
   * Opens both readers.
   *
   * @throws EngineException CORRUPTION if the checkpoint cannot be read
   */
  public CheckpointParts(Supplier<CheckpointReader> opener) {
    entries = opener.get();
    try {
      elements = opener.get();
    } catch (RuntimeException | Error e) {
      entries.close();
      throw e;
    }
    try {
      more = entries.next();
      headerKey = more ? Unpooled.copiedBuffer(entries.key()) : Unpooled.EMPTY_BUFFER;
      headerValue = more ? Unpooled.copiedBuffer(entries.value()) : Unpooled.EMPTY_BUFFER;
      more = more && nextEntry();
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /**
   * Loads the next part.
   *
   * @param empty a new keyspace
   * @param bytes of memory that it takes, and no more than one value beyond
   * @return false if there is nothing more, and nothing was loaded
   * @throws EngineException as {@link KeyspaceLoader}
   */
  public boolean next(Keyspace empty, long bytes) {
    if (!more) {
      return false;
    }
    KeyspaceLoader loader = empty.loader();
    loader.item(headerKey, headerValue);
    long most = empty.usedMemoryBytes() + bytes;
    while (more && empty.usedMemoryBytes() < most) {
      loader.item(entries.key(), entries.value());
      if (loader.entryCollection() >= 0) {
        elements(loader, loader.entryCollection());
      }
      more = nextEntry();
    }
    loader.finish();
    return true;
  }

  private boolean nextEntry() {
    return entries.next() && entries.key().getByte(entries.key().readerIndex()) != ItemKeys.ELEMENT;
  }

  private void elements(KeyspaceLoader loader, long collection) {
    byte[] prefix =
        ByteBuffer.allocate(ItemKeys.ELEMENT_PREFIX_BYTES)
            .put(ItemKeys.ELEMENT)
            .putLong(collection)
            .array();
    ByteBuf wanted = Unpooled.wrappedBuffer(prefix);
    boolean found = elements.seek(prefix);
    while (found && startsWith(elements.key(), wanted)) {
      loader.item(elements.key(), elements.value());
      found = elements.next();
    }
  }

  private static boolean startsWith(ByteBuf key, ByteBuf prefix) {
    int length = prefix.readableBytes();
    return key.readableBytes() >= length
        && ByteBufUtil.equals(key, key.readerIndex(), prefix, prefix.readerIndex(), length);
  }

  @Override
  public void close() {
    try (elements) {
      entries.close();
    }
  }
}
