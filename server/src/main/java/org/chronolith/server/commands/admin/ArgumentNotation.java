package org.chronolith.server.commands.admin;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.chronolith.network.RespWriter;

/**
 * Reads the notation of manuals, such as {@code key value [NX | XX] [EX seconds]}, into the tree
 * that {@code COMMAND DOCS} answers with.
 *
 * <p>Words in upper case are tokens, other words are arguments, a token before one argument belongs
 * to it; {@code [ ]} is optional, {@code < >} groups, {@code |} separates alternatives, and {@code
 * x [x ...]} means one or more.
 */
final class ArgumentNotation {
  /** One argument; {@code members} are the parts of a block or the choices of a oneof. */
  record Argument(
      String name,
      String type,
      String token,
      boolean optional,
      boolean multiple,
      List<Argument> members) {

    private Argument with(boolean isOptional, boolean isMultiple) {
      return new Argument(
          name, type, token, optional || isOptional, multiple || isMultiple, members);
    }
  }

  private static final String REPEATED = "...";

  private final List<String> words;
  private int at;

  private ArgumentNotation(List<String> words) {
    this.words = words;
  }

  /**
   * Reads a notation.
   *
   * @throws IllegalArgumentException if brackets do not match
   */
  static List<Argument> parse(String notation) {
    ArgumentNotation reader = new ArgumentNotation(split(notation));
    List<List<Argument>> alternatives = reader.alternatives("");
    if (reader.at != reader.words.size() || alternatives.size() != 1) {
      throw new IllegalArgumentException("not a list of arguments: " + notation);
    }
    return alternatives.get(0);
  }

  private static List<String> split(String notation) {
    String spaced = notation.replaceAll("([\\[\\]<>|])", " $1 ").trim();
    return spaced.isEmpty() ? List.of() : List.of(spaced.split(" +"));
  }

  /** Sequences separated by bars, up to {@code close}, which is consumed. */
  private List<List<Argument>> alternatives(String close) {
    List<List<Argument>> all = new ArrayList<>();
    List<Argument> sequence = new ArrayList<>();
    while (at < words.size()) {
      String word = words.get(at++);
      if (word.equals(close)) {
        all.add(sequence);
        return all;
      }
      switch (word) {
        case "|" -> {
          all.add(sequence);
          sequence = new ArrayList<>();
        }
        case "[" -> bracket(sequence);
        case "<" -> sequence.add(group(alternatives(">")));
        case REPEATED -> sequence.add(null);
        default -> word(sequence, word);
      }
    }
    if (!close.isEmpty()) {
      throw new IllegalArgumentException("no " + close + " in " + words);
    }
    all.add(sequence);
    return all;
  }

  /** An optional part; or, if it repeats what stands before it, the sign that there may be more. */
  private void bracket(List<Argument> before) {
    List<List<Argument>> alternatives = alternatives("]");
    List<Argument> first = alternatives.get(0);
    boolean repeated = !first.isEmpty() && first.remove((Object) null);
    if (repeated && repeats(before, first)) {
      int from = before.size() - first.size();
      before.subList(from, before.size()).clear();
      before.add(group(List.of(first)).with(false, true));
    } else {
      before.add(group(alternatives).with(true, repeated));
    }
  }

  private static boolean repeats(List<Argument> before, List<Argument> part) {
    int from = before.size() - part.size();
    return from >= 0 && before.subList(from, before.size()).equals(part);
  }

  private void word(List<Argument> sequence, String word) {
    if (!isToken(word)) {
      sequence.add(argument(word, null));
      return;
    }
    List<Argument> following = new ArrayList<>();
    while (at < words.size() && isArgument(words.get(at))) {
      following.add(argument(words.get(at++), null));
    }
    if (following.isEmpty()) {
      String name = word.toLowerCase(Locale.ROOT);
      sequence.add(new Argument(name, "pure-token", word, false, false, List.of()));
    } else if (following.size() == 1) {
      sequence.add(argument(following.get(0).name(), word));
    } else {
      String name = word.toLowerCase(Locale.ROOT);
      sequence.add(new Argument(name, "block", word, false, false, following));
    }
  }

  private static Argument group(List<List<Argument>> alternatives) {
    if (alternatives.size() == 1) {
      return sequence(alternatives.get(0));
    }
    List<Argument> choices = alternatives.stream().map(ArgumentNotation::sequence).toList();
    return new Argument(names(choices), "oneof", null, false, false, choices);
  }

  private static Argument sequence(List<Argument> parts) {
    if (parts.size() == 1) {
      return parts.get(0);
    }
    return new Argument(names(parts), "block", null, false, false, List.copyOf(parts));
  }

  private static String names(List<Argument> parts) {
    return String.join("-or-", parts.stream().map(Argument::name).limit(3).toList());
  }

  private static boolean isToken(String word) {
    return !word.isEmpty() && word.chars().noneMatch(Character::isLowerCase);
  }

  private static boolean isArgument(String word) {
    return word.chars().anyMatch(Character::isLowerCase);
  }

  private static Argument argument(String name, String token) {
    return new Argument(name, type(name), token, false, false, List.of());
  }

  private static String type(String name) {
    return switch (name) {
      case "key", "newkey", "source", "destination" -> "key";
      case "pattern" -> "pattern";
      case "score", "min", "max" -> "double";
      case "seconds",
          "milliseconds",
          "count",
          "cursor",
          "index",
          "index1",
          "index2",
          "offset",
          "start",
          "stop",
          "end",
          "db",
          "decrement",
          "timeout",
          "numreplicas",
          "protover",
          "client-id" ->
          "integer";
      default -> name.startsWith("unix-time") ? "unix-time" : "string";
    };
  }

  /** Writes arguments as {@code COMMAND DOCS} has them. */
  static void write(RespWriter reply, List<Argument> arguments) {
    reply.array(arguments.size());
    for (Argument argument : arguments) {
      write(reply, argument);
    }
  }

  private static void write(RespWriter reply, Argument argument) {
    boolean key = argument.type().equals("key");
    boolean flags = argument.optional() || argument.multiple();
    int fields = 2 + (key ? 1 : 0) + (argument.token() == null ? 0 : 1) + (flags ? 1 : 0);
    reply.map(fields + (argument.members().isEmpty() ? 0 : 1));
    field(reply, "name", argument.name());
    field(reply, "type", argument.type());
    if (key) {
      reply.bulk("key_spec_index");
      reply.integer(0);
    }
    if (argument.token() != null) {
      field(reply, "token", argument.token());
    }
    if (flags) {
      reply.bulk("flags");
      reply.set((argument.optional() ? 1 : 0) + (argument.multiple() ? 1 : 0));
      if (argument.optional()) {
        reply.simple("optional");
      }
      if (argument.multiple()) {
        reply.simple("multiple");
      }
    }
    if (!argument.members().isEmpty()) {
      reply.bulk("arguments");
      write(reply, argument.members());
    }
  }

  private static void field(RespWriter reply, String name, String value) {
    reply.bulk(name);
    reply.bulk(value);
  }
}
