package org.chronolith.server.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The server's command line in redis-server's shape: {@code [file | -] [--directive value …]}.
 *
 * @param file the configuration file, if one is named
 * @param standardInput whether {@code -} asks to read a configuration from standard input
 * @param entries what the options say, in order
 */
record CommandLine(Optional<String> file, boolean standardInput, List<ConfigEntry> entries) {

  private static final String ORIGIN = "Reading the command line";

  static CommandLine parse(List<String> arguments) throws ConfigException {
    Optional<String> file = Optional.empty();
    boolean standardInput = false;
    List<ConfigEntry> entries = new ArrayList<>();
    List<String> words = null;
    for (int i = 0; i < arguments.size(); i++) {
      String argument = arguments.get(i);
      if (argument.startsWith("--") && !wantsValue(words)) {
        add(entries, words);
        words = optionWords(argument);
      } else if (words != null && !(argument.equals("-") && words.size() > 1)) {
        words.add(argument);
      } else if (argument.equals("-")) {
        standardInput = true;
      } else if (i == 0) {
        file = Optional.of(argument);
      } else {
        throw ConfigException.at(
            new ConfigEntry(ORIGIN, argument, List.of(argument)),
            "Options start with '--', and a configuration file comes first");
      }
    }
    add(entries, words);
    return new CommandLine(file, standardInput, List.copyOf(entries));
  }

  /**
   * Whether a word that starts with two dashes is a value and not the next option: an option must
   * have one, but for {@code --save}, which alone means {@code --save ""}.
   */
  private static boolean wantsValue(List<String> words) {
    return words != null && words.size() == 1 && !words.get(0).equalsIgnoreCase("save");
  }

  /** {@code --port}, or everything in one argument: {@code "--port 6380"}. */
  private static List<String> optionWords(String argument) throws ConfigException {
    String text = argument.substring(2);
    List<String> words = null;
    String reason = "Unbalanced quotes in configuration line";
    try {
      words = Words.split(text);
    } catch (BadValueException e) {
      reason = e.getMessage();
    }
    if (words == null || words.isEmpty()) {
      throw ConfigException.at(
          new ConfigEntry(ORIGIN, argument, List.of(argument)),
          words == null ? reason : "Bad directive or wrong number of arguments");
    }
    return new ArrayList<>(words);
  }

  private static void add(List<ConfigEntry> entries, List<String> words) {
    if (words == null) {
      return;
    }
    if (words.size() == 1 && words.get(0).equalsIgnoreCase("save")) {
      words.add("");
    }
    entries.add(new ConfigEntry(ORIGIN, "--" + String.join(" ", words), words));
  }
}
