package org.chronolith.server.recovery;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.chronolith.network.Request;
import org.chronolith.network.RequestDecoder;
import org.chronolith.replicationlog.LogReader;
import org.chronolith.replicationlog.ReplicationLog;

/**
 * Appends a part of one log to another that ends where it begins: whole effects and transactions,
 * since a record may end nowhere else.
 *
 * <p>Thread: {@code loader}; it waits for the disk.
 */
final class EffectCopy {
  private static final int CHUNK_BYTES = 1 << 20;

  private final ByteBuf bytes = Unpooled.directBuffer(2 * CHUNK_BYTES);
  private final RequestDecoder decoder = new RequestDecoder(Long.MAX_VALUE / 2);
  private final Request request = new Request();
  private int db;
  private int dbAtStart;
  private boolean inTransaction;

  private EffectCopy(int db) {
    this.db = db;
    this.dbAtStart = db;
  }

  /**
   * @param to what {@code from} has from its end on is appended to it
   * @param endOffset as far as that; what is not whole there is left out
   * @param db that the stream has selected at the end of {@code to}
   * @return that it has selected behind what was appended
   */
  static int append(ReplicationLog from, ReplicationLog to, long endOffset, int db) {
    EffectCopy copy = new EffectCopy(db);
    try (LogReader reader = from.reader(to.endOffset())) {
      copy.copy(reader, to, endOffset);
      return copy.db;
    } finally {
      copy.bytes.release();
    }
  }

  private void copy(LogReader reader, ReplicationLog log, long endOffset) {
    while (reader.offset() < endOffset
        && reader.read(bytes, (int) Math.min(CHUNK_BYTES, endOffset - reader.offset())) > 0) {
      int start = bytes.readerIndex();
      int whole = start;
      int dbAtWhole = db;
      while (decoder.decode(bytes, request) == RequestDecoder.Result.REQUEST) {
        follow();
        if (!inTransaction) {
          whole = bytes.readerIndex();
          dbAtWhole = db;
        }
      }
      LogSpace.append(log, bytes, start, whole - start, dbAtStart);
      if (whole > start) {
        dbAtStart = dbAtWhole;
      }
      // What is left is looked at again with what follows.
      db = dbAtStart;
      inTransaction = false;
      decoder.reset();
      bytes.readerIndex(whole);
      bytes.discardReadBytes();
    }
  }

  private void follow() {
    if (request.count() == 0) {
      return;
    }
    String name = request.text(0);
    if (name.equalsIgnoreCase("select") && request.count() == 2) {
      db = Integer.parseInt(request.text(1));
    } else if (name.equalsIgnoreCase("multi")) {
      inTransaction = true;
    } else if (name.equalsIgnoreCase("exec")) {
      inTransaction = false;
    }
  }
}
