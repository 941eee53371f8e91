package org.chronolith.server.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;
import org.chronolith.replicationlog.History;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeIdTest {
  @TempDir Path root;

  private Path fresh(String name) throws IOException {
    return Files.createDirectory(root.resolve(name));
  }

  private Path copy(Path from, String name) throws IOException {
    Path to = fresh(name);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName()), StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
    return to;
  }

  @Test
  void shouldKeepTheIdInItsDirectoryAlsoWhenThatIsRenamed() throws IOException {
    Path one = fresh("one");
    String id = NodeId.of(one);
    assertTrue(History.isId(id));
    assertEquals(id, NodeId.of(one));
    assertEquals(id, NodeId.of(Files.move(one, root.resolve("renamed"))));
  }

  @Test
  void shouldGiveEveryCopyAnIdOfItsOwnAndLeaveTheOriginalAlone() throws IOException {
    Path one = fresh("one");
    String id = NodeId.of(one);
    Path copy = copy(one, "copy");
    Path second = copy(one, "second");
    String copied = NodeId.of(copy);
    assertNotEquals(id, copied);
    assertNotEquals(copied, NodeId.of(second));
    assertNotEquals(id, NodeId.of(second));
    assertEquals(copied, NodeId.of(copy), "a directory like any other by now");
    assertEquals(id, NodeId.of(one));
  }

  @Test
  void shouldGiveACopyWithoutTheAnchorAnIdOfItsOwn() throws IOException {
    Path one = fresh("one");
    String id = NodeId.of(one);
    Path copy = fresh("copy");
    Files.copy(one.resolve(NodeId.FILE), copy.resolve(NodeId.FILE));
    assertNotEquals(id, NodeId.of(copy));
  }

  @Test
  void shouldBelieveAFileOfAnEarlierVersionOnce() throws IOException {
    Path one = fresh("one");
    String id = "0123456789".repeat(4);
    Files.writeString(one.resolve(NodeId.FILE), id + "\n");
    assertEquals(id, NodeId.of(one));
    assertEquals(id, NodeId.of(one));
    assertNotEquals(id, NodeId.of(copy(one, "copy")));
  }

  @Test
  void shouldRefuseWhatIsNoIdAndSayWhatToDo() throws IOException {
    Path one = fresh("one");
    String id = NodeId.of(one);
    byte[] junk = {(byte) 0xff, 0, (byte) 0xc3, 10, 1};
    for (byte[] content :
        List.of(
            new byte[0], junk, new byte[200], id.substring(0, 39).getBytes(), "\n".getBytes())) {
      Files.write(one.resolve(NodeId.FILE), content);
      RecoveryException e = assertThrows(RecoveryException.class, () -> NodeId.of(one));
      assertEquals(
          one.resolve(NodeId.FILE)
              + " does not begin with 40 hex digits; remove it, and the node gets a new id",
          e.getMessage());
    }
    Files.delete(one.resolve(NodeId.FILE));
    assertFalse(NodeId.of(one).equals(id));
  }

  @Test
  void shouldBeNoOtherNodeForAnyFlippedByte() throws IOException {
    Path one = fresh("one");
    String id = NodeId.of(one);
    byte[] sound = Files.readAllBytes(one.resolve(NodeId.FILE));
    int refused = 0;
    for (int at = 0; at < sound.length; at++) {
      byte[] flipped = sound.clone();
      flipped[at] ^= 1;
      Files.write(one.resolve(NodeId.FILE), flipped);
      try {
        // Where it is the checksum's own name that is gone, it is a copy.
        assertNotEquals(id, NodeId.of(one), "byte " + at);
        assertTrue(at > id.length(), "byte " + at);
        Files.write(one.resolve(NodeId.FILE), sound);
        id = NodeId.of(one);
        sound = Files.readAllBytes(one.resolve(NodeId.FILE));
      } catch (RecoveryException e) {
        assertTrue(
            e.getMessage().endsWith("; remove it, and the node gets a new id"), e.toString());
        refused++;
      }
    }
    assertTrue(refused > id.length(), refused + " refused");
  }

  @Test
  void shouldAddTheChecksumToAFileOfAnEarlierVersion() throws IOException {
    Path one = fresh("one");
    String id = NodeId.of(one);
    String text = Files.readString(one.resolve(NodeId.FILE));
    String earlier = text.substring(0, text.indexOf("crc32c="));
    Files.writeString(one.resolve(NodeId.FILE), earlier);
    assertEquals(id, NodeId.of(one));
    assertTrue(Files.readString(one.resolve(NodeId.FILE)).contains("crc32c="));
    assertEquals(id, NodeId.of(one));
  }
}
