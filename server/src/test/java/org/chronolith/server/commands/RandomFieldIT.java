package org.chronolith.server.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** HRANDFIELD, whose replies are of chance: what must be true of all of them. */
@Tag("slow")
class RandomFieldIT {
  @Test
  void shouldGiveDistinctFieldsOrRepeatedOnes(@TempDir Path directory) {
    try (ChronolithProcess node =
            ChronolithProcess.start(directory.resolve("data"), ChronolithProcess.freePort());
        RespClient client = node.connect()) {
      for (int size : new int[] {20, 2_000}) {
        String key = "hash" + size;
        for (int i = 0; i < size; i++) {
          client.call("HSET", key, "f" + i, "v" + i);
        }
        for (int count : new int[] {1, size / 10, size / 2, size, size * 2}) {
          List<?> fields = (List<?>) client.call("HRANDFIELD", key, "" + count, "WITHVALUES");
          Set<Object> distinct = checked(fields);
          assertEquals(Math.min(count, size), distinct.size());
          assertEquals(distinct.size() * 2, fields.size());
        }
        List<?> repeated = (List<?>) client.call("HRANDFIELD", key, "-" + size * 20, "WITHVALUES");
        assertEquals(size * 20 * 2, repeated.size());
        assertTrue(checked(repeated).size() > size / 2);
        assertTrue(((String) client.call("HRANDFIELD", key)).startsWith("f"));
      }
    }
  }

  /** The fields, each of which has its value behind it. */
  private static Set<Object> checked(List<?> fieldsAndValues) {
    Set<Object> fields = new HashSet<>();
    for (int i = 0; i < fieldsAndValues.size(); i += 2) {
      String field = (String) fieldsAndValues.get(i);
      assertEquals("v" + field.substring(1), fieldsAndValues.get(i + 1));
      fields.add(field);
    }
    return fields;
  }
}
