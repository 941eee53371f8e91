package org.chronolith.server.replication;

import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.StandardOpenOption;
import java.util.Iterator;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.chronolith.engine.snapshot.Checkpoint;
import org.chronolith.engine.snapshot.CheckpointFile;
import org.chronolith.network.StreamConnection;

/**
 * Sends the files of a checkpoint to a replica that knows them: {@code +FULLRESYNC <id> <S>}, then
 * {@code $FILES:<count> <bytes>}, then for each file a line {@code <bytes> <crc32c> <name>} and its
 * bytes, META last. The kernel copies the bytes from file to socket.
 */
final class CheckpointSend implements FullSyncSend {
  /** Begins the line that says how many files and bytes follow. */
  static final String FILES = "$FILES:";

  private static final String META = "META";

  /** Bytes given to the socket at a time, so that progress can be seen. */
  private static final long CHUNK_BYTES = 4 << 20;

  private final Checkpoint checkpoint;
  private final String replicationId;
  private final Iterator<CheckpointFile> files;
  private StreamConnection connection;
  private Runnable done;
  private Consumer<Throwable> failed;
  private CheckpointFile file;
  private FileChannel channel;
  private long position;
  private long progressMs = System.currentTimeMillis();
  private boolean closed;

  /**
   * @param checkpoint retained by the caller for this object
   */
  CheckpointSend(Checkpoint checkpoint, String replicationId) {
    this.checkpoint = checkpoint;
    this.replicationId = replicationId;
    this.files = checkpoint.files().iterator();
  }

  @Override
  public void start(StreamConnection to, Runnable whenDone, Consumer<Throwable> whenFailed) {
    connection = to;
    done = whenDone;
    failed = whenFailed;
    write("+FULLRESYNC " + replicationId + " " + checkpoint.offset() + "\r\n");
    byte[] meta = checkpoint.metaBytes();
    write(
        FILES
            + (checkpoint.files().size() + 1)
            + " "
            + (checkpoint.totalBytes() + meta.length)
            + "\r\n");
    nextFile();
  }

  private void nextFile() {
    try {
      if (!files.hasNext()) {
        sendMeta();
        return;
      }
      file = files.next();
      line(file.bytes(), file.crc32c(), file.name());
      channel =
          FileChannel.open(checkpoint.directory().resolve(file.name()), StandardOpenOption.READ);
      position = 0;
      nextChunk();
    } catch (IOException e) {
      failed.accept(e);
    }
  }

  private void nextChunk() {
    progressMs = System.currentTimeMillis();
    if (closed) {
      return;
    }
    long length = Math.min(CHUNK_BYTES, file.bytes() - position);
    if (length == 0) {
      closeFile();
      // Not from within: a directory of many empty files must not become a deep stack.
      connection.loop().execute(this::next);
      return;
    }
    long from = position;
    position += length;
    connection.sendFile(channel, from, length, this::nextChunk);
  }

  private void next() {
    if (!closed) {
      nextFile();
    }
  }

  private void sendMeta() {
    byte[] meta = checkpoint.metaBytes();
    CRC32C crc = new CRC32C();
    crc.update(meta);
    line(meta.length, (int) crc.getValue(), META);
    connection.write(Unpooled.wrappedBuffer(meta));
    connection.flush();
    done.run();
  }

  private void line(long bytes, int crc32c, String name) {
    write(bytes + " " + String.format("%08x", crc32c) + " " + name + "\r\n");
  }

  private void write(String text) {
    connection.write(Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII));
  }

  @Override
  public void writable() {
    // The next chunk is sent when the one before has left, whatever the queue says.
  }

  @Override
  public long offset() {
    return checkpoint.offset();
  }

  @Override
  public boolean streamFollows() {
    return true;
  }

  @Override
  public long progressMs() {
    return progressMs;
  }

  private void closeFile() {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        failed.accept(e);
      }
      channel = null;
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      closeFile();
      checkpoint.release();
    }
  }
}
