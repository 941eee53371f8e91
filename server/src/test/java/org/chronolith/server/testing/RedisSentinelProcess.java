package org.chronolith.server.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A real redis-sentinel on a port of its own; killed at the end. */
public final class RedisSentinelProcess implements AutoCloseable {
  private static final Duration START_DEADLINE = Duration.ofSeconds(20);

  private final Process process;
  private final int port;
  private final Path log;

  private RedisSentinelProcess(Process process, int port, Path log) {
    this.process = process;
    this.port = port;
    this.log = log;
  }

  /**
   * Starts one with its files in {@code directory} and waits until it answers.
   *
   * @param directives lines of its configuration, such as {@code sentinel monitor …}
   */
  public static RedisSentinelProcess start(Path directory, List<String> directives) {
    int port = ChronolithProcess.freePort();
    try {
      Files.createDirectories(directory);
      Path configuration = directory.resolve("sentinel.conf");
      Files.write(
          configuration, List.of("port " + port, "bind 127.0.0.1", "dir \"" + directory + "\""));
      Files.write(configuration, directives, StandardOpenOption.APPEND);
      Path log = directory.resolve("sentinel.log");
      Process process =
          new ProcessBuilder("redis-sentinel", configuration.toString())
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      RedisSentinelProcess sentinel = new RedisSentinelProcess(process, port, log);
      sentinel.awaitAnswer();
      return sentinel;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void awaitAnswer() {
    long deadline = System.nanoTime() + START_DEADLINE.toNanos();
    while (true) {
      try (RespClient client = new RespClient(port)) {
        client.call("PING");
        return;
      } catch (RespClient.Disconnected e) {
        if (System.nanoTime() > deadline || !process.isAlive()) {
          close();
          throw e;
        }
        Thread.onSpinWait();
      }
    }
  }

  public RespClient connect() {
    return new RespClient(port);
  }

  /** Everything that it has logged. */
  public String output() {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
