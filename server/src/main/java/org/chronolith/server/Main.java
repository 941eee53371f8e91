package org.chronolith.server;

import java.io.IOException;
import java.util.List;
import org.chronolith.replicationlog.LogDisk;
import org.chronolith.server.config.ConfigException;
import org.chronolith.server.config.ConfigLoader;
import org.chronolith.server.config.ServerConfig;
import org.chronolith.server.logging.ServerLog;

/** {@code chronolith server [file.conf | -] [--directive value …]}. */
public final class Main {
  private Main() {}

  /**
   * Runs the server until it is told to stop.
   *
   * <p>Exit codes: 0 after a clean stop, 1 when the configuration or the start fails or the server
   * has to give up.
   */
  public static void main(String[] arguments) {
    run(List.of(arguments), LogDisk.SYSTEM);
  }

  /** The same with the logs on {@code logDisk}, so that a disk that fails can be measured. */
  public static void run(List<String> arguments, LogDisk logDisk) {
    ServerConfig config;
    try {
      config = ConfigLoader.load(arguments, System.in);
      ServerLog.start(config);
    } catch (ConfigException | IOException e) {
      System.err.println(e.getMessage());
      System.exit(1);
      return;
    }
    Server server = new Server(config, logDisk);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server), "shutdown"));
    StopSignals.listen(server::signal);
    server.start();
  }

  private static void stop(Server server) {
    server.stop();
    ServerLog.close();
    // After a signal the JVM would say 143; a clean stop is a success, as with redis-server.
    Runtime.getRuntime().halt(server.failed() ? 1 : 0);
  }
}
