package org.chronolith.bench.process;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.chronolith.bench.BenchException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** The options that name the two servers of a comparison and where it leaves its figures. */
public final class Candidates {

  @Option(
      names = "--reference",
      paramLabel = "COMMAND",
      defaultValue = "redis-server",
      description = "the server to compare with")
  private String reference;

  @Option(
      names = "--subject",
      paramLabel = "COMMAND",
      defaultValue = "",
      description = "the server to measure; by default this project's bin/chronolith server")
  private String subject;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      defaultValue = "${sys:java.io.tmpdir}",
      description = "where the servers keep their data meanwhile")
  private Path directory;

  @Option(names = "--json", paramLabel = "FILE", description = "write the figures there too")
  private Path jsonFile;

  /** Where progress and figures go: each line is seen at once. */
  public PrintWriter out(CommandSpec spec) {
    return new PrintWriter(spec.commandLine().getOut(), true);
  }

  /**
   * The machine and the two commands.
   *
   * @throws BenchException if one of them is missing
   */
  public Map<String, String> facts() {
    List<String> referenceCommand = Programs.serverCommand(reference);
    Map<String, String> facts =
        new LinkedHashMap<>(MachineFacts.collect(directory, Path.of(referenceCommand.get(0))));
    facts.put("reference command", String.join(" ", referenceCommand));
    facts.put("subject command", String.join(" ", Programs.serverCommand(subject)));
    if (subject.isBlank()) {
      String home = Programs.launcher().getParent().getParent().toString();
      facts.put(
          "subject commit",
          MachineFacts.firstLine(List.of("git", "-C", home, "describe", "--always", "--dirty")));
    }
    return facts;
  }

  /** Starts the server to compare with; the caller closes it. */
  public ServerProcess startReference(List<String> directives) {
    return startReference(directory, directives);
  }

  /** The same with its data in {@code parent} instead of {@code --dir}. */
  public ServerProcess startReference(Path parent, List<String> directives) {
    return ServerProcess.start("reference", Programs.serverCommand(reference), parent, directives);
  }

  /** Starts the server to measure; the caller closes it. */
  public ServerProcess startSubject(List<String> directives) {
    return startSubject(directory, directives);
  }

  /** The same with its data in {@code parent} instead of {@code --dir}. */
  public ServerProcess startSubject(Path parent, List<String> directives) {
    return ServerProcess.start("subject", Programs.serverCommand(subject), parent, directives);
  }

  /** Starts this project's server by another program than {@code --subject}. */
  public ServerProcess startSubject(List<String> command, List<String> directives) {
    return ServerProcess.start("subject", command, directory, directives);
  }

  /** Writes the figures to the file that was asked for, if one was. */
  public void writeJson(String json) {
    if (jsonFile == null) {
      return;
    }
    try {
      Files.writeString(jsonFile, json, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new BenchException("cannot write " + jsonFile + ": " + e.getMessage(), e);
    }
  }
}
