package org.chronolith.server.config;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.chronolith.server.config.OutputBufferLimits.Limit;

/** The kinds of values that take several words. Error texts are those of Redis 7.0. */
final class ManyWordTypes {

  private ManyWordTypes() {}

  /** {@code save <seconds> <changes> …}; lines add up; {@code save ""} clears. */
  static final class Save implements ValueType<List<SaveRule>> {
    @Override
    public List<SaveRule> parse(List<SaveRule> earlier, boolean append, List<String> words)
        throws BadValueException {
      if (words.size() == 1 && words.get(0).isEmpty()) {
        return List.of();
      }
      if (words.isEmpty() || words.size() % 2 != 0) {
        throw new BadValueException("Invalid save parameters");
      }
      List<SaveRule> rules = new ArrayList<>(append ? earlier : List.of());
      for (int i = 0; i < words.size(); i += 2) {
        rules.add(new SaveRule(number(words.get(i), 1), number(words.get(i + 1), 0)));
      }
      return List.copyOf(rules);
    }

    private static long number(String word, long min) throws BadValueException {
      try {
        long value = Integer.parseInt(word);
        if (value >= min) {
          return value;
        }
      } catch (NumberFormatException e) {
        throw new BadValueException("Invalid save parameters");
      }
      throw new BadValueException("Invalid save parameters");
    }

    @Override
    public String format(List<SaveRule> value) {
      return value.stream()
          .map(rule -> rule.seconds() + " " + rule.changes())
          .collect(Collectors.joining(" "));
    }

    @Override
    public List<String> fileLines(List<SaveRule> value) {
      if (value.isEmpty()) {
        return List.of("\"\"");
      }
      return value.stream().map(rule -> rule.seconds() + " " + rule.changes()).toList();
    }

    @Override
    public String describe() {
      return "pairs of seconds and changes, or `\"\"` for none";
    }

    @Override
    public boolean manyWords() {
      return true;
    }
  }

  /** {@code client-output-buffer-limit <class> <hard> <soft> <soft seconds> …}. */
  static final class BufferLimits implements ValueType<OutputBufferLimits> {
    @Override
    public OutputBufferLimits parse(OutputBufferLimits earlier, boolean append, List<String> words)
        throws BadValueException {
      if (words.isEmpty() || words.size() % 4 != 0) {
        throw new BadValueException("Wrong number of arguments in buffer limit configuration.");
      }
      OutputBufferLimits limits = earlier;
      for (int i = 0; i < words.size(); i += 4) {
        limits = with(limits, words.get(i), limit(words.subList(i + 1, i + 4)));
      }
      return limits;
    }

    private static OutputBufferLimits with(OutputBufferLimits limits, String name, Limit limit)
        throws BadValueException {
      return switch (name.toLowerCase(Locale.ROOT)) {
        case "normal" -> new OutputBufferLimits(limit, limits.replica(), limits.pubsub());
        case "slave", "replica" -> new OutputBufferLimits(limits.normal(), limit, limits.pubsub());
        case "pubsub" -> new OutputBufferLimits(limits.normal(), limits.replica(), limit);
        default ->
            throw new BadValueException(
                "Invalid client class specified in buffer limit configuration.");
      };
    }

    private static Limit limit(List<String> words) throws BadValueException {
      try {
        long hardBytes = MemorySize.parse(words.get(0));
        long softBytes = MemorySize.parse(words.get(1));
        long softSeconds = ValueTypes.parseLong(words.get(2));
        if (softSeconds >= 0) {
          return new Limit(hardBytes, softBytes, softSeconds);
        }
      } catch (BadValueException e) {
        throw badLimit();
      }
      throw badLimit();
    }

    private static BadValueException badLimit() {
      return new BadValueException(
          "Error in hard, soft or soft_seconds setting in buffer limit configuration.");
    }

    @Override
    public String format(OutputBufferLimits value) {
      return "normal "
          + numbers(value.normal())
          + " slave "
          + numbers(value.replica())
          + " pubsub "
          + numbers(value.pubsub());
    }

    private static String numbers(Limit limit) {
      return limit.hardBytes() + " " + limit.softBytes() + " " + limit.softSeconds();
    }

    @Override
    public List<String> fileLines(OutputBufferLimits value) {
      return List.of(
          "normal " + forFile(value.normal()),
          "replica " + forFile(value.replica()),
          "pubsub " + forFile(value.pubsub()));
    }

    private static String forFile(Limit limit) {
      return MemorySize.formatForFile(limit.hardBytes())
          + " "
          + MemorySize.formatForFile(limit.softBytes())
          + " "
          + limit.softSeconds();
    }

    @Override
    public String describe() {
      return "`normal`, `replica` or `pubsub`, then hard bytes, soft bytes, soft seconds; repeatable";
    }

    @Override
    public boolean manyWords() {
      return true;
    }
  }

  /** Words, at most so many. */
  record WordList(int max, String tooMany, String describe) implements ValueType<List<String>> {
    @Override
    public List<String> parse(List<String> earlier, boolean append, List<String> words)
        throws BadValueException {
      if (words.size() > max) {
        throw new BadValueException(tooMany);
      }
      if (words.size() == 1 && words.get(0).isEmpty()) {
        return List.of();
      }
      return List.copyOf(words);
    }

    @Override
    public String format(List<String> value) {
      return String.join(" ", value);
    }

    @Override
    public List<String> fileLines(List<String> value) {
      return List.of(value.isEmpty() ? "\"\"" : String.join(" ", value));
    }

    @Override
    public boolean manyWords() {
      return true;
    }
  }

  /** {@code replicaof <host> <port>}, or {@code replicaof no one}. */
  static final class Master implements ValueType<Optional<HostPort>> {
    @Override
    public Optional<HostPort> parse(Optional<HostPort> earlier, boolean append, List<String> words)
        throws BadValueException {
      if (words.size() == 1 && words.get(0).isEmpty()) {
        return Optional.empty();
      }
      if (words.size() != 2) {
        throw new BadValueException("wrong number of arguments");
      }
      if (words.get(0).equalsIgnoreCase("no") && words.get(1).equalsIgnoreCase("one")) {
        return Optional.empty();
      }
      try {
        int port = Integer.parseInt(words.get(1));
        if (port > 0 && port <= 65535) {
          return Optional.of(new HostPort(words.get(0), port));
        }
      } catch (NumberFormatException e) {
        throw new BadValueException("Invalid master port");
      }
      throw new BadValueException("Invalid master port");
    }

    @Override
    public String format(Optional<HostPort> value) {
      return value.map(HostPort::toString).orElse("");
    }

    @Override
    public List<String> fileLines(Optional<HostPort> value) {
      return value.map(HostPort::toString).map(List::of).orElse(List.of());
    }

    @Override
    public String describe() {
      return "a host and a port, or `no one`";
    }

    @Override
    public boolean manyWords() {
      return true;
    }
  }

  /** Percentiles, 0 to 100. */
  static final class Percentiles implements ValueType<List<Double>> {
    @Override
    public List<Double> parse(List<Double> earlier, boolean append, List<String> words)
        throws BadValueException {
      List<Double> values = new ArrayList<>();
      for (String word : words) {
        if (words.size() == 1 && word.isEmpty()) {
          break;
        }
        double value;
        try {
          value = Double.parseDouble(word);
        } catch (NumberFormatException e) {
          throw new BadValueException("Invalid latency-tracking-info-percentiles parameters");
        }
        if (!(value >= 0 && value <= 100)) {
          throw new BadValueException(
              "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]");
        }
        values.add(value);
      }
      return List.copyOf(values);
    }

    @Override
    public String format(List<Double> value) {
      return value.stream().map(Percentiles::print).collect(Collectors.joining(" "));
    }

    /** As C's {@code %.17g} prints the usual ones: no trailing zeros. */
    static String print(double percentile) {
      return percentile == Math.rint(percentile)
          ? Long.toString((long) percentile)
          : Double.toString(percentile);
    }

    @Override
    public List<String> fileLines(List<Double> value) {
      return List.of(value.isEmpty() ? "\"\"" : format(value));
    }

    @Override
    public String describe() {
      return "numbers from 0 to 100, or `\"\"` for none";
    }

    @Override
    public boolean manyWords() {
      return true;
    }
  }

  /** {@code shutdown-on-sigterm}: {@code default}, or some of {@code save nosave now force}. */
  static final class ShutdownFlags implements ValueType<Set<String>> {
    private static final List<String> KNOWN = List.of("default", "save", "nosave", "now", "force");

    @Override
    public Set<String> parse(Set<String> earlier, boolean append, List<String> words)
        throws BadValueException {
      Set<String> flags = new LinkedHashSet<>();
      for (String word : words) {
        String flag = word.toLowerCase(Locale.ROOT);
        if (!KNOWN.contains(flag)) {
          throw new BadValueException(
              "argument(s) must be one of the following: " + String.join(", ", KNOWN));
        }
        flags.add(flag);
      }
      if (flags.contains("save") && flags.contains("nosave")) {
        throw new BadValueException("save and nosave cannot both be given");
      }
      if (flags.size() > 1) {
        flags.remove("default");
      }
      return flags.isEmpty() ? Set.of("default") : Set.copyOf(flags);
    }

    @Override
    public String format(Set<String> value) {
      return KNOWN.stream().filter(value::contains).collect(Collectors.joining(" "));
    }

    @Override
    public List<String> fileLines(Set<String> value) {
      return List.of(format(value));
    }

    @Override
    public String describe() {
      return "`default`, or some of `save` `nosave` `now` `force`";
    }

    @Override
    public boolean manyWords() {
      return true;
    }
  }
}
