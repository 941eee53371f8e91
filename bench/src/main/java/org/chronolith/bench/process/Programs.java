package org.chronolith.bench.process;

import java.io.File;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.chronolith.bench.BenchException;

/** Finds the programs that a measurement runs. */
public final class Programs {

  private Programs() {}

  /**
   * @return the path of {@code program}, which is a path itself or a name on the {@code PATH}
   * @throws BenchException with the package to install if it is not there
   */
  public static Path find(String program) {
    if (program.contains(File.separator)) {
      if (Files.isExecutable(Path.of(program))) {
        return Path.of(program).toAbsolutePath();
      }
      throw new BenchException(program + " does not exist or cannot be executed.");
    }
    String path = System.getenv().getOrDefault("PATH", "");
    for (String directory : path.split(File.pathSeparator)) {
      if (!directory.isEmpty() && Files.isExecutable(Path.of(directory, program))) {
        return Path.of(directory, program).toAbsolutePath();
      }
    }
    throw new BenchException(
        program
            + " is not on the PATH. On Debian: apt-get install redis-server redis-tools; "
            + "or name another program with an option (--help).");
  }

  /**
   * Splits a command line at spaces and resolves its first word; an empty one stands for this
   * project's launcher with the word {@code server}.
   */
  public static List<String> serverCommand(String commandLine) {
    if (commandLine.isBlank()) {
      return List.of(launcher().toString(), "server");
    }
    List<String> words = List.of(commandLine.trim().split(" +"));
    List<String> rest = words.subList(1, words.size());
    return Stream.concat(Stream.of(find(words.get(0)).toString()), rest.stream()).toList();
  }

  /** {@code bin/chronolith} of the build that this class belongs to. */
  public static Path launcher() {
    String home = System.getProperty("chronolith.home");
    for (Path directory = home != null ? Path.of(home) : classLocation();
        directory != null;
        directory = directory.getParent()) {
      Path launcher = directory.resolve("bin/chronolith");
      if (Files.isExecutable(launcher)) {
        return launcher.toAbsolutePath();
      }
    }
    throw new BenchException(
        "bin/chronolith was not found; run the bench through it: bin/chronolith bench …");
  }

  private static Path classLocation() {
    try {
      return Path.of(Programs.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new BenchException("cannot tell where the bench's own classes are", e);
    }
  }
}
