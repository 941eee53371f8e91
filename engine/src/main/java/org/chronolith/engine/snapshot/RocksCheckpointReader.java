package org.chronolith.engine.snapshot;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.EngineException.Severity;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;

/** Reads the table files of a checkpoint, every block's checksum verified. */
final class RocksCheckpointReader implements CheckpointReader {
  private static final int READ_AHEAD_BYTES = 2 << 20;
  private static final int FIRST_BUFFER_BYTES = 64 * 1024;

  private final Checkpoint checkpoint;
  private final Natives natives = new Natives();
  private final RocksIterator iterator;
  private Part key;
  private Part value;
  private boolean started;

  /** A direct buffer that is seen by RocksDB as {@code nio} and by our side as {@code view}. */
  private record Part(ByteBuffer nio, ByteBuf view) {
    Part(int bytes) {
      this(ByteBuffer.allocateDirect(bytes));
    }

    private Part(ByteBuffer nio) {
      this(nio, Unpooled.wrappedBuffer(nio.duplicate()));
    }
  }

  /** As {@link SnapshotTables#read}. */
  RocksCheckpointReader(Checkpoint checkpoint, SnapshotConfig config) {
    this.checkpoint = checkpoint;
    natives.onClose(checkpoint::release);
    try {
      RocksSettings settings = new RocksSettings(config);
      natives.onClose(settings::close);
      key = new Part(FIRST_BUFFER_BYTES);
      value = new Part(FIRST_BUFFER_BYTES);
      RocksDB db =
          natives.own(RocksDB.openReadOnly(settings.options(), checkpoint.directory().toString()));
      ReadOptions readOptions =
          natives
              .own(new ReadOptions())
              .setVerifyChecksums(true)
              .setFillCache(false)
              .setReadaheadSize(READ_AHEAD_BYTES)
              .setTotalOrderSeek(true);
      iterator = natives.own(db.newIterator(readOptions));
    } catch (RocksDBException e) {
      natives.closeAfter(e);
      throw failed(e);
    } catch (RuntimeException | Error e) {
      natives.closeAfter(e);
      throw e;
    }
  }

  @Override
  public boolean next() {
    if (started) {
      iterator.next();
    } else {
      started = true;
      iterator.seekToFirst();
    }
    return current();
  }

  @Override
  public boolean seek(byte[] from) {
    started = true;
    iterator.seek(from);
    return current();
  }

  private boolean current() {
    if (!iterator.isValid()) {
      try {
        iterator.status();
      } catch (RocksDBException e) {
        throw failed(e);
      }
      return false;
    }
    int keyBytes = iterator.key(key.nio().clear());
    if (keyBytes > key.nio().capacity()) {
      key = new Part(grown(keyBytes));
      iterator.key(key.nio());
    }
    key.view().setIndex(0, keyBytes);
    int valueBytes = iterator.value(value.nio().clear());
    if (valueBytes > value.nio().capacity()) {
      value = new Part(grown(valueBytes));
      iterator.value(value.nio());
    }
    value.view().setIndex(0, valueBytes);
    return true;
  }

  @Override
  public ByteBuf key() {
    return key.view();
  }

  @Override
  public ByteBuf value() {
    return value.view();
  }

  @Override
  public void close() {
    natives.close();
  }

  private static int grown(int bytes) {
    return (int) Math.min(Integer.MAX_VALUE - 8L, Long.highestOneBit(bytes) * 2L);
  }

  private EngineException failed(RocksDBException e) {
    return new EngineException(
        isDamage(e) ? Severity.CORRUPTION : Severity.RETRYABLE,
        checkpoint.directory() + ": " + e.getMessage(),
        e);
  }

  /** Not so a want of descriptors or of memory, which says nothing of what is in the files. */
  private static boolean isDamage(RocksDBException e) {
    String message = String.valueOf(e.getMessage());
    return !message.contains("Too many open files") && !message.contains("Cannot allocate memory");
  }
}
