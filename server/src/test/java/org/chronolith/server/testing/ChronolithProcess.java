package org.chronolith.server.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/** A real server, started by {@code bin/chronolith} on a free port, with its output in a file. */
public final class ChronolithProcess implements AutoCloseable {
  /** For a start and for an end, on a machine that does much else: a start has taken a minute. */
  private static final long READY_TIMEOUT_S = 120;

  /**
   * Most servers of tests live for seconds: what the optimizing compiler makes of them is never
   * used, and to make it takes a third of their processor time.
   */
  private static final String SHORT_LIVED = "-XX:TieredStopAtLevel=1";

  private final Process process;
  private final int port;
  private final Path output;

  private ChronolithProcess(Process process, int port, Path output) {
    this.process = process;
    this.port = port;
    this.output = output;
  }

  /** A port that nobody listens on, each time another one. */
  public static int freePort() {
    return FreePort.next();
  }

  /**
   * Starts a server and waits until it serves.
   *
   * @param directives further ones, such as {@code "--appendfsync", "always"}
   */
  public static ChronolithProcess start(Path data, int port, String... directives) {
    return startWith(SHORT_LIVED, data, port, directives);
  }

  /**
   * Starts a server that is compiled as its users' are, with further JVM options, and waits until
   * it answers.
   *
   * @param javaOptions empty for none
   */
  public static ChronolithProcess startWith(
      String javaOptions, Path data, int port, String... directives) {
    ChronolithProcess started = run(javaOptions, port, arguments(data, port, directives));
    try {
      started.awaitReady();
      return started;
    } catch (RuntimeException | Error e) {
      started.kill();
      throw e;
    }
  }

  /** Starts a server from a configuration file, which names {@code port}, and waits for it. */
  public static ChronolithProcess startConfigured(Path configuration, int port) {
    ChronolithProcess started = run(SHORT_LIVED, port, List.of(configuration.toString()));
    try {
      started.awaitReady();
      return started;
    } catch (RuntimeException | Error e) {
      started.kill();
      throw e;
    }
  }

  /** Starts a server without waiting for it. */
  public static ChronolithProcess launch(Path data, int port, String... directives) {
    return run(SHORT_LIVED, port, arguments(data, port, directives));
  }

  private static List<String> arguments(Path data, int port, String... directives) {
    List<String> arguments = new ArrayList<>();
    arguments.addAll(List.of("--port", Integer.toString(port), "--dir", data.toString()));
    arguments.addAll(List.of(directives));
    return arguments;
  }

  private static ChronolithProcess run(String javaOptions, int port, List<String> arguments) {
    String home =
        Objects.requireNonNull(
            System.getProperty("chronolith.home"), "system property chronolith.home");
    List<String> command = new ArrayList<>();
    command.add(Path.of(home, "bin", "chronolith").toString());
    command.add("server");
    command.addAll(arguments);
    try {
      Path output = Files.createTempFile("chronolith-" + port + "-", ".log");
      output.toFile().deleteOnExit();
      ProcessBuilder builder =
          new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
      builder.environment().put("CHRONOLITH_JAVA_OPTS", javaOptions);
      Process process = builder.start();
      return new ChronolithProcess(process, port, output);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  public int port() {
    return port;
  }

  public long pid() {
    return process.pid();
  }

  public RespClient connect() {
    return new RespClient(port);
  }

  /** The reply to one command, on a connection of its own. */
  public Object call(String... words) {
    try (RespClient client = connect()) {
      return client.call(words);
    }
  }

  /** The reply as text, or the text of the error, on a connection of its own. */
  public String said(String... words) {
    try (RespClient client = connect()) {
      return client.said(words);
    }
  }

  /** One field of INFO, on a connection of its own. */
  public String info(String section, String field) {
    try (RespClient client = connect()) {
      return client.info(section, field);
    }
  }

  /** One field of INFO that is a number. */
  public long number(String section, String field) {
    return Long.parseLong(info(section, field));
  }

  /** Where its replication stream ends. */
  public long offset() {
    return number("replication", "master_repl_offset");
  }

  /** Everything that it has printed. */
  public String output() {
    try {
      return Files.readString(output);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /**
   * Waits for a line with {@code text} in it and gives the first such line, whole. The log is
   * written by a thread of its own: what a reply tells already, its line may say only later.
   *
   * @throws AssertionError if there is none within two minutes
   */
  public String awaitLine(String text) {
    String[] line = new String[1];
    Await.await(
        () -> "'" + text + "' in the log:\n" + output(), () -> (line[0] = line(text)) != null);
    return line[0];
  }

  /** Null unless there is one that is complete. */
  private String line(String text) {
    String all = output();
    int at = all.indexOf(text);
    int end = at < 0 ? -1 : all.indexOf('\n', at);
    return end < 0 ? null : all.substring(all.lastIndexOf('\n', at) + 1, end);
  }

  /** Freezes the process with SIGSTOP. */
  public void freeze() {
    ProcessSignals.send(process, "-STOP");
  }

  /** Lets a frozen process go on. */
  public void thaw() {
    ProcessSignals.send(process, "-CONT");
  }

  /** What its threads do, for the message of a test that waits in vain. */
  public String stacks() {
    try {
      Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
      Process command =
          new ProcessBuilder(jcmd.toString(), Long.toString(pid()), "Thread.print")
              .redirectErrorStream(true)
              .start();
      return new String(command.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return "no stacks: " + e;
    }
  }

  /** {@code kill -9}, and waits for the end. */
  public void kill() {
    process.destroyForcibly();
    awaitExit();
  }

  /** SIGTERM, without waiting for anything. */
  public void signalStop() {
    process.destroy();
  }

  /** SIGTERM, and waits for the end. */
  public int stop() {
    process.destroy();
    return awaitExit();
  }

  /** Waits for the end and gives the exit code. */
  public int awaitExit() {
    try {
      if (!process.waitFor(READY_TIMEOUT_S, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError("does not end:\n" + output());
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Kills it if it still runs. */
  @Override
  public void close() {
    if (process.isAlive()) {
      kill();
    }
  }

  private void awaitReady() {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(READY_TIMEOUT_S);
    while (!answersPing()) {
      if (!process.isAlive()) {
        throw new AssertionError("ended with " + process.exitValue() + ":\n" + output());
      }
      if (System.nanoTime() > deadline) {
        throw new AssertionError("not ready in " + READY_TIMEOUT_S + " s:\n" + output());
      }
      try {
        TimeUnit.MILLISECONDS.sleep(20);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }

  private boolean answersPing() {
    try (RespClient client = connect()) {
      return "PONG".equals(client.call("PING"));
    } catch (RespClient.Disconnected | RespClient.ErrorReply e) {
      // Not listening yet, or LOADING.
      return false;
    }
  }
}
