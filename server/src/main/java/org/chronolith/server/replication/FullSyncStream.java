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

  /** Makes the receiver when the master has said what comes. */
  interface ReceiverFactory {
    /**
     * @throws ProtocolException if what it goes on from is not there
     */
    FullSyncReceive files(CheckpointHeader header);

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
  private long skipBytes;
  private SyncProgress progress;
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

  /** Whether the master has said what comes. */
  boolean hasBegun() {
    return receiver != null || rdb != null;
  }

  /** Takes of {@code in} what is complete enough. */
  void bytes(ByteBuf in) {
    while (in.isReadable() && !loading) {
      if (rdb != null) {
        rdb(in);
      } else if (inFile) {
        data(in);
      } else {
        String line = LinkDialog.readLine(in);
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
    long bytes;
    int crc32c;
    try {
      bytes = Long.parseLong(words[0]);
      crc32c = Integer.parseUnsignedInt(words[1], 16);
    } catch (NumberFormatException e) {
      throw malformed(line);
    }
    if (bytes < skipBytes || words[2].contains("/")) {
      throw malformed(line);
    }
    receiver.file(words[2], bytes, crc32c);
    bytesLeft = bytes - skipBytes;
    skipBytes = 0;
    inFile = true;
    endOfFile();
  }

  private void begin(String line) {
    if (!CheckpointHeader.is(line)) {
      beginRdb(line);
      return;
    }
    CheckpointHeader header = CheckpointHeader.parse(line);
    filesLeft = header.files() - header.firstFile();
    skipBytes = header.offset();
    FullSyncReceive made = factory.files(header);
    long had = header.goesOn() ? made.hadBytes() : 0;
    if (had > 0) {
      LOG.info(
          "MASTER <-> REPLICA sync: receiving {} bytes from master to disk, after the {} that are"
              + " there already",
          header.bytes() - had,
          had);
    } else {
      LOG.info("MASTER <-> REPLICA sync: receiving {} bytes from master to disk", header.bytes());
    }
    begun(header.bytes(), had);
    receiver = made;
    receiver.start();
  }

  private void begun(long totalBytes, long hadBytes) {
    progress =
        new SyncProgress("MASTER <-> REPLICA sync", LOG::info, totalBytes, hadBytes, link.nowMs());
    link.syncProgress(progress);
  }

  private void beginRdb(String line) {
    rdb = RdbStream.of(line);
    if (rdb.totalBytes() < 0) {
      LOG.info("MASTER <-> REPLICA sync: receiving streamed RDB from master with EOF to parser");
    } else {
      LOG.info(
          "MASTER <-> REPLICA sync: receiving {} bytes from master to parser", rdb.totalBytes());
    }
    begun(Math.max(0, rdb.totalBytes()), 0);
    rdbReceiver = factory.rdb(rdb.totalBytes());
    rdbReceiver.start();
  }

  private void rdb(ByteBuf in) {
    rdb.bytes(
        in,
        bytes -> {
          int length = bytes.readableBytes();
          progress.add(length, link.nowMs());
          link.flow().handedOver(length);
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
    progress.add(length, link.nowMs());
    link.flow().handedOver(length);
    receiver.data(chunk);
    endOfFile();
  }

  private void endOfFile() {
    if (bytesLeft > 0) {
      return;
    }
    receiver.endFile();
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
      receiver.cut();
    }
    if (rdb != null) {
      rdb.release();
      if (!loading) {
        rdbReceiver.giveUp();
      }
    }
  }
}
