package org.chronolith.server.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.stream.Stream;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RealNodes;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Real processes: a master that has less than its replicas have of it, under the same id. */
@Tag("slow")
class PutBackIT extends RealNodes {

  PutBackIT() {
    super("--save", "");
  }

  private static void write(ChronolithProcess node, String key, int times) {
    try (RespClient client = node.connect()) {
      for (int i = 0; i < times; i++) {
        client.call("SET", key + i, key.repeat(20));
      }
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> paths = Files.walk(from)) {
      for (Path path : paths.toList()) {
        Files.copy(
            path, to.resolve(from.relativize(path).toString()), StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
  }

  private static void remove(Path tree) throws IOException {
    try (Stream<Path> paths = Files.walk(tree)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  @Test
  void shouldNotContinueAReplicaThatHasMoreThanTheGenerationThatWasPutBack() throws Exception {
    ChronolithProcess master = start("a", ChronolithProcess.freePort());
    write(master, "before", 100);
    final String id = id(master);
    assertEquals(0, master.stop());
    Path generation = directory.resolve("a/gen-1");
    copy(generation, directory.resolve("kept"));

    master = start("a", master.port());
    assertEquals(id, id(master), "a clean stop keeps the id");
    ChronolithProcess replica =
        start("b", ChronolithProcess.freePort(), "--replicaof", "127.0.0.1 " + master.port());
    write(master, "lost", 100);
    awaitSame(master, replica);
    assertEquals(0, replica.stop());
    assertEquals(0, master.stop());
    remove(generation);
    copy(directory.resolve("kept"), generation);

    master = start("a", master.port());
    assertNotEquals(id, id(master));
    assertTrue(
        master.output().contains("a part of the directory was put back from another time"),
        master.output());
    // So far that the replica's offset is within the log.
    write(master, "after", 300);
    replica = start("b", replica.port(), "--replicaof", "127.0.0.1 " + master.port());
    awaitSame(master, replica);
    assertEquals(null, replica.call("GET", "lost1"));
  }

  @Test
  void shouldPartFromAReplicaThatIsAheadOfItAndKeepTheOthers() throws Exception {
    ChronolithProcess master = start("a", ChronolithProcess.freePort());
    ChronolithProcess sibling =
        start("b", ChronolithProcess.freePort(), "--replicaof", "127.0.0.1 " + master.port());
    write(master, "key", 100);
    awaitSame(master, sibling);
    final String fullSyncs = master.info("stats", "sync_full");
    final String id = id(master);
    long end = master.offset();
    String ahead = Long.toString(end + 1_000);
    String answer = psync(master, id, ahead);
    assertTrue(answer.startsWith("+FULLRESYNC " + id(master)), answer);
    assertNotEquals(id, id(master));
    assertEquals(id, master.info("replication", "master_replid2"));
    write(master, "more", 100);
    awaitSame(master, sibling);
    assertTrue(master.offset() > end + 1_000);
    String after = master.info("stats", "sync_full");
    assertEquals(Integer.parseInt(fullSyncs) + 1, Integer.parseInt(after), "of the replica alone");
    String again = psync(master, id, ahead);
    assertTrue(again.startsWith("+FULLRESYNC "), again);
  }

  /** The answer, before which there may be empty lines while a snapshot is made. */
  private static String psync(ChronolithProcess master, String id, String nextByte)
      throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), master.port())) {
      socket
          .getOutputStream()
          .write(("PSYNC " + id + " " + nextByte + "\r\n").getBytes(StandardCharsets.US_ASCII));
      BufferedReader in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
      String line = in.readLine();
      while (line != null && line.isEmpty()) {
        line = in.readLine();
      }
      return String.valueOf(line);
    }
  }
}
