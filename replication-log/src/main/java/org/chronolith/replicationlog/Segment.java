package org.chronolith.replicationlog;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * One file of the log, as readers see it. The engine thread moves {@link #committedPosition} while
 * the segment is the newest one; after that nothing about it changes.
 */
final class Segment {
  /** EIO, EUCLEAN and EBADMSG, in the words of the C library. */
  private static final List<String> READ_ERRORS =
      List.of("Input/output error", "Structure needs cleaning", "Bad message");

  final long sequence;
  final Path dir;
  final Path file;

  /** File position of the first record that counts. */
  final long firstPosition;

  /** Offset of the first stream byte. */
  final long startOffset;

  /** File position behind the last commit. Readers go no further. */
  volatile long committedPosition;

  /** Offset behind the last stream byte; valid once {@link #sealed}. */
  volatile long endOffset;

  /** True once another segment follows. */
  volatile boolean sealed;

  /** Wall-clock time of the newest record, for retention by age. */
  volatile long newestMs;

  private volatile OffsetIndex index;

  /** Every record was verified since the log was opened. */
  volatile boolean verified;

  private volatile String damage;

  private FileChannel channel;
  private int users;

  Segment(
      long sequence, Path dir, Path file, long firstPosition, long startOffset, OffsetIndex index) {
    this.sequence = sequence;
    this.dir = dir;
    this.file = file;
    this.firstPosition = firstPosition;
    this.startOffset = startOffset;
    this.endOffset = startOffset;
    this.index = index;
  }

  void seal(long end) {
    endOffset = end;
    sealed = true;
  }

  /** The index, or null while nobody has asked for it since the log was opened. */
  OffsetIndex index() {
    return index;
  }

  void index(OffsetIndex built) {
    index = built;
  }

  /** Why the segment cannot be read from its start to its end, or null. */
  String damage() {
    return damage;
  }

  /** Any thread. Returns whether this is the first that is known of damage in it. */
  synchronized boolean markDamaged(String problem) {
    boolean first = damage == null;
    damage = problem;
    return first;
  }

  /**
   * The file, open for reading; shared by all readers. Each call needs a {@link #release}.
   *
   * @throws LogException TRIMMED if it is gone; DAMAGED if the disk does not give it; IO if it
   *     cannot be opened now
   */
  synchronized FileChannel acquire() {
    try {
      if (channel == null) {
        channel = FileChannel.open(file, StandardOpenOption.READ);
      }
      users++;
      return channel;
    } catch (NoSuchFileException e) {
      throw new LogException(LogException.Kind.TRIMMED, file + " was removed", e);
    } catch (IOException e) {
      boolean damaged = READ_ERRORS.stream().anyMatch(String.valueOf(e.getMessage())::contains);
      throw new LogException(
          damaged ? LogException.Kind.DAMAGED : LogException.Kind.IO,
          "cannot open " + file + ": " + LogException.reasonOf(e),
          e);
    }
  }

  synchronized void release() {
    users--;
    if (users == 0) {
      FileChannel closing = channel;
      channel = null;
      try {
        closing.close();
      } catch (IOException e) {
        throw LogException.io("cannot close " + file, e);
      }
    }
  }

  @Override
  public String toString() {
    return file.toString();
  }
}
