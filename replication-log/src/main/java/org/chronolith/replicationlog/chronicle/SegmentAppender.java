package org.chronolith.replicationlog.chronicle;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.bytes.MappedBytes;
import net.openhft.chronicle.bytes.MappedBytesStore;
import net.openhft.chronicle.bytes.MappedFile;
import net.openhft.chronicle.core.OS;
import net.openhft.chronicle.core.io.Closeable;
import net.openhft.chronicle.core.io.ReferenceOwner;
import net.openhft.chronicle.queue.ExcerptAppender;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueue;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueueBuilder;
import net.openhft.chronicle.queue.rollcycles.LargeRollCycles;
import net.openhft.chronicle.wire.DocumentContext;

/**
 * Writes one segment: a queue whose clock stands still, so that it never rolls. It is made, with
 * its first mapping, by the log-prepare thread and then handed to the engine thread, which finds
 * its file open, its blocks reserved and its pages mapped.
 */
public final class SegmentAppender implements ReferenceOwner, AutoCloseable {
  /** The first document of each segment: {@code CLSEG}, 0, 0 and the version of the format. */
  public static final long PREAMBLE = 0x434c_5345_4700_0001L;

  /** Chronicle's index: one 8 KiB block for a million records. */
  private static final int INDEX_COUNT = 1024;

  private static final int INDEX_SPACING = 1024;
  private static final int PAGE_BYTES = 4096;

  /** The name that Chronicle gives to the file of the day 0. */
  private static final String FILE_NAME = "19700101L.cq4";

  private static final String METADATA_NAME = "metadata.cq4t";
  private static final int METADATA_BYTES = 64 * 1024;

  /** What a segment takes at least: Chronicle's own documents, and room for an identity. */
  public static final long LEAST_BYTES = 128 * 1024;

  static {
    // Chronicle reports usage to its vendor, watches the disk on a thread of its own and prints a
    // banner unless told otherwise before its classes load.
    setDefault("chronicle.analytics.disable");
    setDefault("chronicle.disk.monitor.disable");
    setDefault("chronicle.announcer.disable");
  }

  private static void setDefault(String property) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, "true");
    }
  }

  private final Path file;
  private final int stepBytes;
  private final Volume volume;
  private final SingleChronicleQueue queue;
  private final ExcerptAppender appender;

  // Engine thread.
  private long position;

  // log-prepare thread; reservedBytes is read by the engine thread.
  private volatile long reservedBytes;
  private MappedFile mappedFile;
  private MappedBytesStore touchedBlock;
  private long touchedTo;

  private SegmentAppender(
      Path file,
      int blockBytes,
      Volume volume,
      SingleChronicleQueue queue,
      ExcerptAppender appender) {
    this.file = file;
    this.stepBytes = blockBytes / 4;
    this.volume = volume;
    this.queue = queue;
    this.appender = appender;
  }

  /**
   * Makes a segment in {@code dir}, which must be empty or missing, with {@value #LEAST_BYTES}
   * bytes of disk space.
   *
   * @throws IOException if the space cannot be had or the file cannot be made
   */
  public static SegmentAppender create(Path dir, int blockBytes, Volume volume) throws IOException {
    // Chronicle writes to its files through mappings as soon as it has made them, which on a full
    // disk is a fault. It takes files that are there and empty for new ones, the queue's own only
    // from an appender that was made before.
    Files.createDirectories(dir);
    reserveNew(volume, dir.resolve(METADATA_NAME), METADATA_BYTES);
    SingleChronicleQueue queue =
        SingleChronicleQueueBuilder.single(dir.toFile())
            .rollCycle(LargeRollCycles.LARGE_DAILY)
            .timeProvider(() -> 0L)
            .blockSize(blockBytes)
            .indexCount(INDEX_COUNT)
            .indexSpacing(INDEX_SPACING)
            .build();
    ExcerptAppender appender = null;
    try {
      appender = queue.createAppender();
      appender.singleThreadedCheckDisabled(true);
      reserveNew(volume, dir.resolve(FILE_NAME), LEAST_BYTES);
      long end;
      try (DocumentContext document = appender.writingDocument()) {
        Bytes<?> bytes = document.wire().bytes();
        bytes.writeLong(Long.reverseBytes(PREAMBLE));
        end = bytes.writePosition();
      }
      Path file = QueueFile.find(dir);
      if (file == null || !file.endsWith(FILE_NAME)) {
        throw new IOException("no file " + FILE_NAME + " in " + dir + ", but " + file);
      }
      SegmentAppender segment = new SegmentAppender(file, blockBytes, volume, queue, appender);
      segment.position = end;
      segment.reservedBytes = LEAST_BYTES;
      segment.mappedFile = ((MappedBytes) appender.wire().bytes()).mappedFile();
      return segment;
    } catch (IOException | RuntimeException | Error e) {
      Closeable.closeQuietly(appender, queue);
      throw e;
    }
  }

  private static void reserveNew(Volume volume, Path file, long bytes) throws IOException {
    Files.createFile(file);
    volume.reserve(file, 0, bytes);
  }

  /** The queue file. */
  public Path file() {
    return file;
  }

  /** File position behind the last document. Engine thread. */
  public long position() {
    return position;
  }

  /** Bytes of the file, from its start, whose blocks are reserved. Any thread. */
  public long reservedBytes() {
    return reservedBytes;
  }

  /**
   * Appends one document made of {@code header} (its whole content) and {@code length} bytes of
   * {@code payload}. Engine thread.
   *
   * <p>REQUIRES: the space is reserved.
   *
   * @return file position of the document's start
   */
  public long append(ByteBuffer header, ByteBuf payload, int from, int length) {
    int total = header.remaining() + length;
    long start;
    try (DocumentContext document = appender.writingDocument()) {
      try {
        Bytes<?> bytes = document.wire().bytes();
        long at = bytes.writePosition();
        start = at - QueueFile.HEADER_BYTES;
        bytes.write(at, header, header.position(), header.remaining());
        copy(bytes, at + header.remaining(), payload, from, length);
        bytes.writePosition(at + total);
      } catch (RuntimeException | Error e) {
        document.rollbackOnClose();
        throw e;
      }
    }
    position = QueueFile.next(start, total);
    return start;
  }

  private static void copy(Bytes<?> to, long at, ByteBuf from, int index, int length) {
    if (length == 0) {
      return;
    }
    if (from.hasMemoryAddress()) {
      OS.memory().copyMemory(from.memoryAddress() + index, to.addressForWrite(at), (long) length);
    } else if (from.hasArray()) {
      to.write(at, from.array(), from.arrayOffset() + index, length);
    } else {
      ByteBuffer source = from.nioBuffer(index, length);
      to.write(at, source, source.position(), length);
    }
  }

  /**
   * Reserves disk space up to {@code upToBytes}, rounded up to quarters of a block. log-prepare
   * thread.
   *
   * <p>Chronicle maps whole blocks and makes the file as long as they are, without disk blocks
   * behind it; what is not reserved is never written to.
   *
   * @throws IOException if there is none
   */
  public void reserve(long upToBytes) throws IOException {
    long target = (upToBytes + stepBytes - 1) / stepBytes * stepBytes;
    long reserved = reservedBytes;
    if (target > reserved) {
      volume.reserve(file, reserved, target);
      reservedBytes = target;
    }
  }

  /**
   * Maps the blocks up to {@code upToBytes} and touches their pages from {@code fromBytes} on, in
   * the mapping that the appender will use. log-prepare thread.
   */
  public void touch(long fromBytes, long upToBytes) throws IOException {
    long to = Math.min(upToBytes, reservedBytes);
    long at = Math.max(touchedTo, fromBytes) & -PAGE_BYTES;
    while (at < to) {
      if (touchedBlock == null || !touchedBlock.inside(at, PAGE_BYTES)) {
        MappedBytesStore next = mappedFile.acquireByteStore(this, at, touchedBlock);
        if (touchedBlock != null) {
          touchedBlock.release(this);
        }
        touchedBlock = next;
      }
      // Zero for zero: whatever the appender writes meanwhile stays.
      touchedBlock.compareAndSwapInt(at, 0, 0);
      at += PAGE_BYTES;
    }
    touchedTo = Math.max(touchedTo, at);
  }

  /** Ends the mapping. No thread may append any more. */
  @Override
  public void close() {
    if (touchedBlock != null) {
      touchedBlock.release(this);
      touchedBlock = null;
    }
    appender.close();
    queue.close();
  }

  /**
   * Gives back the space behind {@code endBytes}, and the file that only Chronicle itself needs.
   * The queue's file ends with a header of zero, so that a reader of the queue finds its end.
   */
  public static void giveBack(Path file, long endBytes) throws IOException {
    truncate(file, endBytes);
    Files.deleteIfExists(file.resolveSibling(METADATA_NAME));
  }

  /** Cuts what is reserved behind {@code endBytes}, but for a header of zero. */
  static void truncate(Path file, long endBytes) throws IOException {
    ByteBuffer header = ByteBuffer.allocate(QueueFile.HEADER_BYTES);
    long end = endBytes + QueueFile.HEADER_BYTES;
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      channel.read(header, endBytes);
      if (header.getInt(0) != 0 || channel.size() < end) {
        channel.truncate(endBytes);
        channel.write(ByteBuffer.allocate(QueueFile.HEADER_BYTES), endBytes);
      } else if (channel.size() > end) {
        // It is zero already: nothing has to be written, which a full disk might refuse.
        channel.truncate(end);
      }
    }
  }
}
