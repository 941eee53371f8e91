package org.chronolith.replicationlog;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;

/** A log beside the plain byte array that it must equal. Used by the tests of this package. */
final class LogModel implements AutoCloseable {
  static final int KIB = 1024;

  final LogConfig config;
  final Random random;
  final long origin;
  ReplicationLog log;
  byte[] bytes = new byte[0];
  private final ByteBuf staging = ByteBufAllocator.DEFAULT.directBuffer(KIB);

  LogModel(LogConfig config, long origin, Random random) {
    this.config = config;
    this.origin = origin;
    this.random = random;
    this.log = ReplicationLog.create(config, LogListener.none(), origin, History.fresh(), 0);
  }

  /** Small blocks and segments, so that a short test crosses all the borders. */
  static LogConfig smallConfig(Path dir) {
    return LogConfig.of(dir)
        .withBlocks(256 * KIB, 16 * KIB)
        .withSegmentBytes(128 * KIB)
        .withHeadroom(512 * KIB, 64 * KIB, 64 * KIB);
  }

  void append(int length) {
    byte[] added = new byte[length];
    random.nextBytes(added);
    staging.clear().writeBytes(added);
    Await.until("space for " + length, () -> log.canAppend(length));
    log.append(staging, 0, length, random.nextInt(16), 1_000 + bytes.length);
    int old = bytes.length;
    bytes = Arrays.copyOf(bytes, old + length);
    System.arraycopy(added, 0, bytes, old, length);
  }

  long end() {
    return origin + bytes.length;
  }

  void reopen() {
    log.close();
    log = ReplicationLog.open(config, LogListener.none());
  }

  /** The bytes from {@code offset} to the end as the model has them. */
  byte[] from(long offset) {
    return Arrays.copyOfRange(bytes, (int) (offset - origin), bytes.length);
  }

  /** The bytes from {@code offset} to the end as a reader gives them, in reads of this size. */
  byte[] read(long offset, int maxBytes) {
    return read(log, offset, maxBytes);
  }

  static byte[] read(ReplicationLog log, long offset, int maxBytes) {
    ByteBuf out = ByteBufAllocator.DEFAULT.directBuffer();
    try (LogReader reader = log.reader(offset)) {
      while (true) {
        int got = reader.read(out, maxBytes);
        if (got == 0) {
          break;
        }
        if (got > maxBytes) {
          throw new AssertionError("read " + got + " bytes instead of at most " + maxBytes);
        }
      }
      byte[] read = new byte[out.readableBytes()];
      out.readBytes(read);
      if (reader.offset() != offset + read.length) {
        throw new AssertionError("reader is at " + reader.offset());
      }
      return read;
    } finally {
      out.release();
    }
  }

  @Override
  public void close() {
    log.close();
    staging.release();
  }
}
