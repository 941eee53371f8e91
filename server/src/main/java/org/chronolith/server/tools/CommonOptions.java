package org.chronolith.server.tools;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.chronolith.server.recovery.StoredDirectory;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What every tool takes, and how it speaks. */
final class CommonOptions {
  /** Set by the launcher if the standard error output is a terminal. */
  private static final String TERMINAL = "CHRONOLITH_STDERR_TERMINAL";

  @Option(names = "--json", description = "print the result as JSON")
  private boolean json;

  @Option(
      names = "--progress",
      description = "show progress on the standard error output, also if that is no terminal")
  private boolean progress;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  boolean json() {
    return json;
  }

  PrintWriter out() {
    return spec.commandLine().getOut();
  }

  PrintWriter err() {
    return spec.commandLine().getErr();
  }

  void line(String text) {
    out().println(text);
  }

  void print(Map<String, Object> document) {
    out().println(JsonText.of(document));
  }

  Progress progress() {
    boolean terminal = "yes".equals(System.getenv(TERMINAL));
    return new Progress(err(), progress || terminal, terminal);
  }

  /** What is at {@code path}, for reading. */
  static StoredDirectory open(Path path) {
    return StoredDirectory.of(path.toAbsolutePath().normalize());
  }

  /**
   * @throws ToolException if a process works in the directory
   */
  static void refuseLocked(StoredDirectory directory, String what) {
    Optional<String> holder = directory.holder();
    if (holder.isPresent()) {
      throw new ToolException(
          directory.root()
              + " is in use by process "
              + holder.get()
              + ", and "
              + what
              + ". Stop that server first.");
    }
  }

  /** A data directory, and not a part of one. */
  static StoredDirectory openWhole(Path path) {
    StoredDirectory directory = open(path);
    if (!directory.whole() || directory.live().isEmpty()) {
      throw new ToolException(
          path
              + " is no data directory with a live generation (a file CURRENT); give the directory"
              + " that the server has as 'dir'");
    }
    return directory;
  }
}
