package org.chronolith.replicationlog;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;

/**
 * The file {@code forced} beside the segments: up to where the log was on disk when it was forced
 * last. A lower bound: what is damaged below it was not torn by a crash. Layout:
 * docs/formats/log.md.
 *
 * <p>It never claims too much: a slot is written only after the force that it speaks of has
 * returned. It never loses what it said: the slots take turns, and one is left alone until the
 * other is on disk. A slot that was torn has a wrong checksum and does not count; without any slot
 * the bound is what the segments' first records say.
 *
 * <p>The slot's own force costs as much as the log's, so it is made at most every {@value
 * #FORCE_EVERY_MS} ms; a crash of the process alone loses nothing in any case.
 *
 * <p>Thread: log-sync, and before it is started whoever opens the log.
 */
public final class ForcedEnd implements AutoCloseable {
  static final String NAME = "forced";

  private static final long FORCE_EVERY_MS = 100;
  private static final int SLOTS = 2;

  /** Each slot has a page of its own, so that no write of one touches the other. */
  private static final int SLOT_SPACING_BYTES = 4096;

  private static final int SLOT_BYTES = 44;
  private static final int CRC_AT = SLOT_BYTES - Integer.BYTES;
  private static final int MAGIC = 0x434c_464f;
  private static final int VERSION = 1;

  /**
   * What a slot says: everything below {@code offset} is on disk, and so is the file of segment
   * {@code sequence} up to {@code position}.
   */
  record Slot(long count, long offset, long sequence, long position) {}

  private final Path file;
  private final LogDisk disk;
  private final FileChannel channel;
  private final ByteBuffer bytes = ByteBuffer.allocateDirect(SLOT_BYTES);
  private long count;
  private int slot;
  private boolean unforced;
  private long forcedNanos = System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(FORCE_EVERY_MS);

  private ForcedEnd(Path file, LogDisk disk, FileChannel channel, long count, int slot) {
    this.file = file;
    this.disk = disk;
    this.channel = channel;
    this.count = count;
    this.slot = slot;
  }

  /**
   * Whether the file in {@code logDir} holds something and nothing that can be read: a start does
   * without it, unless it cannot be opened. Not so without the file, or before the first force was
   * recorded, when it is empty or all zeros. Changes nothing.
   */
  public static Optional<LogInspector.Damage> damage(Path logDir) {
    Path file = logDir.resolve(NAME);
    String problem;
    try {
      if (!Files.exists(file) || read(logDir) != null || isBlank(file)) {
        return Optional.empty();
      }
      problem = "nothing in it can be read; what was on disk is known from the segments alone";
    } catch (IOException e) {
      problem = "cannot be read: " + LogException.reasonOf(e.getCause() == null ? e : e.getCause());
    }
    return Optional.of(new LogInspector.Damage(file, -1, -1, -1, problem, 0));
  }

  private static boolean isBlank(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      for (byte one : in.readNBytes(SLOTS * SLOT_SPACING_BYTES)) {
        if (one != 0) {
          return false;
        }
      }
      return true;
    }
  }

  /**
   * The newest slot that can be read, or null.
   *
   * @throws IOException naming the file
   */
  static Slot read(Path logDir) throws IOException {
    Path file = logDir.resolve(NAME);
    if (!Files.exists(file)) {
      return null;
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      Slot first = slot(channel, 0);
      Slot second = slot(channel, 1);
      if (first == null || second == null) {
        return first == null ? second : first;
      }
      return first.count() > second.count() ? first : second;
    } catch (FileSystemException e) {
      throw e;
    } catch (IOException e) {
      throw new IOException(file + ": " + LogException.reasonOf(e), e);
    }
  }

  private static Slot slot(FileChannel channel, int index) throws IOException {
    ByteBuffer in = ByteBuffer.allocate(SLOT_BYTES);
    while (in.hasRemaining()
        && channel.read(in, (long) index * SLOT_SPACING_BYTES + in.position()) > 0) {
      continue;
    }
    if (in.hasRemaining()) {
      return null;
    }
    in.flip();
    CRC32C checksum = new CRC32C();
    checksum.update(in.array(), 0, CRC_AT);
    if (in.getInt() != MAGIC || in.getInt() != VERSION) {
      return null;
    }
    Slot found = new Slot(in.getLong(), in.getLong(), in.getLong(), in.getLong());
    return in.getInt() == (int) checksum.getValue() && found.offset() >= 0 ? found : null;
  }

  /** Opens the file for recording, made and forced if it is missing. */
  static ForcedEnd open(Path logDir, LogDisk disk) throws IOException {
    Path file = logDir.resolve(NAME);
    Slot newest = read(logDir);
    boolean made = !Files.exists(file) || Files.size(file) < SLOTS * SLOT_SPACING_BYTES;
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      if (made) {
        disk.write(channel, file, ByteBuffer.allocate(SLOTS * SLOT_SPACING_BYTES), 0);
        disk.force(channel, file, true);
        disk.forceDir(logDir);
      }
      int next = newest != null && newest.equals(slot(channel, 0)) ? 1 : 0;
      return new ForcedEnd(file, disk, channel, newest == null ? 0 : newest.count(), next);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /**
   * Has the record in {@code logDir} say {@code offset} and no more, and nothing of any file, on
   * disk, before what is behind that is taken away. REQUIRES: nobody has the log open.
   */
  static void lower(Path logDir, long offset, LogDisk disk) throws IOException {
    Slot newest = read(logDir);
    if (newest == null || newest.offset() <= offset && newest.sequence() == 0) {
      return;
    }
    long lowered = Math.min(newest.offset(), offset);
    try (ForcedEnd end = open(logDir, disk)) {
      // Both slots: what the other one claims must not come back if one is lost.
      for (int i = 0; i < SLOTS; i++) {
        end.record(lowered, 0, 0);
        end.forceNow();
      }
    }
  }

  /**
   * Records that everything below {@code offset} is on disk.
   *
   * @param sequence of the newest segment, whose file is on disk up to {@code position}
   */
  void record(long offset, long sequence, long position) throws IOException {
    bytes.clear();
    bytes.putInt(MAGIC).putInt(VERSION);
    bytes.putLong(++count).putLong(offset).putLong(sequence).putLong(position);
    CRC32C checksum = new CRC32C();
    checksum.update(bytes.flip());
    bytes.limit(SLOT_BYTES).putInt((int) checksum.getValue());
    disk.write(channel, file, bytes.flip(), (long) slot * SLOT_SPACING_BYTES);
    unforced = true;
  }

  /** Ns until what was recorded is to be forced; 0 for now, {@code Long.MAX_VALUE} for never. */
  long forceInNanos() {
    if (!unforced) {
      return Long.MAX_VALUE;
    }
    long since = System.nanoTime() - forcedNanos;
    return Math.max(0, TimeUnit.MILLISECONDS.toNanos(FORCE_EVERY_MS) - since);
  }

  /** Forces what was recorded. */
  void forceNow() throws IOException {
    if (unforced) {
      disk.force(channel, file, false);
      forcedNanos = System.nanoTime();
      unforced = false;
      slot = (slot + 1) % SLOTS;
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
