package org.chronolith.server.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads configuration files into entries, following {@code include}. */
final class ConfigReader {

  /** A larger file is not a configuration. */
  private static final int MAX_FILE_BYTES = 16 << 20;

  /** Deeper means that files include each other. */
  private static final int MAX_INCLUDE_DEPTH = 16;

  private final List<ConfigEntry> entries = new ArrayList<>();

  List<ConfigEntry> entries() {
    return entries;
  }

  void readFile(Path file) throws ConfigException {
    readFile(file, 0);
  }

  private void readFile(Path file, int depth) throws ConfigException {
    if (depth > MAX_INCLUDE_DEPTH) {
      throw ConfigException.general(
          "'include' is nested more than " + MAX_INCLUDE_DEPTH + " deep, at " + file);
    }
    try (InputStream in = Files.newInputStream(file)) {
      read(in, file.toString(), depth);
    } catch (NoSuchFileException e) {
      throw cannotOpen(file, "No such file or directory", e);
    } catch (IOException e) {
      throw cannotOpen(file, e.getMessage(), e);
    }
  }

  private static ConfigException cannotOpen(Path file, String reason, IOException cause) {
    return new ConfigException(
        "Fatal error, can't open config file '" + file.toAbsolutePath() + "': " + reason, cause);
  }

  void readStream(InputStream in) throws ConfigException {
    try {
      read(in, "standard input", 0);
    } catch (IOException e) {
      throw new ConfigException(
          "Fatal error, can't read the configuration from standard input: " + e.getMessage(), e);
    }
  }

  private void read(InputStream in, String source, int depth) throws IOException, ConfigException {
    byte[] bytes = in.readNBytes(MAX_FILE_BYTES + 1);
    if (bytes.length > MAX_FILE_BYTES) {
      throw ConfigException.general(
          source + " is larger than " + MAX_FILE_BYTES + " bytes: not a configuration file");
    }
    // One char per byte: a comment may be in any encoding, only directives must be UTF-8.
    String[] lines = new String(bytes, StandardCharsets.ISO_8859_1).split("\n", -1);
    for (int i = 0; i < lines.length; i++) {
      Optional<ConfigEntry> entry = parse(lines[i], source, i + 1);
      if (entry.isPresent()) {
        add(entry.get(), depth);
      }
    }
  }

  /** Adds an option of the command line. */
  void add(ConfigEntry entry) throws ConfigException {
    add(entry, 0);
  }

  private void add(ConfigEntry entry, int depth) throws ConfigException {
    if (isInclude(entry)) {
      include(entry, depth + 1);
    } else {
      entries.add(entry);
    }
  }

  /**
   * A line that gives a directive's value itself: no comment, no {@code include}.
   *
   * @param latin1 the line with one char per byte
   */
  static Optional<ConfigEntry> parseOwnLine(String latin1, Path file, int number)
      throws ConfigException {
    return parse(latin1, file.toString(), number).filter(entry -> !isInclude(entry));
  }

  private static boolean isInclude(ConfigEntry entry) {
    return entry.name().equalsIgnoreCase("include");
  }

  private static Optional<ConfigEntry> parse(String rawLine, String source, int number)
      throws ConfigException {
    String latin1 = rawLine.strip();
    if (latin1.isEmpty() || latin1.charAt(0) == '#') {
      return Optional.empty();
    }
    String origin = "Reading the configuration file, at line " + number + " of " + source;
    String line;
    List<String> words;
    try {
      byte[] bytes = latin1.getBytes(StandardCharsets.ISO_8859_1);
      line = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      words = Words.split(line);
    } catch (CharacterCodingException e) {
      throw ConfigException.at(
          new ConfigEntry(origin, latin1, List.of("")), "The line is not valid UTF-8");
    } catch (BadValueException e) {
      throw ConfigException.at(new ConfigEntry(origin, latin1, List.of("")), e.getMessage());
    }
    if (words == null) {
      throw ConfigException.at(
          new ConfigEntry(origin, line, List.of("")), "Unbalanced quotes in configuration line");
    }
    return words.isEmpty() ? Optional.empty() : Optional.of(new ConfigEntry(origin, line, words));
  }

  private void include(ConfigEntry entry, int depth) throws ConfigException {
    if (entry.values().size() != 1) {
      throw ConfigException.at(entry, "Bad directive or wrong number of arguments");
    }
    String pattern = entry.values().get(0);
    try {
      Path path = Path.of(pattern);
      if (!pattern.contains("*") && !pattern.contains("?") && !pattern.contains("[")) {
        readFile(path, depth);
        return;
      }
      Path directory = path.toAbsolutePath().getParent();
      List<Path> files = new ArrayList<>();
      try (DirectoryStream<Path> found =
          Files.newDirectoryStream(directory, path.getFileName().toString())) {
        found.forEach(files::add);
      }
      files.sort(null);
      for (Path file : files) {
        readFile(file, depth);
      }
    } catch (InvalidPathException | IOException e) {
      throw ConfigException.at(entry, "Can't include: " + e.getMessage());
    }
  }
}
