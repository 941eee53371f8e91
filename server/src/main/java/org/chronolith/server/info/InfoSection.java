package org.chronolith.server.info;

import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** The sections of {@code INFO}, in the order in which Redis 7.0 prints them. */
public enum InfoSection {
  SERVER("Server"),
  CLIENTS("Clients"),
  MEMORY("Memory"),
  PERSISTENCE("Persistence"),
  STATS("Stats"),
  REPLICATION("Replication"),
  CPU("CPU"),
  MODULES("Modules"),
  COMMANDSTATS("Commandstats"),
  ERRORSTATS("Errorstats"),
  LATENCYSTATS("Latencystats"),
  CLUSTER("Cluster"),
  KEYSPACE("Keyspace");

  private final String title;

  InfoSection(String title) {
    this.title = title;
  }

  String title() {
    return title;
  }

  /** What the arguments of {@code INFO} ask for; unknown words ask for nothing. */
  static Set<InfoSection> chosen(List<String> words) {
    EnumSet<InfoSection> chosen = EnumSet.noneOf(InfoSection.class);
    if (words.isEmpty()) {
      addDefaults(chosen);
    }
    for (String word : words) {
      switch (word.toLowerCase(Locale.ROOT)) {
        case "default" -> addDefaults(chosen);
        case "all", "everything" -> chosen.addAll(EnumSet.allOf(InfoSection.class));
        default -> {
          for (InfoSection section : values()) {
            if (section.title.equalsIgnoreCase(word)) {
              chosen.add(section);
            }
          }
        }
      }
    }
    return chosen;
  }

  private static void addDefaults(Set<InfoSection> chosen) {
    chosen.addAll(EnumSet.complementOf(EnumSet.of(COMMANDSTATS, LATENCYSTATS)));
  }
}
