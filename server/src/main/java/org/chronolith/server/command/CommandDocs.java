package org.chronolith.server.command;

import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Writes {@code docs/commands.md} from the declarations. */
public final class CommandDocs {
  private CommandDocs() {}

  /** The whole document. */
  public static String markdown(CommandTable table) {
    StringBuilder out = new StringBuilder();
    out.append(
        """
        # Commands

        <!-- Generated from the declarations in org.chronolith.server.commands. After a change there:
             mvn -pl server -am test -Dtest=CommandDocsTest -Dchronolith.docs.update=true -->

        Replies, errors and arity are those of redis-server 7.0. A command that is not listed answers
        `ERR unknown command`. *Since* is the Redis version that brought the command; *keys* are the
        positions of the keys as `COMMAND INFO` gives them: first, last, step.

        Missing commands are listed in [migration.md](migration.md#commands-that-are-missing). One of them
        has nothing to do here: there is no `BGREWRITEAOF`, since the log is never rewritten. Each snapshot
        (`save`, `BGSAVE`) lets the part of the log before it go.

        """);
    Map<CommandGroup, StringBuilder> groups = new TreeMap<>();
    int count = 0;
    for (CommandSpec spec : table.all()) {
      StringBuilder group = groups.computeIfAbsent(spec.group(), CommandDocs::heading);
      if (spec.handler() != null) {
        row(group, spec);
        count++;
      }
      for (CommandSpec sub : spec.subcommands().values()) {
        row(group, sub);
        count++;
      }
    }
    groups.values().forEach(group -> out.append(group).append('\n'));
    return out.append(count).append(" commands and subcommands.\n").toString();
  }

  private static StringBuilder heading(CommandGroup group) {
    return new StringBuilder("## " + group.wireName() + "\n\n")
        .append("| command | since | what it does | complexity | flags | keys |\n")
        .append("| --- | --- | --- | --- | --- | --- |\n");
  }

  private static void row(StringBuilder out, CommandSpec spec) {
    String name = spec.fullName().replace('|', ' ').toUpperCase(Locale.ROOT);
    String flags =
        spec.flags().stream().sorted().map(CommandFlag::wireName).collect(Collectors.joining(" "));
    String keys =
        spec.firstKey() == 0 ? "" : spec.firstKey() + ", " + spec.lastKey() + ", " + spec.keyStep();
    if (spec.keyCountAt() > 0) {
      keys += (keys.isEmpty() ? "" : "; ") + "as many as word " + spec.keyCountAt() + " says";
    }
    out.append("| `")
        .append((name + " " + spec.arguments()).trim().replace("|", "\\|"))
        .append("` | ")
        .append(spec.since())
        .append(" | ")
        .append(spec.summary().replace("|", "\\|"))
        .append(" | ")
        .append(spec.complexity().replace("|", "\\|"))
        .append(" | ")
        .append(flags)
        .append(" | ")
        .append(keys)
        .append(" |\n");
  }
}
