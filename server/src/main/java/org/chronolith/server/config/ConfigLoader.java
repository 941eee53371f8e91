package org.chronolith.server.config;

import java.io.InputStream;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Concludes the configuration from the command line and the files that it names. */
public final class ConfigLoader {

  /** Directives of Redis that are no values, and why they cannot be followed here. */
  private static final Map<String, String> NOT_SUPPORTED =
      Map.of(
          "user", "there are no ACL users in this version; 'requirepass' sets a password",
          "rename-command", "commands cannot be renamed in this version",
          "loadmodule", "there are no loadable modules");

  private final Map<Directive<?>, Object> given = new LinkedHashMap<>();

  private ConfigLoader() {}

  /**
   * @param arguments as redis-server takes them: {@code [file | -] [--directive value …]}
   * @param standardInput read only if the arguments ask for it
   * @throws ConfigException if anything in it is unknown, malformed or contradictory
   */
  public static ServerConfig load(List<String> arguments, InputStream standardInput)
      throws ConfigException {
    CommandLine line = CommandLine.parse(arguments);
    ConfigReader reader = new ConfigReader();
    Optional<Path> file = Optional.empty();
    if (line.file().isPresent()) {
      file = Optional.of(path(line.file().get()));
      reader.readFile(file.get());
    }
    if (line.standardInput()) {
      reader.readStream(standardInput);
    }
    for (ConfigEntry option : line.entries()) {
      reader.add(option);
    }
    ConfigLoader loader = new ConfigLoader();
    for (ConfigEntry entry : reader.entries()) {
      loader.apply(entry);
    }
    ServerConfig config = new ServerConfig(loader.given, file, loader.warnings());
    CrossChecks.check(config);
    return config;
  }

  /** From options alone, for tests: {@code of("--port", "0", "--dir", …)}. */
  public static ServerConfig of(String... arguments) throws ConfigException {
    return load(List.of(arguments), InputStream.nullInputStream());
  }

  private static Path path(String file) throws ConfigException {
    try {
      return Path.of(file).toAbsolutePath().normalize();
    } catch (InvalidPathException e) {
      throw new ConfigException(
          "Fatal error, can't open config file '" + file + "': " + e.getReason(), e);
    }
  }

  /** The values that these entries give, and no others. */
  static Map<Directive<?>, Object> valuesOf(List<ConfigEntry> entries) throws ConfigException {
    ConfigLoader loader = new ConfigLoader();
    for (ConfigEntry entry : entries) {
      loader.apply(entry);
    }
    return loader.given;
  }

  /** The directive that an entry names. */
  static Directive<?> find(ConfigEntry entry) throws ConfigException {
    Optional<Directive<?>> found = Directives.find(entry.name());
    if (found.isEmpty()) {
      String reason = NOT_SUPPORTED.get(entry.name().toLowerCase(Locale.ROOT));
      throw ConfigException.at(
          entry,
          reason == null
              ? "Bad directive or wrong number of arguments"
              : "it is not supported: " + reason);
    }
    return found.get();
  }

  private void apply(ConfigEntry entry) throws ConfigException {
    Directive<?> directive = find(entry);
    try {
      given.put(directive, parse(directive, entry.values()));
    } catch (BadValueException e) {
      throw ConfigException.at(entry, e.getMessage());
    }
  }

  @SuppressWarnings("unchecked") // what is given for a directive was parsed by it
  private <T> T parse(Directive<T> directive, List<String> words) throws BadValueException {
    boolean append = given.containsKey(directive);
    T earlier = append ? (T) given.get(directive) : directive.defaultValue();
    return directive.parse(earlier, append, directive.splitIfOneWord(words));
  }

  private List<String> warnings() {
    List<String> warnings = new ArrayList<>();
    for (Directive<?> directive : given.keySet()) {
      addWarning(directive, warnings);
    }
    return warnings;
  }

  @SuppressWarnings("unchecked") // what is given for a directive was parsed by it
  private <T> void addWarning(Directive<T> directive, List<String> warnings) {
    String warning = directive.warning((T) given.get(directive));
    if (warning != null) {
      warnings.add("Directive '" + directive.name() + "' is accepted, but " + warning);
    }
  }
}
