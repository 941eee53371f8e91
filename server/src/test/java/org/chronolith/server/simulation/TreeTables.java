package org.chronolith.server.simulation;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.chronolith.engine.snapshot.BatchSink;
import org.chronolith.engine.snapshot.Checkpoint;
import org.chronolith.engine.snapshot.CheckpointReader;
import org.chronolith.engine.snapshot.SnapshotTables;

/**
 * Checkpoints of one file, {@value #FILE}: each item's lengths, key and value, in the order of the
 * keys. Other than RocksDB's files its bytes follow from the items alone.
 */
final class TreeTables implements SnapshotTables {
  private static final String FILE = "items";

  @Override
  public Working open(Path directory) throws IOException {
    TreeMap<byte[], byte[]> items = new TreeMap<>(Arrays::compareUnsigned);
    Path file = directory.resolve(FILE);
    if (Files.exists(file)) {
      ByteBuf bytes = Unpooled.wrappedBuffer(Files.readAllBytes(file));
      while (bytes.isReadable()) {
        byte[] key = part(bytes);
        items.put(key, part(bytes));
      }
    }
    return new Tree(items);
  }

  private static byte[] part(ByteBuf bytes) {
    byte[] part = new byte[bytes.readInt()];
    bytes.readBytes(part);
    return part;
  }

  @Override
  public CheckpointReader read(Checkpoint checkpoint) {
    return new Reader(checkpoint);
  }

  @Override
  public void close() {
    // Nothing is held.
  }

  private record Tree(TreeMap<byte[], byte[]> items) implements Working {
    @Override
    public void write(ByteBuf batch) {
      while (batch.isReadable()) {
        byte operation = batch.readByte();
        byte[] key = part(batch);
        switch (operation) {
          case BatchSink.PUT -> items.put(key, part(batch));
          case BatchSink.DELETE -> items.remove(key);
          case BatchSink.DELETE_RANGE -> items.subMap(key, part(batch)).clear();
          default -> throw new IllegalArgumentException("operation " + operation);
        }
      }
    }

    @Override
    public void flush() {
      // It is all there.
    }

    @Override
    public void checkpoint(Path directory) throws IOException {
      Files.createDirectory(directory);
      ByteBuf bytes = Unpooled.buffer();
      for (Map.Entry<byte[], byte[]> item : items.entrySet()) {
        bytes.writeInt(item.getKey().length).writeBytes(item.getKey());
        bytes.writeInt(item.getValue().length).writeBytes(item.getValue());
      }
      Files.write(directory.resolve(FILE), Arrays.copyOf(bytes.array(), bytes.readableBytes()));
    }

    @Override
    public void close() {
      items.clear();
    }
  }

  private static final class Reader implements CheckpointReader {
    private final Checkpoint checkpoint;
    private final ByteBuf bytes;
    private ByteBuf key;
    private ByteBuf value;

    Reader(Checkpoint checkpoint) {
      this.checkpoint = checkpoint;
      try {
        byte[] all = Files.readAllBytes(checkpoint.directory().resolve(FILE));
        bytes = Unpooled.directBuffer(Math.max(1, all.length)).writeBytes(all);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public boolean next() {
      if (!bytes.isReadable()) {
        return false;
      }
      key = bytes.readSlice(bytes.readInt());
      value = bytes.readSlice(bytes.readInt());
      return true;
    }

    @Override
    public boolean seek(byte[] from) {
      bytes.readerIndex(0);
      ByteBuf wanted = Unpooled.wrappedBuffer(from);
      while (next()) {
        if (key.compareTo(wanted) >= 0) {
          return true;
        }
      }
      return false;
    }

    @Override
    public ByteBuf key() {
      return key;
    }

    @Override
    public ByteBuf value() {
      return value;
    }

    @Override
    public void close() {
      bytes.release();
      checkpoint.release();
    }
  }
}
