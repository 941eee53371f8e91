package org.chronolith.server.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A real redis-server on a port of its own; killed at the end. */
public final class RedisServerProcess implements AutoCloseable {
  private static final Duration START_DEADLINE = Duration.ofSeconds(20);

  private final Process process;
  private final int port;
  private final Path log;

  private RedisServerProcess(Process process, int port, Path log) {
    this.process = process;
    this.port = port;
    this.log = log;
  }

  /** Starts one with its files in {@code directory} and waits until it answers PONG. */
  public static RedisServerProcess start(Path directory, String... directives) {
    int port = ChronolithProcess.freePort();
    List<String> command = new ArrayList<>(List.of("redis-server", "--port", "" + port));
    command.addAll(List.of("--bind", "127.0.0.1", "--dir", directory.toString(), "--save", ""));
    command.addAll(List.of(directives));
    Path log = directory.resolve("redis-server.log");
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      RedisServerProcess server = new RedisServerProcess(process, port, log);
      server.awaitAnswer();
      return server;
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
      } catch (RespClient.Disconnected | RespClient.ErrorReply e) {
        // Not listening yet, or LOADING: as a replica it can be, if this comes late.
        if (System.nanoTime() > deadline || !process.isAlive()) {
          close();
          throw e;
        }
        Thread.onSpinWait();
      }
    }
  }

  public int port() {
    return port;
  }

  /** What it has logged so far. */
  public String output() {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Stops the process where it is; its sockets stay open. */
  public void freeze() {
    ProcessSignals.send(process, "-STOP");
  }

  /** Lets a frozen process go on. */
  public void thaw() {
    ProcessSignals.send(process, "-CONT");
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
