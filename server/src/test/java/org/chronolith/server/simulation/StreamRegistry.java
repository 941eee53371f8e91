package org.chronolith.server.simulation;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Every byte of the stream that was ever appended under a replication id, on any node: no two
 * histories may have one name.
 */
final class StreamRegistry {
  private final Map<String, Stream> streams = new HashMap<>();
  private final Journal journal;

  StreamRegistry(Journal journal) {
    this.journal = journal;
  }

  private static final class Stream {
    private byte[] bytes = new byte[1 << 12];
    private final java.util.BitSet known = new java.util.BitSet();
  }

  /**
   * @throws AssertionError if other bytes were appended there under the same id
   */
  void appended(String id, long offset, byte[] data, String where) {
    journal.add("append", offset, Arrays.hashCode(data));
    Stream stream = streams.computeIfAbsent(id, name -> new Stream());
    int at = Math.toIntExact(offset);
    if (at + data.length > stream.bytes.length) {
      stream.bytes =
          Arrays.copyOf(stream.bytes, Math.max(2 * stream.bytes.length, at + data.length));
    }
    for (int i = 0; i < data.length; i++) {
      if (stream.known.get(at + i) && stream.bytes[at + i] != data[i]) {
        throw new AssertionError(
            "two histories under id " + id + ": they differ at offset " + (at + i) + ", " + where);
      }
      stream.bytes[at + i] = data[i];
    }
    stream.known.set(at, at + data.length);
  }
}
