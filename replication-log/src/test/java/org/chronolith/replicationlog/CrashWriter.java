package org.chronolith.replicationlog;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.file.Path;
import java.util.Random;

/** The process that {@link CrashIT} kills: appends for ever and prints what it appended. */
final class CrashWriter {
  private static final int KIB = 1024;

  private CrashWriter() {}

  static byte at(long offset) {
    return (byte) (offset * 131 + (offset >>> 8) * 17 + (offset >>> 16));
  }

  /**
   * Every append's length is a function of its offset, so that commits can be told from the end.
   */
  static int lengthAt(long offset) {
    Random random = new Random(offset * 7919);
    return 1 + random.nextInt(random.nextInt(30) == 0 ? 200 * KIB : 300);
  }

  public static void main(String[] args) {
    LogConfig config = LogModel.smallConfig(Path.of(args[0])).withRetention(4 * 1024 * KIB, 0);
    ReplicationLog log =
        ReplicationLog.exists(config)
            ? ReplicationLog.open(config, LogListener.none())
            : ReplicationLog.create(config, LogListener.none(), 0, History.fresh(), 0);
    ByteBuf bytes = ByteBufAllocator.DEFAULT.directBuffer();
    for (int i = 0; ; i++) {
      long offset = log.endOffset();
      int length = lengthAt(offset);
      bytes.clear();
      for (int j = 0; j < length; j++) {
        bytes.writeByte(at(offset + j));
      }
      Await.until("space", () -> log.canAppend(length));
      log.append(bytes, 0, length, 0, 1);
      System.out.println(log.endOffset());
      if (i % 100 == 0) {
        log.requestSync();
        log.trim(log.endOffset(), 0);
      }
    }
  }
}
