package org.chronolith.server.config;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** All directives, by name and alias. */
public final class Directives {

  /** One chapter of the documentation. */
  record Section(String title, List<Directive<?>> directives) {}

  static final List<Section> SECTIONS =
      List.of(
          new Section("Network and clients", NetworkDirectives.all()),
          new Section("Process, logging and metrics", GeneralDirectives.all()),
          new Section("Log and snapshots", PersistenceDirectives.all()),
          new Section("Replication", ReplicationDirectives.all()),
          new Section("Memory", MemoryDirectives.all()),
          new Section("Accepted for compatibility", AcceptedDirectives.all()));

  private static final List<Directive<?>> ALL =
      SECTIONS.stream().<Directive<?>>flatMap(section -> section.directives().stream()).toList();

  /** Lower-case names and aliases. */
  private static final Map<String, Directive<?>> BY_NAME = byName();

  private Directives() {}

  private static Map<String, Directive<?>> byName() {
    Map<String, Directive<?>> map = new LinkedHashMap<>();
    for (Directive<?> directive : ALL) {
      List<String> names = new ArrayList<>(directive.aliases());
      names.add(0, directive.name());
      for (String name : names) {
        if (map.put(name, directive) != null) {
          throw new IllegalStateException("directive declared twice: " + name);
        }
      }
    }
    return Collections.unmodifiableMap(map);
  }

  /** In order of declaration. */
  public static List<Directive<?>> all() {
    return ALL;
  }

  /** By name or alias, in any case. */
  public static Optional<Directive<?>> find(String name) {
    return Optional.ofNullable(BY_NAME.get(name.toLowerCase(Locale.ROOT)));
  }

  /** Every name and alias with its directive. */
  static Map<String, Directive<?>> byNameAndAlias() {
    return BY_NAME;
  }
}
