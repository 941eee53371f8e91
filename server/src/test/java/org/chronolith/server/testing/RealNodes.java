package org.chronolith.server.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests with several servers: each is a process with a directory of its own below {@link
 * #directory}, and ends with the test, as does each proxy before one.
 */
public abstract class RealNodes {
  /** The nodes' directories lie here, under their names. */
  @TempDir protected Path directory;

  private final List<String> directives;
  private final List<ChronolithProcess> nodes = new ArrayList<>();
  private final List<LinkProxy> proxies = new ArrayList<>();

  /**
   * @param directives what every node is started with, besides leave for DEBUG
   */
  protected RealNodes(String... directives) {
    this.directives = new ArrayList<>(List.of("--enable-debug-command", "yes"));
    this.directives.addAll(List.of(directives));
  }

  @AfterEach
  void endAll() {
    nodes.forEach(ChronolithProcess::close);
    proxies.forEach(LinkProxy::close);
  }

  protected final ChronolithProcess start(String name, String... more) {
    return start(name, ChronolithProcess.freePort(), more);
  }

  /** Starts a node, anew in its old directory if there is one of that name, and waits for it. */
  protected final ChronolithProcess start(String name, int port, String... more) {
    List<String> all = new ArrayList<>(directives);
    all.addAll(List.of(more));
    ChronolithProcess started =
        ChronolithProcess.start(directory.resolve(name), port, all.toArray(String[]::new));
    nodes.add(started);
    return started;
  }

  /** Starts a node that follows what listens on a port of this machine, and waits for its link. */
  protected final ChronolithProcess startReplica(String name, int masterPort, String... more) {
    List<String> all = new ArrayList<>(List.of("--replicaof", "127.0.0.1 " + masterPort));
    all.addAll(List.of(more));
    ChronolithProcess started = start(name, all.toArray(String[]::new));
    awaitLink(started);
    return started;
  }

  /** All that were started, in that order, with those that have ended. */
  protected final List<ChronolithProcess> nodes() {
    return List.copyOf(nodes);
  }

  protected final LinkProxy proxyOf(ChronolithProcess node) {
    LinkProxy proxy = new LinkProxy(node.port());
    proxies.add(proxy);
    return proxy;
  }

  protected static void follow(ChronolithProcess replica, int port) {
    assertEquals("OK", replica.call("REPLICAOF", "127.0.0.1", Integer.toString(port)));
  }

  /** Waits as {@link Await} does, and tells what the nodes have said if it was in vain. */
  protected final void await(String what, BooleanSupplier condition) {
    Await.await(() -> what + outputs(), condition);
  }

  private String outputs() {
    StringBuilder all = new StringBuilder();
    for (ChronolithProcess node : nodes) {
      all.append("\n-- ").append(node.port()).append(":\n").append(node.output());
    }
    return all.toString();
  }

  protected final void awaitLink(ChronolithProcess replica) {
    await(
        "the link of " + replica.port(),
        () -> replica.info("replication", "master_link_status").equals("up"));
  }

  /**
   * Waits until a master counts its only replica as online: it hears of the end of a full sync a
   * little later than its replica.
   */
  protected final void awaitOnline(ChronolithProcess master) {
    await(
        "the replica of " + master.port() + " to be online",
        () -> ((String) master.call("INFO", "replication")).contains(",state=online,"));
  }

  /** Waits until replicas have all of their master's stream, and compares what they made of it. */
  protected final void awaitSame(ChronolithProcess master, ChronolithProcess... replicas) {
    for (ChronolithProcess replica : replicas) {
      await(
          replica.port() + " to have what " + master.port() + " has",
          () ->
              replica.info("replication", "master_link_status").equals("up")
                  && master.offset() == replica.offset()
                  && id(master).equals(id(replica)));
      assertEquals(master.call("DEBUG", "DIGEST"), replica.call("DEBUG", "DIGEST"));
    }
  }

  /** Of the history that it goes on with. */
  protected static String id(ChronolithProcess node) {
    return node.info("replication", "master_replid");
  }

  /** Makes a snapshot, and waits for its end. */
  protected final void save(ChronolithProcess node) {
    String before = node.info("persistence", "rdb_saves");
    node.call("BGSAVE");
    await("the snapshot", () -> !node.info("persistence", "rdb_saves").equals(before));
  }
}
