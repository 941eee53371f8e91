package org.chronolith.server.commands;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/** {@code missing-write-commands.txt}: what redis-server 7.0 writes with and this server lacks. */
final class MissingCommands {
  private MissingCommands() {}

  /** Names as {@code COMMAND LIST} gives them, by group, in the order of the file. */
  static Map<String, List<String>> byGroup() {
    Map<String, List<String>> groups = new LinkedHashMap<>();
    for (String line : lines()) {
      int colon = line.indexOf(':');
      groups.put(line.substring(0, colon), List.of(line.substring(colon + 1).strip().split(" +")));
    }
    return groups;
  }

  /** All names. */
  static SortedSet<String> names() {
    SortedSet<String> names = new TreeSet<>();
    byGroup().values().forEach(names::addAll);
    return names;
  }

  private static List<String> lines() {
    try (InputStream in = MissingCommands.class.getResourceAsStream("missing-write-commands.txt")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The list as {@code docs/migration.md} has it. */
  static String markdown() {
    StringBuilder text = new StringBuilder();
    byGroup()
        .forEach(
            (group, names) -> {
              text.append("* ").append(group).append(':');
              String separator = " ";
              for (String name : names) {
                String shown = name.toUpperCase(java.util.Locale.ROOT).replace('|', ' ');
                text.append(separator).append('`').append(shown).append('`');
                separator = ", ";
              }
              text.append('\n');
            });
    return text.toString();
  }
}
