package org.chronolith.network;

import io.netty.buffer.ByteBuf;

/**
 * Decodes requests in place, as redis-server 7.0's {@code processMultibulkBuffer} and {@code
 * processInlineBuffer} do, with the same limits and the same error texts.
 *
 * <p>It is incremental: it remembers how far it came into a request that is not complete, so that
 * each byte is looked at once however the bytes arrive. Positions are kept relative to the start of
 * the request; the caller may move the bytes between two calls as long as the buffer's reader index
 * still stands at that start.
 *
 * <p>Not thread-safe; one per stream.
 */
public final class RequestDecoder {
  /** What {@link #decode} found. */
  public enum Result {
    /** The request is not complete; the reader index stands at its first byte. */
    NEED_MORE,
    /** A request is in the {@link Request}; the reader index stands behind it. */
    REQUEST
  }

  /** Longest inline command and longest header line in bytes (PROTO_INLINE_MAX_SIZE). */
  public static final int MAX_LINE_BYTES = 64 * 1024;

  private static final int UNAUTHENTICATED_MAX_ARGUMENTS = 10;
  private static final int UNAUTHENTICATED_MAX_BULK_BYTES = 16 * 1024;
  private static final int CRLF = '\r' << 8 | '\n';

  /** An argument header was not read yet. */
  private static final int NO_BULK = -1;

  private static final long NOT_A_NUMBER = Long.MIN_VALUE;

  private final boolean inline;
  private long maxBulkBytes;
  private boolean authenticated = true;

  private boolean started;
  private int position;
  private int scanned;
  private int argumentsLeft;
  private int bulkLength = NO_BULK;
  private boolean canonical;
  private int lineEnd;

  /** A decoder that accepts bulks of up to {@code maxBulkBytes} (proto-max-bulk-len). */
  public RequestDecoder(long maxBulkBytes) {
    this(maxBulkBytes, true);
  }

  private RequestDecoder(long maxBulkBytes, boolean inline) {
    this.maxBulkBytes = maxBulkBytes;
    this.inline = inline;
  }

  /** A decoder of what a master sends, which are never inline commands, though blank lines. */
  public static RequestDecoder ofMaster(long maxBulkBytes) {
    return new RequestDecoder(maxBulkBytes, false);
  }

  /** Changes proto-max-bulk-len, from the next bulk header on. */
  public void maxBulkBytes(long maxBulkBytes) {
    this.maxBulkBytes = maxBulkBytes;
  }

  /** While false, only small requests are accepted: a stranger gets no memory. */
  public void authenticated(boolean authenticated) {
    this.authenticated = authenticated;
  }

  /**
   * Bytes, counted from the reader index, that must be there before the argument that is being
   * received is complete; 0 when that is not known. At most proto-max-bulk-len and a few.
   */
  public long wantedBytes() {
    return bulkLength == NO_BULK ? 0 : (long) position + bulkLength + 2;
  }

  /** Forgets a request that is not complete. */
  public void reset() {
    started = false;
    bulkLength = NO_BULK;
    scanned = 0;
  }

  /**
   * Decodes the next request from {@code in}'s reader index on.
   *
   * @param request filled in; the same object must be passed until the request is complete
   * @throws ProtocolException if the bytes are no request; the stream cannot be decoded any further
   */
  public Result decode(ByteBuf in, Request request) {
    while (true) {
      if (!started) {
        if (!in.isReadable()) {
          return Result.NEED_MORE;
        }
        byte first = in.getByte(in.readerIndex());
        if (first != '*') {
          if (!inline && first != '\r' && first != '\n') {
            throw new ProtocolException(
                "Receiving inline protocol from master, master stream corruption?");
          }
          Result result = decodeInline(in, request);
          if (result != null) {
            return result;
          }
          continue;
        }
        if (!startMultibulk(in, request)) {
          return Result.NEED_MORE;
        }
        if (argumentsLeft <= 0) {
          // "*0" and "*-1" ask for nothing and get no reply.
          in.skipBytes(position);
          continue;
        }
        started = true;
      }
      return decodeArguments(in, request);
    }
  }

  private boolean startMultibulk(ByteBuf in, Request request) {
    int start = in.readerIndex();
    if (!findLine(in, start, 0, "too big mbulk count string")) {
      return false;
    }
    long count = number(in, start + 1, start + lineEnd);
    if (count == NOT_A_NUMBER || count > Integer.MAX_VALUE) {
      throw new ProtocolException("invalid multibulk length");
    }
    if (count > UNAUTHENTICATED_MAX_ARGUMENTS && !authenticated) {
      throw new ProtocolException("unauthenticated multibulk length");
    }
    canonical = in.getByte(start + lineEnd + 1) == '\n';
    position = lineEnd + 2;
    argumentsLeft = (int) Math.max(count, 0);
    bulkLength = NO_BULK;
    request.begin();
    return true;
  }

  private Result decodeArguments(ByteBuf in, Request request) {
    int start = in.readerIndex();
    int end = in.writerIndex() - start;
    while (argumentsLeft > 0) {
      if (bulkLength == NO_BULK && !bulkHeader(in, start, end)) {
        return Result.NEED_MORE;
      }
      if (end - position - 2 < bulkLength) {
        return Result.NEED_MORE;
      }
      request.add(position, bulkLength);
      position += bulkLength;
      canonical &= in.getShort(start + position) == CRLF;
      position += 2;
      bulkLength = NO_BULK;
      argumentsLeft--;
    }
    request.complete(in, start, canonical, start, position);
    in.readerIndex(start + position);
    started = false;
    return Result.REQUEST;
  }

  private boolean bulkHeader(ByteBuf in, int start, int end) {
    if (position >= end) {
      return false;
    }
    if (!findLine(in, start, position, "too big bulk count string")) {
      return false;
    }
    byte type = in.getByte(start + position);
    if (type != '$') {
      throw new ProtocolException("expected '$', got '" + (char) (type & 0xff) + "'");
    }
    long length = number(in, start + position + 1, start + lineEnd);
    if (length < 0 || length > maxBulkBytes || length > Integer.MAX_VALUE - 64) {
      throw new ProtocolException("invalid bulk length");
    }
    if (length > UNAUTHENTICATED_MAX_BULK_BYTES && !authenticated) {
      throw new ProtocolException("unauthenticated bulk length");
    }
    canonical &= in.getByte(start + lineEnd + 1) == '\n';
    position = lineEnd + 2;
    bulkLength = (int) length;
    return true;
  }

  /**
   * Looks for CR and the byte behind it (redis-server does not check that it is LF), from relative
   * offset {@code from} on. Sets {@link #lineEnd} to the CR.
   */
  private boolean findLine(ByteBuf in, int start, int from, String tooLong) {
    int end = in.writerIndex();
    int at = start + Math.max(from, scanned);
    while (at < end && in.getByte(at) != '\r') {
      at++;
    }
    if (at + 1 < end) {
      scanned = 0;
      lineEnd = at - start;
      return true;
    }
    // Kept so that a header that trickles in is not scanned from its start at each byte.
    scanned = at - start;
    if (at == end && scanned - from > MAX_LINE_BYTES) {
      throw new ProtocolException(tooLong);
    }
    return false;
  }

  /** Parses as string2ll does: no sign but '-', no leading zeros, nothing around the digits. */
  private static long number(ByteBuf in, int from, int to) {
    int at = from;
    boolean negative = at < to && in.getByte(at) == '-';
    if (negative) {
      at++;
    }
    int digits = to - at;
    if (digits == 1 && !negative && in.getByte(at) == '0') {
      return 0;
    }
    // 18 digits cannot overflow, and every limit is far below that.
    if (digits < 1 || digits > 18 || in.getByte(at) == '0') {
      return NOT_A_NUMBER;
    }
    long value = 0;
    for (; at < to; at++) {
      int digit = in.getByte(at) - '0';
      if (digit < 0 || digit > 9) {
        return NOT_A_NUMBER;
      }
      value = value * 10 + digit;
    }
    return negative ? -value : value;
  }

  /** Null when the line was blank and has been skipped. */
  private Result decodeInline(ByteBuf in, Request request) {
    int start = in.readerIndex();
    int available = in.writerIndex() - start;
    int newline =
        scanned >= available ? -1 : in.indexOf(start + scanned, in.writerIndex(), (byte) '\n');
    if (newline < 0) {
      scanned = available;
      if (available > MAX_LINE_BYTES) {
        throw new ProtocolException("too big inline request");
      }
      return Result.NEED_MORE;
    }
    scanned = 0;
    int end = newline > start && in.getByte(newline - 1) == '\r' ? newline - 1 : newline;
    request.begin();
    InlineArguments.split(in, start, end, request);
    in.readerIndex(newline + 1);
    return request.count() == 0 ? null : Result.REQUEST;
  }
}
