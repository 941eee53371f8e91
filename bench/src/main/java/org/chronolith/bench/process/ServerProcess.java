package org.chronolith.bench.process;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.chronolith.bench.BenchException;
import org.chronolith.bench.resp.RespConnection;

/**
 * One server under measurement: a child process with a port and a directory of its own, both gone
 * after {@link #close()}. It also ends with this JVM, should that be interrupted.
 */
public final class ServerProcess implements AutoCloseable {

  private static final long READY_DEADLINE_MS = 60_000;
  private static final long READY_POLL_MS = 5;
  private static final long STOP_DEADLINE_MS = 20_000;

  /** A restart that takes longer than that fails. */
  public static final long RESTART_DEADLINE_MS = STOP_DEADLINE_MS + READY_DEADLINE_MS;

  private static final int LOG_TAIL_LINES = 20;

  private final String name;
  private final int port;
  private final Path directory;
  private final List<String> words;
  private final Thread killer;
  private volatile Process process;

  private ServerProcess(String name, int port, Path directory, List<String> words)
      throws IOException {
    this.name = name;
    this.port = port;
    this.directory = directory;
    this.words = List.copyOf(words);
    launch();
    this.killer = new Thread(() -> process.destroyForcibly(), "bench-kill-" + name);
    Runtime.getRuntime().addShutdownHook(killer);
  }

  private void launch() throws IOException {
    process =
        new ProcessBuilder(words)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(
                ProcessBuilder.Redirect.appendTo(directory.resolve("output.log").toFile()))
            .start();
  }

  /**
   * Starts a server and waits until it answers PING.
   *
   * @param command a program that takes redis-server's kind of arguments, and its first words
   * @param parent where the server's own directory is made
   * @param directives further {@code --name}, {@code value} words
   * @throws BenchException with the end of the server's output if it does not come up
   */
  public static ServerProcess start(
      String name, List<String> command, Path parent, List<String> directives) {
    try {
      Path directory = Files.createTempDirectory(parent, "bench-" + name + "-");
      int port = FreePort.next();
      List<String> words = new ArrayList<>(command);
      words.addAll(List.of("--port", Integer.toString(port), "--bind", "127.0.0.1"));
      words.addAll(List.of("--dir", directory.toString()));
      words.addAll(directives);
      ServerProcess server = new ServerProcess(name, port, directory, words);
      try {
        server.awaitReady();
      } catch (RuntimeException e) {
        server.close();
        throw e;
      }
      return server;
    } catch (IOException e) {
      throw new BenchException("cannot start " + name + ": " + e.getMessage(), e);
    }
  }

  public String name() {
    return name;
  }

  public int port() {
    return port;
  }

  public long pid() {
    return process.pid();
  }

  /** Processor time that the server has used so far, in microseconds, without that of children. */
  public long cpuMicros() {
    return process.info().totalCpuDuration().orElse(Duration.ZERO).toNanos() / 1_000;
  }

  /** The processes that the server has forked and that still run. */
  public List<Long> children() {
    return process.descendants().map(ProcessHandle::pid).toList();
  }

  public RespConnection connect() {
    return RespConnection.open(port);
  }

  /** Whether the process is still there. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /**
   * Ends the server and starts it again on the same port and data.
   *
   * @param crash with SIGKILL instead of SIGTERM
   * @return seconds from the start of the process until it answers PING with PONG, so no longer
   *     with LOADING
   */
  public double restart(boolean crash) {
    if (crash) {
      process.destroyForcibly();
    }
    end();
    try {
      long begun = System.nanoTime();
      launch();
      awaitReady();
      return (System.nanoTime() - begun) / 1e9;
    } catch (IOException e) {
      throw new BenchException("cannot start " + name + ": " + e.getMessage(), e);
    }
  }

  /** Writes a line to the server's standard input. */
  public void tell(String line) {
    try {
      BufferedWriter input = process.outputWriter(StandardCharsets.US_ASCII);
      input.write(line);
      input.newLine();
      input.flush();
    } catch (IOException e) {
      throw new BenchException("cannot tell " + name + " '" + line + "': " + e.getMessage(), e);
    }
  }

  /** Where it keeps its data. */
  public Path directory() {
    return directory;
  }

  /** SIGTERM, then SIGKILL after a deadline; then the directory is deleted. */
  @Override
  public void close() {
    end();
    Runtime.getRuntime().removeShutdownHook(killer);
    deleteDirectory();
  }

  private void end() {
    process.destroy();
    try {
      if (!process.waitFor(STOP_DEADLINE_MS, TimeUnit.MILLISECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  /** Everything that the server wrote. */
  public String output() {
    try {
      return Files.readString(directory.resolve("output.log"), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "(its output cannot be read: " + e.getMessage() + ")";
    }
  }

  /** The last lines of it. */
  public String outputTail() {
    List<String> lines = output().lines().toList();
    return String.join(
        "\n", lines.subList(Math.max(0, lines.size() - LOG_TAIL_LINES), lines.size()));
  }

  private void awaitReady() {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(READY_DEADLINE_MS);
    while (System.nanoTime() < deadline) {
      if (!process.isAlive()) {
        throw new BenchException(
            name + " ended with code " + process.exitValue() + ":\n" + outputTail());
      }
      if (RespConnection.answersPing(port)) {
        return;
      }
      pause();
    }
    throw new BenchException(
        name + " did not answer within " + READY_DEADLINE_MS + " ms:\n" + outputTail());
  }

  private static void pause() {
    try {
      Thread.sleep(READY_POLL_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchException("interrupted while a server started", e);
    }
  }

  private void deleteDirectory() {
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException | UncheckedIOException e) {
      System.err.println("cannot delete " + directory + ": " + e.getMessage());
    }
  }
}
