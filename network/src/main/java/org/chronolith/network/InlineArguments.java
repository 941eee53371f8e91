package org.chronolith.network;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * Splits an inline command into arguments by redis-server's rules ({@code sdssplitargs}): words
 * separated by white space; {@code "..."} with escapes {@code \n \r \t \b \a \xHH}; {@code '...'}
 * with only {@code \'} escaped; a closing quote must be followed by white space or the end.
 */
final class InlineArguments {
  private final byte[] line;
  private final byte[] text;
  private int at;
  private int written;

  private InlineArguments(byte[] line) {
    this.line = line;
    this.text = new byte[line.length];
  }

  /**
   * Splits {@code [start, end)} of {@code in} and completes {@code request}; no argument if blank.
   */
  static void split(ByteBuf in, int start, int end, Request request) {
    byte[] line = new byte[end - start];
    in.getBytes(start, line);
    // Arguments are unescaped into an array of their own: the input may be needed as it came.
    InlineArguments arguments = new InlineArguments(line);
    while (arguments.next(request)) {}
    request.complete(Unpooled.wrappedBuffer(arguments.text), 0, false, 0, end - start);
  }

  private boolean next(Request request) {
    while (at < line.length && isSpace(line[at])) {
      at++;
    }
    // A NUL ends the line, as it does for a C string.
    if (at == line.length || line[at] == 0) {
      return false;
    }
    int from = written;
    while (at < line.length && !endsWord(line[at])) {
      byte b = line[at++];
      if (b == '"') {
        doubleQuoted();
        break;
      } else if (b == '\'') {
        singleQuoted();
        break;
      } else {
        text[written++] = b;
      }
    }
    request.add(from, written - from);
    return true;
  }

  private void doubleQuoted() {
    while (at < line.length && line[at] != 0) {
      byte b = line[at++];
      if (b == '"') {
        closeQuote();
        return;
      }
      text[written++] = b == '\\' && at < line.length ? escaped() : b;
    }
    throw unbalanced();
  }

  private byte escaped() {
    byte b = line[at++];
    if (b == 'x' && at + 1 < line.length) {
      int high = Character.digit(line[at], 16);
      int low = Character.digit(line[at + 1], 16);
      if (high >= 0 && low >= 0) {
        at += 2;
        return (byte) (high << 4 | low);
      }
    }
    return switch (b) {
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'b' -> '\b';
      case 'a' -> 7;
      default -> b;
    };
  }

  private void singleQuoted() {
    while (at < line.length && line[at] != 0) {
      byte b = line[at++];
      if (b == '\'') {
        closeQuote();
        return;
      }
      if (b == '\\' && at < line.length && line[at] == '\'') {
        b = line[at++];
      }
      text[written++] = b;
    }
    throw unbalanced();
  }

  private void closeQuote() {
    if (at < line.length && !isSpace(line[at]) && line[at] != 0) {
      throw unbalanced();
    }
  }

  private static ProtocolException unbalanced() {
    return new ProtocolException("unbalanced quotes in request");
  }

  private static boolean isSpace(byte b) {
    return b == ' ' || (b >= '\t' && b <= '\r');
  }

  private static boolean endsWord(byte b) {
    return b == 0 || b == ' ' || b == '\n' || b == '\r' || b == '\t';
  }
}
