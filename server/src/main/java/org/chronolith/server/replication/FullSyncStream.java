package org.chronolith.server.replication;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import org.chronolith.network.ProtocolException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes a full sync apart: the files that {@link CheckpointSend} writes, whose bytes go to a {@link
 * FullSyncReceive}, or an RDB, for a {@link RdbReceive}. Those have threads of their own.
 *
 * <p>Thread: the replication loop.
 */
final class FullSyncStream {
  private static final Logger LOG = LoggerFactory.getLogger(FullSyncStream.class);
  private static final int MOST_FILES = 1_000_000;

  /** Makes the receiver when the master has said what comes. */
  interface ReceiverFactory {
    FullSyncReceive files(long totalBytes);

    /**
     * @param totalBytes -1 if the master does not say
     */
    RdbReceive rdb(long totalBytes);
  }

  private final ReplicaLink link;
  private final ReceiverFactory factory;
  private FullSyncReceive receiver;
  private RdbStream rdb;
  private RdbReceive rdbReceiver;
  private int filesLeft;
  private long bytesLeft;
  private int crc32c;
  private boolean inFile;
  private boolean loading;

  FullSyncStream(ReplicaLink link, ReceiverFactory factory) {
    this.link = link;
    this.factory = factory;
  }

  /**
   * All has come; what follows on the link is the stream, once the engine has adopted the files.
   */
  boolean loading() {
    return loading;
  }

  /** Takes of {@code in} what is complete enough. */
  void bytes(ByteBuf in) {
    while (in.isReadable() && !loading) {
      if (rdb != null) {
        rdb(in);
      } else if (inFile) {
        data(in);
      } else {
        String line = ReplicaLink.readLine(in);
        if (line == null) {
          return;
        }
        if (!line.isEmpty()) {
          line(line);
        }
      }
    }
  }

  private void line(String line) {
    if (receiver == null) {
      begin(line);
      return;
    }
    String[] words = line.split(" ");
    if (words.length != 3) {
      throw malformed(line);
    }
    try {
      bytesLeft = Long.parseLong(words[0]);
      crc32c = Integer.parseUnsignedInt(words[1], 16);
    } catch (NumberFormatException e) {
      throw malformed(line);
    }
    if (bytesLeft < 0 || words[2].contains("/")) {
      throw malformed(line);
    }
    receiver.file(words[2]);
    inFile = true;
    endOfFile();
  }

  private void begin(String line) {
    if (!line.startsWith(CheckpointSend.FILES)) {
      beginRdb(line);
      return;
    }
    String[] words = line.substring(CheckpointSend.FILES.length()).split(" ");
    long totalBytes;
    try {
      filesLeft = Integer.parseInt(words[0]);
      totalBytes = Long.parseLong(words[words.length - 1]);
    } catch (NumberFormatException e) {
      throw malformed(line);
    }
    if (filesLeft < 1 || filesLeft > MOST_FILES || totalBytes < 0) {
      throw malformed(line);
    }
    LOG.info("MASTER <-> REPLICA sync: receiving {} bytes from master to disk", totalBytes);
    link.syncTotalBytes(totalBytes);
    receiver = factory.files(totalBytes);
    receiver.start();
  }

  private void beginRdb(String line) {
    rdb = RdbStream.of(line);
    if (rdb.totalBytes() < 0) {
      LOG.info("MASTER <-> REPLICA sync: receiving streamed RDB from master with EOF to parser");
    } else {
      LOG.info(
          "MASTER <-> REPLICA sync: receiving {} bytes from master to parser", rdb.totalBytes());
    }
    link.syncTotalBytes(Math.max(0, rdb.totalBytes()));
    rdbReceiver = factory.rdb(rdb.totalBytes());
    rdbReceiver.start();
  }

  private void rdb(ByteBuf in) {
    rdb.bytes(
        in,
        bytes -> {
          link.handedOver(bytes.readableBytes());
          rdbReceiver.data(bytes);
        });
    if (rdb.ended()) {
      LOG.info("MASTER <-> REPLICA sync: Loading DB in memory");
      loading = true;
      link.connection().readPaused(true);
      rdbReceiver.end();
    }
  }

  /** Whether the master is a stock Redis, or speaks as one. */
  boolean isRdb() {
    return rdb != null;
  }

  private void data(ByteBuf in) {
    int length = (int) Math.min(bytesLeft, in.readableBytes());
    ByteBuf chunk = PooledByteBufAllocator.DEFAULT.directBuffer(length);
    in.readBytes(chunk, length);
    bytesLeft -= length;
    link.handedOver(length);
    receiver.data(chunk);
    endOfFile();
  }

  private void endOfFile() {
    if (bytesLeft > 0) {
      return;
    }
    receiver.endFile(crc32c);
    inFile = false;
    filesLeft--;
    if (filesLeft == 0) {
      LOG.info("MASTER <-> REPLICA sync: Loading DB in memory");
      loading = true;
      link.connection().readPaused(true);
      receiver.end();
    }
  }

  private static ProtocolException malformed(String line) {
    return new ProtocolException("malformed line in a full sync: " + line);
  }

  /** The link is gone. */
  void lost() {
    if (receiver != null && !loading) {
      receiver.giveUp();
    }
    if (rdb != null) {
      rdb.release();
      if (!loading) {
        rdbReceiver.giveUp();
      }
    }
  }
}
