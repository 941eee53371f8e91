package org.chronolith.replicationlog;

import io.netty.buffer.ByteBuf;

/**
 * A view of one record, filled by {@link LogReader#next}. Mutable and reused; the payload is valid
 * until the next call on the same reader.
 */
public final class LogRecord {
  private final RecordHeader header = new RecordHeader();
  private ByteBuf buffer;
  private int payloadIndex;

  /** Offset of the first byte of the record's payload in the stream. */
  public long startOffset() {
    return header.startOffset;
  }

  /** Offset behind the record: {@link #startOffset()} for an identity or a clean marker. */
  public long endOffset() {
    return header.endOffset();
  }

  /** Wall-clock milliseconds when it was appended. */
  public long wallClockMs() {
    return header.wallClockMs;
  }

  /** Database selected in the stream at the first byte of the payload. */
  public int dbAtStart() {
    return header.db;
  }

  /** Number of this part in its group, from 0; 0 also for a record that is not a part. */
  public int part() {
    return header.part;
  }

  /** True if the stream is complete behind this record: it is the last, or only, part. */
  public boolean isCommit() {
    return header.has(RecordHeader.COMMIT);
  }

  /** True if this record carries an identity instead of stream bytes. */
  public boolean isIdentity() {
    return header.has(RecordHeader.IDENTITY);
  }

  /** True if this is the marker of a clean close. */
  public boolean isClean() {
    return header.has(RecordHeader.CLEAN);
  }

  /** Stream bytes of this record (none for identities and markers). */
  public int length() {
    return header.streamBytes();
  }

  /** The buffer that holds the payload, from {@link #payloadIndex()}, {@link #length()} bytes. */
  public ByteBuf buffer() {
    return buffer;
  }

  /** Index of the payload's first byte in {@link #buffer()}. */
  public int payloadIndex() {
    return payloadIndex;
  }

  /**
   * The identity that this record carries.
   *
   * @throws LogException MISUSE if {@link #isIdentity()} is false
   */
  public History history() {
    if (!isIdentity()) {
      throw new LogException(LogException.Kind.MISUSE, "the record is not an identity");
    }
    return RecordHeader.identityOf(buffer.nioBuffer(payloadIndex, header.payloadLength)).history();
  }

  RecordHeader header() {
    return header;
  }

  void payload(ByteBuf newBuffer, int index) {
    buffer = newBuffer;
    payloadIndex = index;
  }
}
