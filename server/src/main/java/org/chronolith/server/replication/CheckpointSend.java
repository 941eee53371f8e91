package org.chronolith.server.replication;

import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.chronolith.engine.snapshot.Checkpoint;
import org.chronolith.engine.snapshot.CheckpointFile;
import org.chronolith.engine.snapshot.MetaFile;
import org.chronolith.network.LoopClock;
import org.chronolith.network.StreamConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends the files of a checkpoint to a replica that knows them: {@code +FULLRESYNC <id> <S>}, then
 * a {@link CheckpointHeader}, then for each file a line {@code <bytes> <crc32c> <name>} and its
 * bytes, META last; of the first one the bytes that the replica lacks. The kernel copies the bytes
 * from file to socket.
 */
final class CheckpointSend implements FullSyncSend {
  private static final Logger LOG = LoggerFactory.getLogger(CheckpointSend.class);

  private final Checkpoint checkpoint;
  private final String replicationId;
  private final SyncPace pace;
  private final CheckpointHeader header;
  private final SyncProgress progress;
  private StreamConnection connection;
  private Runnable done;
  private Consumer<Throwable> failed;
  private int number;
  private CheckpointFile file;
  private FileChannel channel;
  private long position;
  private final LoopClock clock;
  private long progressMs;
  private boolean closed;

  /**
   * @param checkpoint retained by the caller for this object
   * @param announced what the replica has said; it {@link #fits}
   * @param replica names it in the log
   */
  CheckpointSend(
      Checkpoint checkpoint,
      String replicationId,
      Announcement announced,
      SyncPace pace,
      LoopClock clock,
      String replica) {
    this.clock = clock;
    progressMs = clock.wallMs();
    this.checkpoint = checkpoint;
    this.replicationId = replicationId;
    this.pace = pace;
    int files = checkpoint.files().size() + 1;
    long bytes = checkpoint.totalBytes() + checkpoint.metaBytes().length;
    ResumeRequest has = announced.resume;
    if (!announced.capaResume) {
      header = CheckpointHeader.plain(files, bytes);
    } else if (has == null || !has.checkpointId().equals(checkpoint.id())) {
      header = new CheckpointHeader(files, bytes, checkpoint.id(), 0, 0);
    } else {
      header = new CheckpointHeader(files, bytes, checkpoint.id(), has.files(), has.offset());
    }
    progress =
        new SyncProgress(
            "Full sync with replica " + replica, LOG::info, bytes, skippedBytes(), progressMs);
  }

  /** Whether what a replica says that it has can be a part of {@code checkpoint}. */
  static boolean fits(Checkpoint checkpoint, ResumeRequest has) {
    List<CheckpointFile> files = checkpoint.files();
    if (!checkpoint.id().equals(has.checkpointId()) || has.files() > files.size()) {
      return false;
    }
    return has.files() == files.size()
        ? has.offset() == 0
        : has.offset() <= files.get(has.files()).bytes();
  }

  private long skippedBytes() {
    return checkpoint.files().subList(0, header.firstFile()).stream()
            .mapToLong(CheckpointFile::bytes)
            .sum()
        + header.offset();
  }

  @Override
  public void start(StreamConnection to, Runnable whenDone, Consumer<Throwable> whenFailed) {
    connection = to;
    done = whenDone;
    failed = whenFailed;
    write("+FULLRESYNC " + replicationId + " " + checkpoint.offset() + "\r\n");
    write(header.line() + "\r\n");
    if (header.goesOn()) {
      LOG.info(
          "{} goes on: {} of {} bytes are there already",
          progress.what(),
          progress.doneBytes(),
          progress.totalBytes());
    }
    number = header.firstFile();
    nextFile(header.offset());
  }

  private void nextFile(long from) {
    try {
      if (number == checkpoint.files().size()) {
        sendMeta();
        return;
      }
      file = checkpoint.files().get(number++);
      line(file.bytes(), file.crc32c(), file.name());
      channel =
          FileChannel.open(checkpoint.directory().resolve(file.name()), StandardOpenOption.READ);
      position = from;
      nextChunk();
    } catch (IOException e) {
      failed.accept(e);
    }
  }

  private void nextChunk() {
    if (closed) {
      return;
    }
    long length = pace.chunkBytes(file.bytes() - position);
    if (length == 0) {
      closeFile();
      connection.flush();
      // Not from within: a directory of many empty files must not become a deep stack.
      connection.loop().execute(this::next);
      return;
    }
    long waitMs = pace.waitMs(length);
    if (waitMs == 0) {
      send(length);
    } else {
      connection.flush();
      connection.loop().schedule(() -> send(length), waitMs);
    }
  }

  private void send(long length) {
    if (!closed) {
      long from = position;
      position += length;
      connection.sendFile(channel, from, length, () -> sent(length));
    }
  }

  private void sent(long length) {
    progressMs = clock.wallMs();
    progress.add(length, progressMs);
    nextChunk();
  }

  private void next() {
    if (!closed) {
      nextFile(0);
    }
  }

  private void sendMeta() {
    byte[] meta = checkpoint.metaBytes();
    CRC32C crc = new CRC32C();
    crc.update(meta);
    line(meta.length, (int) crc.getValue(), MetaFile.NAME);
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

  @Override
  public SyncProgress progress() {
    return progress;
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
