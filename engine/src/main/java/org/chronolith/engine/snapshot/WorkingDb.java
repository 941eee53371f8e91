package org.chronolith.engine.snapshot;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.EngineException.Severity;
import org.rocksdb.Checkpoint;
import org.rocksdb.FlushOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * The database that batches are written into. It may hold half of a snapshot at any time, so it is
 * only ever a source of checkpoints and is never opened by recovery. Thread: {@code snapshot}.
 */
final class WorkingDb implements SnapshotTables.Working {
  private static final String OPTIONS = "OPTIONS-";

  private final Natives natives = new Natives();
  private final RocksDB db;
  private final WriteOptions writeOptions;
  private final FlushOptions flushOptions;
  private final WriteBatch writeBatch;
  private final SnapshotDisk disk;

  /** For batches that do not lie in one piece of direct memory. */
  private ByteBuffer scratch = ByteBuffer.allocateDirect(64 * 1024);

  WorkingDb(Path directory, RocksSettings settings, SnapshotDisk disk) throws RocksDBException {
    this.disk = disk;
    try {
      db = natives.own(RocksDB.open(settings.options(), directory.toString()));
      writeOptions = natives.own(new WriteOptions()).setDisableWAL(true);
      flushOptions = natives.own(new FlushOptions()).setWaitForFlush(true);
      writeBatch = natives.own(new WriteBatch());
    } catch (RocksDBException | RuntimeException | Error e) {
      natives.closeAfter(e);
      throw e;
    }
  }

  @Override
  public void write(ByteBuf batch) throws IOException {
    try {
      ByteBuffer bytes = direct(batch);
      ByteBuffer key = bytes.duplicate();
      ByteBuffer value = bytes.duplicate();
      writeBatch.clear();
      while (bytes.hasRemaining()) {
        byte op = bytes.get();
        part(bytes, key);
        switch (op) {
          case BatchSink.PUT -> {
            part(bytes, value);
            writeBatch.put(key, value);
          }
          case BatchSink.DELETE -> writeBatch.delete(key);
          case BatchSink.DELETE_RANGE -> {
            part(bytes, value);
            // RocksDB's Java interface has no range deletion from direct memory; these are rare.
            writeBatch.deleteRange(toBytes(key), toBytes(value));
          }
          default -> throw malformed("operation " + op, bytes);
        }
      }
      db.write(writeOptions, writeBatch);
    } catch (RocksDBException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** Writes all memtables out; on return every applied batch is in a forced table file. */
  @Override
  public void flush() throws IOException {
    try {
      db.flush(flushOptions);
    } catch (RocksDBException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /**
   * Hard-links the flushed state into {@code directory}, which must not exist. The files of options
   * are left out: a checkpoint is opened with our own, and they are links as well, so that one
   * flipped byte in what holds no data would damage every checkpoint.
   */
  @Override
  public void checkpoint(Path directory) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.create(db)) {
      checkpoint.createCheckpoint(directory.toString());
    } catch (RocksDBException e) {
      throw new IOException(e.getMessage(), e);
    }
    for (Path file : CheckpointFiles.list(directory)) {
      if (file.getFileName().toString().startsWith(OPTIONS)) {
        disk.remove(file);
      }
    }
  }

  @Override
  public void close() {
    natives.close();
  }

  private ByteBuffer direct(ByteBuf batch) {
    if (batch.isDirect() && batch.nioBufferCount() == 1) {
      return batch.nioBuffer();
    }
    int bytes = batch.readableBytes();
    if (scratch.capacity() < bytes) {
      scratch = ByteBuffer.allocateDirect(bytes);
    }
    scratch.clear().limit(bytes);
    batch.getBytes(batch.readerIndex(), scratch);
    return scratch.flip();
  }

  /** Points {@code into} at the next length-prefixed part of {@code bytes} and moves past it. */
  private static void part(ByteBuffer bytes, ByteBuffer into) {
    if (bytes.remaining() < Integer.BYTES) {
      throw malformed("a length cut short", bytes);
    }
    int length = bytes.getInt();
    if (length < 0 || length > bytes.remaining()) {
      throw malformed("length " + Integer.toUnsignedString(length), bytes);
    }
    int start = bytes.position();
    into.limit(start + length).position(start);
    bytes.position(start + length);
  }

  private static byte[] toBytes(ByteBuffer part) {
    byte[] bytes = new byte[part.remaining()];
    part.get(bytes);
    return bytes;
  }

  private static EngineException malformed(String what, ByteBuffer bytes) {
    return new EngineException(
        Severity.FATAL, "snapshot batch has " + what + " before byte " + bytes.position());
  }
}
