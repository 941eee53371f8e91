package org.chronolith.bench.disk;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.chronolith.server.Main;

/**
 * The server as it is, but for the disk of its log: a {@link FaultyDisk}, which follows the orders
 * that come on the standard input, one a line.
 */
public final class FaultyServer {

  private FaultyServer() {}

  /**
   * As the server's own program, with its arguments.
   *
   * @param arguments no {@code -}: the standard input is taken
   */
  public static void main(String[] arguments) {
    FaultyDisk disk = new FaultyDisk();
    Thread orders = new Thread(() -> follow(disk), "fault-orders");
    orders.setDaemon(true);
    orders.start();
    Main.run(List.of(arguments), disk);
  }

  private static void follow(FaultyDisk disk) {
    try {
      BufferedReader in =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        disk.follow(FaultyDisk.Order.valueOf(line));
      }
    } catch (IOException e) {
      System.err.println("no more orders for the faulty disk: " + e);
    }
  }

  /** The words that start it: this JVM's program, options and class path. */
  static List<String> command() {
    List<String> words = new ArrayList<>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    words.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    words.addAll(List.of("-cp", System.getProperty("java.class.path")));
    words.add(FaultyServer.class.getName());
    return words;
  }
}
