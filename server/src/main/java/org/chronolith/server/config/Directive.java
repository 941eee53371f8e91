package org.chronolith.server.config;

import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;

/**
 * The declaration of one directive: all that is known about it, in one place.
 *
 * @param <T> the Java type of its value
 */
public final class Directive<T> {

  /** When a directive may change. */
  public enum Mutability {
    /** By {@code CONFIG SET} at any time. */
    MUTABLE,
    /** Only by the configuration file and the command line. */
    IMMUTABLE
  }

  private final String name;
  private final ValueType<T> type;
  private final T defaultValue;
  private List<String> aliases = List.of();
  private Mutability mutability = Mutability.MUTABLE;
  private boolean effective = true;
  private boolean secret;
  private boolean ours;
  private boolean onlyDefault;
  private String doc = "";
  private Function<T, String> warning = value -> null;
  private Function<T, String> refusal = value -> null;

  Directive(String name, ValueType<T> type, T defaultValue) {
    this.name = name.toLowerCase(Locale.ROOT);
    this.type = type;
    this.defaultValue = Objects.requireNonNull(defaultValue);
  }

  /** Other names for the same value, for example {@code slaveof} for {@code replicaof}. */
  Directive<T> alias(String... names) {
    aliases = List.of(names);
    return this;
  }

  Directive<T> immutable() {
    mutability = Mutability.IMMUTABLE;
    return this;
  }

  /** Not shown by the generated documentation's defaults and never logged. */
  Directive<T> secret() {
    secret = true;
    return this;
  }

  /** A directive that Redis does not have. */
  Directive<T> ours() {
    ours = true;
    return this;
  }

  Directive<T> doc(String line) {
    doc = line;
    return this;
  }

  /** Accepted and kept, but nothing reads it; {@code reason} goes into the warning line. */
  Directive<T> noEffect(String reason) {
    effective = false;
    doc = reason;
    warning = value -> "it has no effect here: " + reason;
    return this;
  }

  /** A line for the log when the directive is given with such a value; null for none. */
  Directive<T> warnIf(Function<T, String> reason) {
    warning = reason;
    return this;
  }

  /** Refuses every value but the default; {@code reason} says why. */
  Directive<T> onlyDefault(String reason) {
    onlyDefault = true;
    warning = value -> null;
    return refuseIf(value -> value.equals(defaultValue) ? null : "it is not supported: " + reason);
  }

  /** Why a value that Redis takes is not taken here; null if it is. */
  Directive<T> refuseIf(Function<T, String> reason) {
    refusal = reason;
    return this;
  }

  public String name() {
    return name;
  }

  public List<String> aliases() {
    return aliases;
  }

  public T defaultValue() {
    return defaultValue;
  }

  public Mutability mutability() {
    return mutability;
  }

  /** False for a directive of Redis that is accepted and kept but changes nothing here. */
  public boolean effective() {
    return effective;
  }

  public boolean isSecret() {
    return secret;
  }

  /** Whether it is Chronolith's own. */
  public boolean isOurs() {
    return ours;
  }

  /** Whether any value but the default is refused. */
  boolean onlyDefault() {
    return onlyDefault;
  }

  public String doc() {
    return doc;
  }

  ValueType<T> type() {
    return type;
  }

  String warning(T value) {
    return warning.apply(value);
  }

  T parse(T earlier, boolean append, List<String> words) throws BadValueException {
    if (!type.manyWords() && words.size() != 1) {
      throw new BadValueException("wrong number of arguments");
    }
    T value = type.parse(earlier, append, words);
    String refused = refusal.apply(value);
    if (refused != null) {
      throw new BadValueException(refused);
    }
    return value;
  }

  /**
   * A directive of many words also takes them in one, as {@code CONFIG SET} gives them and a shell
   * may: {@code --save "3600 1 300 100"}.
   */
  List<String> splitIfOneWord(List<String> words) {
    return type.manyWords() && words.size() == 1 && words.get(0).indexOf(' ') >= 0
        ? List.of(words.get(0).trim().split(" +"))
        : words;
  }

  @Override
  public String toString() {
    return name;
  }
}
