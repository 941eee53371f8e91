package org.chronolith.server.tools;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RdbToolsTest {
  private static final long T0 = 1_769_860_800_000L;

  @TempDir Path root;

  private Path source() {
    return root.resolve("source");
  }

  private Path rdb() {
    return root.resolve("dump.rdb");
  }

  /** A checkpoint, and a log behind it. */
  private byte[] write() throws Exception {
    Random random = new Random(3);
    try (DataFixture node = new DataFixture(source())) {
      node.write(T0, "SELECT", "2");
      for (int i = 0; i < 200; i++) {
        node.write(T0 + i, "SET", "key" + i, "v".repeat(random.nextInt(300)));
        node.write(T0 + i, "RPUSH", "list", "element" + i);
        node.write(T0 + i, "ZADD", "zset", Integer.toString(i), "member" + i);
        node.write(T0 + i, "HSET", "hash", "field" + i, "value" + i);
        if (i == 100) {
          node.checkpoint(T0 + i);
        }
      }
      node.write(T0 + 200, "SET", "expires", "x", "PXAT", "4102444800123");
      node.write(T0 + 200, "SET", "expired", "x", "PXAT", Long.toString(T0));
      node.markClean(T0 + 300);
      return node.digest();
    }
  }

  @Test
  void shouldImportWhatItExports() throws Exception {
    byte[] digest = write();
    Map<String, String> before = DataFixture.files(source());
    DataFixture.Run export =
        DataFixture.tool("export", source().toString(), rdb().toString(), "--progress");
    assertEquals(0, export.code(), export.err());
    assertTrue(export.out().contains("205 keys in "), export.out());
    assertTrue(
        export.err().endsWith("writing " + Progress.size(Files.size(rdb())) + "\n"), export.err());
    assertEquals(before, DataFixture.files(source()));

    Path into = root.resolve("into");
    DataFixture.Run made =
        DataFixture.tool("import", rdb().toString(), "--dir", into.toString(), "--json");
    assertEquals(0, made.code(), made.err());
    assertTrue(made.out().contains("\"keys\":205"), made.out());
    assertEquals(0, DataFixture.tool("check", into.toString()).code());
    String id;
    try (DataFixture node = new DataFixture(into)) {
      assertArrayEquals(digest, node.digest());
      id = node.log().history().currentId();
      assertEquals(1, node.offset());
      node.write(T0 + 400, "SELECT", "0");
      node.write(T0 + 400, "SET", "goes", "on");
    }
    try (DataFixture node = new DataFixture(into)) {
      assertTrue(node.log().history().validTo(id) > 1);
      assertNotEquals(id, node.log().history().currentId());
    }
  }

  @Test
  void shouldExportAnEarlierState() throws Exception {
    write();
    DataFixture.Run export =
        DataFixture.tool("export", source().toString(), rdb().toString(), "--to", "ms:" + (T0 + 9));
    assertEquals(0, export.code(), export.err());
    assertTrue(export.out().contains("13 keys in "), export.out());
  }

  @Test
  void shouldRefuseToOverwrite() throws Exception {
    write();
    Files.writeString(rdb(), "precious");
    DataFixture.Run export = DataFixture.tool("export", source().toString(), rdb().toString());
    assertEquals(2, export.code());
    assertTrue(export.err().contains("--force replaces it"), export.err());
    assertEquals("precious", Files.readString(rdb()));
    assertEquals(
        0, DataFixture.tool("export", source().toString(), rdb().toString(), "--force").code());

    DataFixture.Run made =
        DataFixture.tool("import", rdb().toString(), "--dir", source().toString());
    assertEquals(2, made.code());
    assertTrue(made.err().contains("is not empty"), made.err());
  }

  @Test
  void shouldSayInPlainWordsWhyAFileCannotBeHad() throws Exception {
    write();
    Path nowhere = root.resolve("no/dir/x.rdb");
    DataFixture.Run export = DataFixture.tool("export", source().toString(), nowhere.toString());
    assertEquals(2, export.code());
    assertEquals(
        "export: cannot write " + nowhere + ": " + nowhere + ".making: No such file or directory\n",
        export.err());
    DataFixture.Run made = DataFixture.tool("import", nowhere.toString(), "--dir", root + "/into");
    assertEquals(2, made.code());
    assertEquals(
        "import: cannot read " + nowhere + ": " + nowhere + ": No such file or directory\n",
        made.err());
  }

  @Test
  void shouldLeaveNothingBehindWhatCannotBeImported() throws Exception {
    write();
    DataFixture.tool("export", source().toString(), rdb().toString());
    Path into = root.resolve("into");
    byte[] bytes = Files.readAllBytes(rdb());
    bytes[bytes.length - 20] ^= 4;
    Files.write(rdb(), bytes);
    DataFixture.Run damaged =
        DataFixture.tool("import", rdb().toString(), "--dir", into.toString());
    assertEquals(2, damaged.code());
    assertTrue(damaged.err().contains("the RDB is damaged at byte"), damaged.err());
    assertFalse(Files.exists(into));

    DataFixture.Run few =
        DataFixture.tool("import", rdb().toString(), "--dir", into.toString(), "--databases", "2");
    assertEquals(2, few.code());
    assertTrue(few.err().contains("holds database 2, and this server has 2"), few.err());
    assertFalse(Files.exists(into));
    assertEquals(
        2, DataFixture.tool("import", root + "/none.rdb", "--dir", into.toString()).code());
  }
}
