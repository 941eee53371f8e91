package org.chronolith.server.info;

import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What {@code INFO} says, and who knows it. Each part registers the fields that it has figures for;
 * the order and the names are {@link InfoFields}'s. A field that nobody registers has the fixed
 * value declared there, or is left out.
 *
 * <p>Thread: parts register before the server starts; after that the engine thread alone.
 */
public final class Info {

  private final Map<String, Consumer<InfoWriter>> fields = new HashMap<>();
  private final Map<InfoSection, List<Consumer<InfoWriter>>> lines =
      new EnumMap<>(InfoSection.class);
  private final List<Runnable> resets = new ArrayList<>();

  /** Registers a whole number. */
  public Info number(String field, LongSupplier source) {
    return put(field, out -> out.field(field, source.getAsLong()));
  }

  /** Registers a number with {@code digits} behind the point. */
  public Info decimal(String field, int digits, DoubleSupplier source) {
    return put(field, out -> out.field(field, source.getAsDouble(), digits));
  }

  /** Registers a text; it must not contain line ends. */
  public Info text(String field, Supplier<String> source) {
    return put(field, out -> out.field(field, source.get()));
  }

  /** Registers a number of bytes, and with it the field for people, {@code <field>_human}. */
  public Info bytes(String field, LongSupplier source) {
    number(field, source);
    return text(field + "_human", () -> InfoText.human(source.getAsLong()));
  }

  /** Registers fields whose names or number vary; they follow the section's declared ones. */
  public Info lines(InfoSection section, Consumer<InfoWriter> source) {
    lines.computeIfAbsent(section, key -> new ArrayList<>()).add(source);
    return this;
  }

  /** What {@code CONFIG RESETSTAT} does to the part's counters. */
  public Info onReset(Runnable reset) {
    resets.add(reset);
    return this;
  }

  private Info put(String field, Consumer<InfoWriter> source) {
    if (!InfoFields.isDeclared(field)) {
      throw new IllegalArgumentException("INFO field is not declared: " + field);
    }
    if (fields.put(field, source) != null) {
      throw new IllegalArgumentException("INFO field is registered twice: " + field);
    }
    return this;
  }

  /**
   * {@code INFO}'s reply.
   *
   * @param words section names, {@code default}, {@code all}, {@code everything}; none: default
   */
  public String render(List<String> words) {
    InfoText out = new InfoText();
    for (InfoSection section : InfoSection.chosen(words)) {
      out.section(section.title());
      write(section, out);
    }
    return out.toString();
  }

  /** The numbers of these sections by field name, for the metrics. */
  public Map<String, Double> numbers(Collection<InfoSection> sections) {
    InfoNumbers out = new InfoNumbers();
    for (InfoSection section : sections) {
      write(section, out);
    }
    return out.values();
  }

  /** {@code CONFIG RESETSTAT}. */
  public void resetStat() {
    resets.forEach(Runnable::run);
  }

  private void write(InfoSection section, InfoWriter out) {
    for (InfoFields.Field field : InfoFields.of(section)) {
      Consumer<InfoWriter> source = fields.get(field.name());
      if (source != null) {
        source.accept(out);
      } else if (field.fixed() != null) {
        out.field(field.name(), field.fixed());
      }
    }
    lines.getOrDefault(section, List.of()).forEach(source -> source.accept(out));
  }
}
