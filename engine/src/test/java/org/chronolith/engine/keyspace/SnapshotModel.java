package org.chronolith.engine.keyspace;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.chronolith.engine.snapshot.BatchSink;
import org.chronolith.engine.snapshot.CheckpointReader;

/** A snapshot store made of a sorted map, with a queue that can be full. */
final class SnapshotModel implements BatchSink {
  final TreeMap<byte[], byte[]> items = new TreeMap<>(Arrays::compareUnsigned);
  private final ArrayDeque<ByteBuf> queue = new ArrayDeque<>();
  int capacity = Integer.MAX_VALUE;
  long operations;
  int largestBatch;

  @Override
  public boolean offer(ByteBuf batch) {
    if (queue.size() >= capacity) {
      return false;
    }
    queue.add(batch);
    largestBatch = Math.max(largestBatch, batch.readableBytes());
    return true;
  }

  /** Applies what was taken. */
  void apply() {
    for (ByteBuf batch = queue.poll(); batch != null; batch = queue.poll()) {
      while (batch.isReadable()) {
        applyOne(batch);
      }
      batch.release();
    }
  }

  private void applyOne(ByteBuf batch) {
    operations++;
    byte op = batch.readByte();
    byte[] key = bytes(batch);
    switch (op) {
      case PUT -> items.put(key, bytes(batch));
      case DELETE -> items.remove(key);
      case DELETE_RANGE -> items.subMap(key, true, bytes(batch), false).clear();
      default -> throw new AssertionError("operation " + op);
    }
  }

  private static byte[] bytes(ByteBuf batch) {
    byte[] bytes = new byte[batch.readInt()];
    batch.readBytes(bytes);
    return bytes;
  }

  void load(Keyspace into) {
    KeyspaceLoader loader = into.loader();
    for (Map.Entry<byte[], byte[]> item : items.entrySet()) {
      loader.item(Unpooled.wrappedBuffer(item.getKey()), Unpooled.wrappedBuffer(item.getValue()));
    }
    loader.finish();
  }

  /** Reads the items as they are now. */
  CheckpointReader reader() {
    return new Reader(new TreeMap<>(items));
  }

  private static final class Reader implements CheckpointReader {
    private final TreeMap<byte[], byte[]> items;
    private Map.Entry<byte[], byte[]> current;
    private boolean started;

    Reader(TreeMap<byte[], byte[]> items) {
      this.items = items;
    }

    @Override
    public boolean next() {
      current = started ? items.higherEntry(current.getKey()) : items.firstEntry();
      started = true;
      return current != null;
    }

    @Override
    public boolean seek(byte[] from) {
      current = items.ceilingEntry(from);
      started = true;
      return current != null;
    }

    @Override
    public ByteBuf key() {
      return Unpooled.wrappedBuffer(current.getKey());
    }

    @Override
    public ByteBuf value() {
      return Unpooled.wrappedBuffer(current.getValue());
    }

    @Override
    public void close() {
      items.clear();
    }
  }
}
