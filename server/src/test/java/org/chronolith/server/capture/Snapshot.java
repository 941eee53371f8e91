package org.chronolith.server.capture;

import com.moilioncircle.redis.replicator.rdb.datatype.AuxField;
import com.moilioncircle.redis.replicator.rdb.datatype.KeyStringValueHash;
import com.moilioncircle.redis.replicator.rdb.datatype.KeyStringValueList;
import com.moilioncircle.redis.replicator.rdb.datatype.KeyStringValueSet;
import com.moilioncircle.redis.replicator.rdb.datatype.KeyStringValueString;
import com.moilioncircle.redis.replicator.rdb.datatype.KeyStringValueZSet;
import com.moilioncircle.redis.replicator.rdb.datatype.KeyValuePair;
import com.moilioncircle.redis.replicator.rdb.datatype.ZSetEntry;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What an RDB holds, in values that can be compared: a {@code String}, a {@code List}, a {@code
 * TreeSet}, a {@code TreeMap} of fields or of members and scores.
 */
final class Snapshot {
  /** A key of a database, written {@code db/key}. */
  final Map<String, Object> values = new HashMap<>();

  /** Of those that expire, when, in ms since 1970. */
  final Map<String, Long> expiresAtMs = new HashMap<>();

  /** The file's own fields, such as {@code repl-id}. */
  final Map<String, String> auxiliary = new HashMap<>();

  void add(AuxField field) {
    auxiliary.put(field.getAuxKey(), field.getAuxValue());
  }

  void add(KeyValuePair<?, ?> pair) {
    String name = pair.getDb().getDbNumber() + "/" + text((byte[]) pair.getKey());
    Object before = values.put(name, comparable(pair));
    if (before != null) {
      throw new AssertionError("twice in the RDB: " + name);
    }
    if (pair.getExpiredMs() != null) {
      expiresAtMs.put(name, pair.getExpiredMs());
    }
  }

  private static Object comparable(KeyValuePair<?, ?> pair) {
    if (pair instanceof KeyStringValueString string) {
      return text(string.getValue());
    }
    if (pair instanceof KeyStringValueList list) {
      List<String> elements = new ArrayList<>();
      list.getValue().forEach(element -> elements.add(text(element)));
      return elements;
    }
    if (pair instanceof KeyStringValueSet set) {
      TreeSet<String> members = new TreeSet<>();
      set.getValue().forEach(member -> members.add(text(member)));
      return members;
    }
    if (pair instanceof KeyStringValueHash hash) {
      TreeMap<String, String> fields = new TreeMap<>();
      hash.getValue().forEach((field, value) -> fields.put(text(field), text(value)));
      return fields;
    }
    if (pair instanceof KeyStringValueZSet sortedSet) {
      TreeMap<String, Double> scores = new TreeMap<>();
      for (ZSetEntry entry : sortedSet.getValue()) {
        scores.put(text(entry.getElement()), entry.getScore());
      }
      return scores;
    }
    throw new AssertionError("no such type was written: " + pair.getClass());
  }

  /** One character a byte, as {@code RespClient} sends them. */
  static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }
}
