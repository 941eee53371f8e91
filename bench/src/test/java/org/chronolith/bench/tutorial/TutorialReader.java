package org.chronolith.bench.tutorial;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Does what the tutorial says, in a directory of its own and on other ports: writes the files,
 * starts the servers as processes, runs every other command in a shell, and compares what they
 * print. Commands that only read are repeated until they print what is expected, since replicas
 * follow in their own time; all others run once. Ends the servers on {@link #close()}.
 */
final class TutorialReader implements AutoCloseable {

  private static final String LAUNCHER = "bin/chronolith";
  private static final Set<String> READS =
      Set.of("INFO", "GET", "HGET", "LRANGE", "DBSIZE", "PING", "ROLE");
  private static final Pattern REDIS_CLI = Pattern.compile("^redis-cli -p \\d+ (\\w+)");
  private static final long STEP_DEADLINE_MS = 60_000;
  private static final long POLL_MS = 100;

  private final Path directory;
  private final List<String> serverCommand;
  private final Map<String, Integer> ports;
  private final List<Process> servers = new ArrayList<>();

  /**
   * @param directory where everything happens
   * @param serverCommand what {@code bin/chronolith server} stands for
   * @param ports the port to take for each that the page names
   */
  TutorialReader(Path directory, List<String> serverCommand, Map<String, Integer> ports) {
    this.directory = directory;
    this.serverCommand = serverCommand;
    this.ports = ports;
  }

  /** Does one step; a difference is an {@link AssertionError} with both sides. */
  void perform(TutorialPage.Step step) throws IOException, InterruptedException {
    if (step instanceof TutorialPage.ConfigFile file) {
      Path path = directory.resolve(substitute(file.path()));
      Files.createDirectories(path.getParent());
      Files.writeString(path, substitute(file.text()));
    } else if (step instanceof TutorialPage.Command command) {
      perform(command);
    }
  }

  @Override
  public void close() {
    for (Process server : servers) {
      server.destroyForcibly();
      try {
        server.waitFor();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void perform(TutorialPage.Command command) throws IOException, InterruptedException {
    List<String> expected = command.expected().stream().map(this::substitute).toList();
    if (command.text().startsWith(LAUNCHER + " server ")) {
      startServer(command, expected);
      return;
    }
    Matcher cli = REDIS_CLI.matcher(command.text());
    boolean repeatable = cli.find() && READS.contains(cli.group(1));
    long running = running();
    awaitOutput(command, expected, repeatable, () -> runInShell(command.text()));
    if (command.text().endsWith(" SHUTDOWN")) {
      // The connection ends before the process, which still removes its pid file.
      awaitFewerThan(running, command);
    }
  }

  private long running() {
    return servers.stream().filter(Process::isAlive).count();
  }

  private void awaitFewerThan(long count, TutorialPage.Command command)
      throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(STEP_DEADLINE_MS);
    while (running() >= count) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("line " + command.line() + ": the server does not end");
      }
      Thread.sleep(POLL_MS);
    }
  }

  private void startServer(TutorialPage.Command command, List<String> expected)
      throws IOException, InterruptedException {
    List<String> words = new ArrayList<>(serverCommand);
    String arguments = command.text().substring((LAUNCHER + " server ").length());
    words.addAll(Arrays.asList(substitute(arguments).split(" ")));
    Path log = directory.resolve("server-" + servers.size() + ".log");
    Process server =
        new ProcessBuilder(words)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    servers.add(server);
    List<String> prefix = new ArrayList<>(expected);
    prefix.add("…");
    awaitOutput(
        command,
        prefix,
        server::isAlive,
        () -> Files.readString(log, StandardCharsets.UTF_8).lines().toList());
  }

  /** Gives the lines that a command printed. */
  private interface Output {
    List<String> lines() throws IOException, InterruptedException;
  }

  /** Says whether it makes sense to look once more. */
  private interface Patience {
    boolean wanted();
  }

  private static void awaitOutput(
      TutorialPage.Command command, List<String> expected, boolean repeatable, Output output)
      throws IOException, InterruptedException {
    awaitOutput(command, expected, () -> repeatable, output);
  }

  private static void awaitOutput(
      TutorialPage.Command command, List<String> expected, Patience patience, Output output)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(STEP_DEADLINE_MS);
    List<String> actual = output.lines();
    while (!OutputPattern.matches(expected, actual)) {
      if (!patience.wanted() || System.nanoTime() > deadline) {
        throw new AssertionError(
            String.format(
                "line %d: %s%n--- expected%n%s%n--- printed%n%s",
                command.line(),
                command.text(),
                String.join("\n", expected),
                String.join("\n", actual)));
      }
      Thread.sleep(POLL_MS);
      actual = output.lines();
    }
  }

  private List<String> runInShell(String text) throws IOException, InterruptedException {
    // Without a terminal redis-cli would print bare values, unlike what a reader sees.
    String line = substitute(text).replaceFirst("^redis-cli ", "redis-cli --no-raw ");
    Path file = Files.createTempFile(directory, "step-", ".out");
    Process process =
        new ProcessBuilder("bash", "-c", line)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(file.toFile())
            .start();
    try {
      if (!process.waitFor(STEP_DEADLINE_MS, TimeUnit.MILLISECONDS)) {
        throw new AssertionError(line + " did not end within " + STEP_DEADLINE_MS + " ms");
      }
      return Files.readString(file, StandardCharsets.UTF_8).lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(line, e);
    } finally {
      process.destroyForcibly();
      Files.delete(file);
    }
  }

  private String substitute(String text) {
    String result = text;
    for (Map.Entry<String, Integer> port : ports.entrySet()) {
      result = result.replaceAll("\\b" + port.getKey() + "\\b", port.getValue().toString());
    }
    return result;
  }
}
