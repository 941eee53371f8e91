package org.chronolith.server.config;

import java.util.List;

/**
 * One directive as it was given.
 *
 * @param origin where, as the error report says it, for example {@code Reading the configuration
 *     file, at line 3 of /etc/chronolith.conf}
 * @param text the line as it stands there
 * @param words the line split into words, the directive's name first; never empty
 */
record ConfigEntry(String origin, String text, List<String> words) {
  ConfigEntry {
    words = List.copyOf(words);
  }

  String name() {
    return words.get(0);
  }

  List<String> values() {
    return words.subList(1, words.size());
  }
}
