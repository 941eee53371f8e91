package org.chronolith.server.config;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Splits a line into words, and quotes words, by redis.conf's rules: words are separated by blanks;
 * {@code "…"} takes the escapes {@code \n \r \t \b \a \xHH}, {@code '…'} only {@code \'}; a closing
 * quote must be followed by a blank or the end.
 */
final class Words {

  private final byte[] line;
  private int at;

  private Words(String line) {
    this.line = line.getBytes(StandardCharsets.UTF_8);
  }

  /**
   * @return the words, or null if quotes are unbalanced
   * @throws BadValueException if {@code \xHH} escapes make bytes that are not UTF-8
   */
  static List<String> split(String line) throws BadValueException {
    Words words = new Words(line);
    List<String> result = new ArrayList<>();
    while (words.skipBlanks()) {
      byte[] word = words.next();
      if (word == null) {
        return null;
      }
      result.add(decode(word));
    }
    return result;
  }

  private static String decode(byte[] word) throws BadValueException {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(word)).toString();
    } catch (CharacterCodingException e) {
      throw new BadValueException("argument is not valid UTF-8");
    }
  }

  private boolean skipBlanks() {
    while (at < line.length && isBlank(line[at])) {
      at++;
    }
    return at < line.length;
  }

  /** The next word's bytes, or null if its quotes are unbalanced. */
  private byte[] next() {
    ByteArrayOutputStream word = new ByteArrayOutputStream();
    while (at < line.length && !isBlank(line[at])) {
      byte b = line[at++];
      if (b == '"' || b == '\'') {
        boolean closed = b == '"' ? doubleQuoted(word) : singleQuoted(word);
        return closed && (at == line.length || isBlank(line[at])) ? word.toByteArray() : null;
      }
      word.write(b);
    }
    return word.toByteArray();
  }

  private boolean doubleQuoted(ByteArrayOutputStream word) {
    while (at < line.length) {
      byte b = line[at++];
      if (b == '"') {
        return true;
      }
      if (b == '\\' && at < line.length) {
        escaped(word);
      } else {
        word.write(b);
      }
    }
    return false;
  }

  private void escaped(ByteArrayOutputStream word) {
    byte b = line[at++];
    if (b == 'x' && at + 1 < line.length && hex(line[at]) >= 0 && hex(line[at + 1]) >= 0) {
      word.write(hex(line[at]) << 4 | hex(line[at + 1]));
      at += 2;
      return;
    }
    word.write(
        switch (b) {
          case 'n' -> '\n';
          case 'r' -> '\r';
          case 't' -> '\t';
          case 'b' -> '\b';
          case 'a' -> 7;
          default -> b;
        });
  }

  private boolean singleQuoted(ByteArrayOutputStream word) {
    while (at < line.length) {
      byte b = line[at++];
      if (b == '\'') {
        return true;
      }
      if (b == '\\' && at < line.length && line[at] == '\'') {
        b = line[at++];
      }
      word.write(b);
    }
    return false;
  }

  private static boolean isBlank(byte b) {
    return b == ' ' || b >= 9 && b <= 13 || b == 0;
  }

  private static int hex(byte b) {
    return Character.digit(b, 16);
  }

  /** The word in double quotes, with escapes, so that {@link #split} reads it back. */
  static String quote(String word) {
    StringBuilder out = new StringBuilder("\"");
    for (int i = 0; i < word.length(); i++) {
      char c = word.charAt(i);
      switch (c) {
        case '"', '\\' -> out.append('\\').append(c);
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\b' -> out.append("\\b");
        case 7 -> out.append("\\a");
        default -> {
          if (c < ' ' || c == 127) {
            out.append(String.format("\\x%02x", (int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    return out.append('"').toString();
  }
}
