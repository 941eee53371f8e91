package org.chronolith.engine.snapshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.chronolith.engine.EngineException;
import org.junit.jupiter.api.Test;

class MetaFileTest {
  private static MetaFile sample() {
    SnapshotMeta meta =
        new SnapshotMeta(
            12_345_678_901L,
            SnapshotFixture.ID,
            15,
            1_700_000_000_123L,
            1_000_000,
            new TreeMap<>(Map.of("lineage", "a:1\nb:2\\n", "empty", "", "text", "x=y \u00e9\r")));
    return new MetaFile(
        meta,
        List.of(
            new CheckpointFile("MANIFEST-000005", 99, -1), new CheckpointFile("000009.sst", 0, 7)));
  }

  @Test
  void shouldReadBackWhatItWrote() {
    MetaFile file = sample();
    MetaFile read = MetaFile.decode(file.encode(), "META");
    assertEquals(file, read);
    assertEquals(99, read.totalBytes());
  }

  @Test
  void shouldRefuseEveryTruncation() {
    byte[] bytes = sample().encode();
    for (int length = 0; length < bytes.length; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      EngineException e =
          assertThrows(EngineException.class, () -> MetaFile.decode(cut, "dir/META"));
      assertEquals(EngineException.Severity.CORRUPTION, e.severity());
      assertTrue(e.getMessage().startsWith("dir/META: "), e.getMessage());
    }
  }

  @Test
  void shouldRefuseEveryFlippedByte() {
    byte[] bytes = sample().encode();
    for (int at = 0; at < bytes.length; at++) {
      byte[] flipped = bytes.clone();
      flipped[at] ^= 0x20;
      assertThrows(EngineException.class, () -> MetaFile.decode(flipped, "META"), "byte " + at);
    }
  }

  @Test
  void shouldRefuseUnknownVersionAndForeignFileNames() {
    String text = new String(sample().encode(), StandardCharsets.UTF_8);
    assertTrue(refusal(text.replace("version=1", "version=2")).contains("version 2"));
    assertTrue(refusal(text.replace("000009.sst", "../../passwd")).contains("../../passwd"));
    assertTrue(refusal(text.replace("file.000009.sst=", "file.META=")).contains("META"));
    assertTrue(refusal(text.replace("files=2", "files=3")).contains("3 files"));
    assertTrue(refusal(text.replace("selected-db=15\n", "")).contains("selected-db"));
  }

  /** The message for a META whose text is {@code text}, its checksum made to fit. */
  private static String refusal(String text) {
    byte[] body = text.substring(0, text.indexOf("crc32c=")).getBytes(StandardCharsets.UTF_8);
    java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
    crc.update(body);
    String whole =
        new String(body, StandardCharsets.UTF_8) + String.format("crc32c=%08x%n", crc.getValue());
    return assertThrows(
            EngineException.class,
            () -> MetaFile.decode(whole.getBytes(StandardCharsets.UTF_8), "META"))
        .getMessage();
  }
}
