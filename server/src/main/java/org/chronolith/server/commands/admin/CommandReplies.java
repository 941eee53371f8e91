package org.chronolith.server.commands.admin;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.chronolith.network.RespWriter;
import org.chronolith.server.command.CommandFlag;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;

/**
 * Declarations in the forms of {@code COMMAND INFO} and {@code COMMAND DOCS} of redis-server 7.0.
 */
final class CommandReplies {
  private CommandReplies() {}

  /** The ten elements of {@code COMMAND INFO}. */
  static void info(RespWriter reply, CommandSpec spec) {
    reply.array(10);
    reply.bulk(spec.fullName());
    reply.integer(spec.arity());
    List<String> flags = spec.flags().stream().sorted().map(flag -> flag.wireName()).toList();
    statuses(reply, flags);
    reply.integer(spec.firstKey());
    reply.integer(spec.lastKey());
    reply.integer(spec.keyStep());
    statuses(reply, categories(spec));
    reply.set(0);
    keySpecs(reply, spec);
    reply.array(spec.subcommands().size());
    for (CommandSpec sub : spec.subcommands().values()) {
      info(reply, sub);
    }
  }

  private static void statuses(RespWriter reply, List<String> words) {
    reply.set(words.size());
    for (String word : words) {
      reply.simple(word);
    }
  }

  /** The ACL categories, with the sign, that follow from flags and group. */
  static List<String> categories(CommandSpec spec) {
    List<String> categories = new ArrayList<>();
    if (spec.isWrite()) {
      categories.add("@write");
    }
    if (spec.flags().contains(CommandFlag.READONLY)) {
      categories.add("@read");
    }
    String group = category(spec.group());
    if (group != null) {
      categories.add(group);
    }
    categories.add(spec.flags().contains(CommandFlag.FAST) ? "@fast" : "@slow");
    if (spec.flags().contains(CommandFlag.BLOCKING)) {
      categories.add("@blocking");
    }
    if (spec.flags().contains(CommandFlag.ADMIN)) {
      categories.add("@admin");
      categories.add("@dangerous");
    }
    return categories;
  }

  private static String category(CommandGroup group) {
    return switch (group) {
      case GENERIC -> "@keyspace";
      case STRING -> "@string";
      case LIST -> "@list";
      case SET -> "@set";
      case SORTED_SET -> "@sortedset";
      case HASH -> "@hash";
      case GEO -> "@geo";
      case CONNECTION -> "@connection";
      case TRANSACTIONS -> "@transaction";
      case PUBSUB -> "@pubsub";
      case SCRIPTING -> "@scripting";
      case BITMAP -> "@bitmap";
      case HYPERLOGLOG -> "@hyperloglog";
      case SERVER -> null;
    };
  }

  private static void keySpecs(RespWriter reply, CommandSpec spec) {
    boolean fixed = spec.firstKey() > 0;
    boolean counted = spec.keyCountAt() > 0;
    reply.set((fixed ? 1 : 0) + (counted ? 1 : 0));
    if (fixed) {
      beginKeySpec(reply, spec.isWrite(), spec.firstKey());
      int last = spec.lastKey() < 0 ? spec.lastKey() : spec.lastKey() - spec.firstKey();
      reply.bulk("range");
      reply.bulk("spec");
      reply.map(3);
      number(reply, "lastkey", last);
      number(reply, "keystep", spec.keyStep());
      number(reply, "limit", 0);
    }
    if (counted) {
      // Where there is a destination, it alone is written.
      beginKeySpec(reply, spec.isWrite() && !fixed, spec.keyCountAt());
      reply.bulk("keynum");
      reply.bulk("spec");
      reply.map(3);
      number(reply, "keynumidx", 0);
      number(reply, "firstkey", 1);
      number(reply, "keystep", 1);
    }
  }

  private static void beginKeySpec(RespWriter reply, boolean written, int index) {
    reply.map(3);
    reply.bulk("flags");
    statuses(reply, written ? List.of("RW", "update") : List.of("RO", "access"));
    reply.bulk("begin_search");
    typed(reply, "index", Map.of("index", index));
    reply.bulk("find_keys");
    reply.map(2);
    reply.bulk("type");
  }

  private static void typed(RespWriter reply, String type, Map<String, Integer> fields) {
    reply.map(2);
    reply.bulk("type");
    reply.bulk(type);
    reply.bulk("spec");
    reply.map(fields.size());
    fields.forEach((name, value) -> number(reply, name, value));
  }

  private static void number(RespWriter reply, String name, int value) {
    reply.bulk(name);
    reply.integer(value);
  }

  /** Name and documentation of one command: two elements of the map of {@code COMMAND DOCS}. */
  static void docs(RespWriter reply, CommandSpec spec) {
    List<ArgumentNotation.Argument> arguments = ArgumentNotation.parse(spec.arguments());
    reply.bulk(spec.fullName());
    reply.map(4 + (arguments.isEmpty() ? 0 : 1) + (spec.subcommands().isEmpty() ? 0 : 1));
    text(reply, "summary", spec.summary());
    text(reply, "since", spec.since());
    text(reply, "group", spec.group().wireName());
    text(reply, "complexity", spec.complexity());
    if (!arguments.isEmpty()) {
      reply.bulk("arguments");
      ArgumentNotation.write(reply, arguments);
    }
    if (!spec.subcommands().isEmpty()) {
      reply.bulk("subcommands");
      reply.map(spec.subcommands().size());
      spec.subcommands().values().forEach(sub -> docs(reply, sub));
    }
  }

  private static void text(RespWriter reply, String name, String value) {
    reply.bulk(name);
    reply.bulk(value);
  }
}
