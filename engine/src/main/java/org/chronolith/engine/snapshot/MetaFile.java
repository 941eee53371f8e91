package org.chronolith.engine.snapshot;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.EngineException.Severity;

/**
 * The file META of a checkpoint: lines of {@code name=value} in UTF-8, the last of which is the
 * CRC32C of all before it. Drawn in docs/formats/snapshot.md.
 *
 * @param files all other files of the checkpoint, by name
 */
public record MetaFile(SnapshotMeta meta, List<CheckpointFile> files) {
  public static final String NAME = "META";
  static final int VERSION = 1;

  /** A META is a few kilobytes; whoever receives one from elsewhere refuses more than this. */
  public static final int MAX_BYTES = 16 << 20;

  private static final String CRC_LINE = "crc32c=";
  private static final int CRC_LINE_BYTES = CRC_LINE.length() + 8 + 1;
  private static final String ATTRIBUTE = "attribute.";
  private static final String FILE = "file.";

  public MetaFile {
    List<CheckpointFile> sorted = new ArrayList<>(files);
    sorted.sort((left, right) -> left.name().compareTo(right.name()));
    files = Collections.unmodifiableList(sorted);
  }

  public long totalBytes() {
    return files.stream().mapToLong(CheckpointFile::bytes).sum();
  }

  /** See {@link Checkpoint#id()}. */
  public String id() {
    byte[] encoded = encode();
    return meta.offset() + "-" + hex(crc32c(encoded, encoded.length - CRC_LINE_BYTES));
  }

  public byte[] encode() {
    StringBuilder text = new StringBuilder(512 + files.size() * 64);
    line(text, "version", Integer.toString(VERSION));
    line(text, "offset", Long.toString(meta.offset()));
    line(text, "replication-id", meta.replicationId());
    line(text, "selected-db", Integer.toString(meta.selectedDb()));
    line(text, "created-ms", Long.toString(meta.createdMs()));
    line(text, "keys", Long.toString(meta.keys()));
    meta.attributes().forEach((name, value) -> line(text, ATTRIBUTE + name, escape(value)));
    line(text, "files", Integer.toString(files.size()));
    for (CheckpointFile file : files) {
      line(text, FILE + file.name(), file.bytes() + " " + hex(file.crc32c()));
    }
    byte[] body = text.toString().getBytes(StandardCharsets.UTF_8);
    text.append(CRC_LINE).append(hex(crc32c(body, body.length))).append('\n');
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Reads what {@link #encode} wrote.
   *
   * @param source names the bytes in the error
   * @throws EngineException CORRUPTION if the bytes are not a whole META of a known version
   */
  public static MetaFile decode(byte[] bytes, String source) {
    int bodyBytes = bytes.length - CRC_LINE_BYTES;
    if (bodyBytes <= 0) {
      throw damaged(source, "is cut short: " + bytes.length + " bytes", null);
    }
    String last = new String(bytes, bodyBytes, CRC_LINE_BYTES, StandardCharsets.ISO_8859_1);
    if (!last.equals(CRC_LINE + hex(crc32c(bytes, bodyBytes)) + "\n")) {
      throw damaged(source, "does not match its CRC32C (it is cut short or altered)", null);
    }
    try {
      return parse(new String(bytes, 0, bodyBytes, StandardCharsets.UTF_8));
    } catch (IllegalArgumentException e) {
      throw damaged(source, e.getMessage(), e);
    }
  }

  private static MetaFile parse(String body) {
    Map<String, String> lines = new HashMap<>();
    TreeMap<String, String> attributes = new TreeMap<>();
    List<CheckpointFile> files = new ArrayList<>();
    for (String line : body.split("\n")) {
      int equals = line.indexOf('=');
      if (equals < 0) {
        throw new IllegalArgumentException("line without '=': " + line);
      }
      String name = line.substring(0, equals);
      String value = line.substring(equals + 1);
      if (name.startsWith(ATTRIBUTE)) {
        attributes.put(name.substring(ATTRIBUTE.length()), unescape(value));
      } else if (name.startsWith(FILE)) {
        files.add(parseFile(name.substring(FILE.length()), value));
      } else {
        lines.put(name, value);
      }
    }
    if (number(lines, "version") != VERSION) {
      throw new IllegalArgumentException(
          "version " + lines.get("version") + ", but this program reads version " + VERSION);
    }
    if (number(lines, "files") != files.size()) {
      throw new IllegalArgumentException(
          "lists " + files.size() + " files, but says " + lines.get("files") + " files");
    }
    return new MetaFile(
        new SnapshotMeta(
            number(lines, "offset"),
            lines.getOrDefault("replication-id", ""),
            (int) number(lines, "selected-db"),
            number(lines, "created-ms"),
            number(lines, "keys"),
            attributes),
        files);
  }

  private static CheckpointFile parseFile(String name, String value) {
    int space = value.indexOf(' ');
    if (space < 0) {
      throw new IllegalArgumentException("file line of " + name + " without a checksum");
    }
    return new CheckpointFile(
        name,
        Long.parseLong(value.substring(0, space)),
        Integer.parseUnsignedInt(value.substring(space + 1), 16));
  }

  private static long number(Map<String, String> lines, String name) {
    String value = lines.get(name);
    if (value == null) {
      throw new IllegalArgumentException("no line " + name);
    }
    return Long.parseLong(value);
  }

  private static void line(StringBuilder text, String name, String value) {
    text.append(name).append('=').append(value).append('\n');
  }

  private static String escape(String value) {
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r");
  }

  private static String unescape(String value) {
    StringBuilder text = new StringBuilder(value.length());
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '\\' && i + 1 < value.length()) {
        char escaped = value.charAt(++i);
        c = escaped == 'n' ? '\n' : escaped == 'r' ? '\r' : escaped;
      }
      text.append(c);
    }
    return text.toString();
  }

  private static int crc32c(byte[] bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, length);
    return (int) crc.getValue();
  }

  private static String hex(int crc32c) {
    return String.format("%08x", crc32c);
  }

  private static EngineException damaged(String source, String reason, Exception cause) {
    return new EngineException(Severity.CORRUPTION, source + ": " + reason, cause);
  }
}
