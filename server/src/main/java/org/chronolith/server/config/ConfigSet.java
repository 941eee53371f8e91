package org.chronolith.server.config;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code CONFIG SET}: several directives at once, all or none. Engine thread.
 *
 * <p>First every name and value is checked, then all values change, then the listeners are told. If
 * one of them refuses, the old values come back and those already told are told again.
 */
public final class ConfigSet {

  private static final Logger LOG = LoggerFactory.getLogger(ConfigSet.class);

  private final ServerConfig config;

  public ConfigSet(ServerConfig config) {
    this.config = config;
  }

  /**
   * @param pairs name, value, name, value…; an even number, at least two
   * @return Redis's error reply, code word first, or empty if all values are set
   */
  public Optional<String> set(List<String> pairs) {
    Map<Directive<?>, Object> changes = new LinkedHashMap<>();
    Map<Directive<?>, Object> earlier = config.values();
    for (int i = 0; i < pairs.size(); i += 2) {
      String name = pairs.get(i);
      Optional<Directive<?>> found = Directives.find(name);
      if (found.isEmpty()) {
        return Optional.of(
            "ERR Unknown option or number of arguments for CONFIG SET - '" + name + "'");
      }
      Optional<String> refused = check(found.get(), pairs.get(i + 1), changes);
      if (refused.isPresent()) {
        return failed(name, refused.get());
      }
    }
    Map<Directive<?>, Object> next = new HashMap<>(earlier);
    next.putAll(changes);
    config.values(next);
    Map<Directive<?>, Object> told = new LinkedHashMap<>();
    for (Directive<?> directive : changes.keySet()) {
      told.put(directive, earlier.get(directive));
      try {
        tell(directive);
      } catch (BadValueException e) {
        config.values(earlier);
        takeBack(told);
        return failed(directive.name(), e.getMessage());
      }
    }
    changes.keySet().forEach(this::warn);
    return Optional.empty();
  }

  private <T> void warn(Directive<T> directive) {
    String warning = directive.warning(config.get(directive));
    if (warning != null) {
      LOG.warn("CONFIG SET {} is accepted, but {}", directive, warning);
    }
  }

  private <T> Optional<String> check(
      Directive<T> directive, String word, Map<Directive<?>, Object> changes) {
    if (directive.mutability() == Directive.Mutability.IMMUTABLE) {
      return Optional.of("can't set immutable config");
    }
    if (changes.containsKey(directive)) {
      return Optional.of("duplicate parameter");
    }
    try {
      List<String> words = directive.splitIfOneWord(List.of(word));
      changes.put(directive, directive.parse(config.get(directive), false, words));
      return Optional.empty();
    } catch (BadValueException e) {
      return Optional.of(e.getMessage());
    }
  }

  private <T> void tell(Directive<T> directive) throws BadValueException {
    for (ServerConfig.Listener<T> listener : config.listeners(directive)) {
      listener.changed(config.get(directive));
    }
  }

  private void takeBack(Map<Directive<?>, Object> told) {
    for (Directive<?> directive : told.keySet()) {
      try {
        tell(directive);
      } catch (BadValueException e) {
        // The old value was in effect a moment ago: a listener that refuses it now is broken.
        throw new IllegalStateException(
            "directive " + directive + " cannot be set back: " + e.getMessage(), e);
      }
    }
  }

  private static Optional<String> failed(String name, String reason) {
    return Optional.of(
        "ERR CONFIG SET failed (possibly related to argument '" + name + "') - " + reason);
  }
}
