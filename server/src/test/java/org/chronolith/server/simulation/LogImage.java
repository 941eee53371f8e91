package org.chronolith.server.simulation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.chronolith.replicationlog.History;

/** What a disk has of a log. */
final class LogImage {
  /**
   * One commit.
   *
   * @param endOffset of the stream behind it
   * @param history the identity that it carries; null for stream bytes and for the clean mark
   * @param clean whether it is the mark of a clean close
   * @param wallMs when it was appended
   */
  record Entry(long endOffset, History history, boolean clean, long wallMs) {}

  private final long firstOffset;
  private final List<Entry> entries = new ArrayList<>();
  private byte[] bytes = new byte[1 << 12];
  private long startOffset;
  private int forced;

  LogImage(long firstOffset) {
    this.firstOffset = firstOffset;
    startOffset = firstOffset;
  }

  long startOffset() {
    return startOffset;
  }

  long endOffset() {
    return entries.isEmpty() ? firstOffset : entries.get(entries.size() - 1).endOffset();
  }

  int entries() {
    return entries.size();
  }

  int forced() {
    return forced;
  }

  void forced(int count) {
    forced = Math.max(forced, count);
  }

  long endOffset(int count) {
    return count == 0 ? firstOffset : entries.get(count - 1).endOffset();
  }

  History history() {
    for (int i = entries.size() - 1; i >= 0; i--) {
      if (entries.get(i).history() != null) {
        return entries.get(i).history();
      }
    }
    throw new IllegalStateException("a log without an identity");
  }

  boolean endsClean() {
    return !entries.isEmpty() && entries.get(entries.size() - 1).clean();
  }

  void append(byte[] data, long wallMs) {
    long end = endOffset();
    int at = (int) (end - firstOffset);
    if (at + data.length > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, at + data.length));
    }
    System.arraycopy(data, 0, bytes, at, data.length);
    entries.add(new Entry(end + data.length, null, false, wallMs));
  }

  void identity(History history, long wallMs) {
    entries.add(new Entry(endOffset(), history, false, wallMs));
  }

  void clean(long wallMs) {
    entries.add(new Entry(endOffset(), null, true, wallMs));
  }

  /** Stream bytes, trimmed ones included. */
  byte[] read(long offset, int length) {
    int at = (int) (offset - firstOffset);
    return Arrays.copyOfRange(bytes, at, at + length);
  }

  /** First byte that was ever in it. */
  long firstOffset() {
    return firstOffset;
  }

  /**
   * Lets whole commits go that end at or before {@code offset}, while more than {@code keepBytes}
   * stay, or that are older than {@code oldestMs}.
   */
  void trim(long offset, long keepBytes, long oldestMs) {
    long most = endOffset() - keepBytes;
    for (int i = 0; i < forced && entries.get(i).endOffset() <= offset; i++) {
      Entry entry = entries.get(i);
      if (entry.endOffset() > most && entry.wallMs() >= oldestMs) {
        return;
      }
      startOffset = Math.max(startOffset, entry.endOffset());
    }
  }

  /** What it has of whole commits up to {@code offset}. */
  LogImage upTo(long offset) {
    LogImage copy = new LogImage(firstOffset);
    for (Entry entry : entries) {
      if (entry.endOffset() > offset) {
        break;
      }
      copy.entries.add(entry);
    }
    copy.bytes = read(firstOffset, (int) (copy.endOffset() - firstOffset));
    copy.startOffset = startOffset;
    return copy;
  }

  void losePower(RandomGenerator random) {
    int kept = forced + random.nextInt(entries.size() - forced + 1);
    while (entries.size() > kept) {
      entries.remove(entries.size() - 1);
    }
  }
}
