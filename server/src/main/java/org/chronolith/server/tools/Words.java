package org.chronolith.server.tools;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;

/** The words of a command, of any bytes, as text. */
final class Words {
  private Words() {}

  /** In double quotes, with redis-cli's escapes: everything that is not printable ASCII. */
  static void quote(StringBuilder out, byte[] word) {
    out.append('"');
    for (byte b : word) {
      switch (b) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case 7 -> out.append("\\a");
        case '\b' -> out.append("\\b");
        default -> {
          if (b >= ' ' && b < 0x7f) {
            out.append((char) b);
          } else {
            out.append(String.format("\\x%02x", b & 0xff));
          }
        }
      }
    }
    out.append('"');
  }

  /** A string if the bytes are UTF-8, else an object with their base64. */
  static Object json(byte[] word) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(word)).toString();
    } catch (CharacterCodingException e) {
      return Map.of("base64", Base64.getEncoder().encodeToString(word));
    }
  }
}
