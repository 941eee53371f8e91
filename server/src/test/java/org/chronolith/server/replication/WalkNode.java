package org.chronolith.server.replication;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.LinkProxy;
import org.chronolith.server.testing.RespClient;

/**
 * One of the three nodes: a data directory, the processes that ran on it, the ways to the others.
 */
final class WalkNode implements AutoCloseable {
  private static final Pattern CHECKPOINT = Pattern.compile("checkpoint-(\\d+).*");
  private static final Pattern NO_BASE =
      Pattern.compile("no complete snapshot at or before offset (\\d+)");
  private static final String FULL_RESYNC = "Full resync from master";
  private static final String[] DIRECTIVES = {
    "--enable-debug-command", "yes",
    "--log-segment-bytes", "2mb",
    "--repl-log-retention-bytes", "512mb",
    "--snapshot-older-checkpoints", "64",
    "--save", "7 300"
  };

  private final String name;
  private final Path data;
  private final int port = ChronolithProcess.freePort();
  private final Map<WalkNode, LinkProxy> ways = new TreeMap<>((a, b) -> a.name.compareTo(b.name));

  /** Output of processes that have ended. */
  private final List<String> outputs = new ArrayList<>();

  private ChronolithProcess process;
  private boolean frozen;
  private WalkNode parent;
  private int fullSyncsSeen;
  private long startOffset;
  private TreeSet<Long> checkpoints = new TreeSet<>();

  WalkNode(String name, Path data) {
    this.name = name;
    this.data = data;
  }

  void connectTo(WalkNode other) {
    ways.put(other, new LinkProxy(other.port));
  }

  int port() {
    return port;
  }

  boolean isUp() {
    return process != null;
  }

  boolean isFrozen() {
    return frozen;
  }

  /** Whom it follows, or should; null for a master. */
  WalkNode parent() {
    return parent;
  }

  void parent(WalkNode value) {
    parent = value;
  }

  /** The way to the node that it follows. */
  LinkProxy way() {
    return ways.get(parent);
  }

  void heal() {
    ways.values().forEach(LinkProxy::heal);
  }

  /** Starts it as what {@link #parent} says. */
  void start() {
    List<String> directives = new ArrayList<>(List.of(DIRECTIVES));
    if (parent != null) {
      directives.addAll(List.of("--replicaof", "127.0.0.1 " + way().port()));
    }
    process = ChronolithProcess.start(data, port, directives.toArray(String[]::new));
  }

  /** Has it follow the parent, or nobody. */
  void tellRole() {
    if (parent == null) {
      call("REPLICAOF", "NO", "ONE");
    } else {
      call("REPLICAOF", "127.0.0.1", Integer.toString(way().port()));
    }
  }

  void kill() {
    look();
    process.kill();
    ended();
  }

  void stop() {
    look();
    int status = process.stop();
    String output = process.output();
    ended();
    if (status != 0) {
      throw new AssertionError(name + " ended with " + status + "\n" + output);
    }
  }

  private void ended() {
    outputs.add(process.output());
    process = null;
    frozen = false;
    listCheckpoints();
  }

  void freeze() {
    look();
    process.freeze();
    frozen = true;
  }

  void thaw() {
    process.thaw();
    frozen = false;
  }

  Object call(String... words) {
    try (RespClient client = process.connect()) {
      return client.call(words);
    }
  }

  String info(String section, String field) {
    try (RespClient client = process.connect()) {
      return client.info(section, field);
    }
  }

  long offset() {
    return Long.parseLong(info("replication", "master_repl_offset"));
  }

  String id() {
    return info("replication", "master_replid");
  }

  boolean isLinkUp() {
    return info("replication", "role").equals("slave")
        && info("replication", "master_link_status").equals("up");
  }

  String digest() {
    return (String) call("DEBUG", "DIGEST");
  }

  /** What it could go back to, remembered for the check of a full sync that comes later. */
  void look() {
    if (!isUp() || frozen) {
      return;
    }
    startOffset = Long.parseLong(info("replication", "repl_backlog_first_byte_offset")) - 1;
    listCheckpoints();
  }

  private void listCheckpoints() {
    TreeSet<Long> found = new TreeSet<>();
    try {
      Path snapshots =
          data.resolve(Files.readString(data.resolve("CURRENT")).trim()).resolve("snapshot");
      try (Stream<Path> entries = Files.list(snapshots)) {
        entries.forEach(
            path -> {
              Matcher matcher = CHECKPOINT.matcher(path.getFileName().toString());
              if (matcher.matches()) {
                found.add(Long.parseLong(matcher.group(1)));
              }
            });
      }
    } catch (IOException e) {
      // Switched to another generation at this moment: the next look sees that.
      return;
    }
    checkpoints = found;
  }

  /**
   * Looks at the full syncs since the last call: the first one of a node's life is due, and one
   * that it had nothing to go back for.
   *
   * @return why there should not have been one, or null
   */
  String unexpectedFullSync() {
    String all = String.join("", outputs) + (isUp() ? process.output() : "");
    int seen = 0;
    String unexpected = null;
    int from = 0;
    for (int at; (at = all.indexOf(FULL_RESYNC, from)) >= 0; from = at + 1) {
      seen++;
      if (seen > fullSyncsSeen && seen > (name.equals("a") ? 0 : 1)) {
        Matcher why = NO_BASE.matcher(all.substring(from, at));
        Long divergence = null;
        while (why.find()) {
          divergence = Long.parseLong(why.group(1));
        }
        if (divergence == null
            || startOffset == 0
            || checkpoints.floor(divergence) != null
                && checkpoints.floor(divergence) >= startOffset) {
          unexpected =
              name
                  + " synced fully though it had checkpoints at "
                  + checkpoints
                  + " and the log from "
                  + startOffset
                  + "; its reason: divergence at "
                  + divergence;
        }
      }
    }
    fullSyncsSeen = seen;
    return unexpected;
  }

  int fullSyncs() {
    return fullSyncsSeen;
  }

  /** How often it went back to where the histories part. */
  int rewinds() {
    String all = String.join("", outputs) + (isUp() ? process.output() : "");
    return all.split("Going back from offset", -1).length - 1;
  }

  /** Writes everything that it has said, for whoever looks for a cause. */
  void keepOutput(Path directory) throws IOException {
    Files.createDirectories(directory);
    Files.writeString(
        directory.resolve(name + ".log"),
        String.join("---- ended ----\n", outputs)
            + "---- ended ----\n"
            + (isUp() ? process.output() : ""));
  }

  @Override
  public void close() {
    if (process != null) {
      process.close();
    }
    ways.values().forEach(LinkProxy::close);
  }

  @Override
  public String toString() {
    return name;
  }
}
