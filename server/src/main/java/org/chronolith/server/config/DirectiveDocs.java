package org.chronolith.server.config;

import java.util.ArrayList;
import java.util.List;

/** Writes {@code docs/configuration.md} from the declarations. */
final class DirectiveDocs {

  private DirectiveDocs() {}

  static String markdown() {
    StringBuilder out = new StringBuilder();
    out.append(
        """
        # Configuration

        <!-- Generated from the declarations in org.chronolith.server.config. After a change there:
             mvn -pl server -am test -Dtest=DirectiveDocsTest -Dchronolith.docs.update=true -->

        A configuration file has redis.conf's syntax: one directive a line, `#` starts a comment line,
        values with blanks are quoted (`"…"` with `\\n \\r \\t \\b \\a \\xHH`, or `'…'`), and
        `include <file or pattern>` reads another file in place. A later line wins over an earlier one.
        Sizes take units: `1k` is 1000 bytes, `1kb` is 1024, and so on for `m mb g gb`.

        ```
        bin/chronolith server [file.conf | -] [--directive value ...]
        ```

        `-` reads a configuration from standard input. Options on the command line win over the file:
        `--save "" --port 6380 --replicaof 127.0.0.1 6379`.

        An unknown directive or a bad value stops the start, with the file, the line and the reason.
        A directive marked *yes* under CONFIG SET can change while the server runs; several in one
        command change together or not at all. `CONFIG REWRITE` writes the values in effect back to
        the file, and keeps its comments and order.
        """);
    for (Directives.Section section : Directives.SECTIONS) {
      section(out, section);
    }
    out.append(
        """

        ## Not supported

        `user`, `rename-command` and `loadmodule` stop the start, as does a value other than the
        default for a directive above that says so: following them silently in part would be worse.
        """);
    return out.toString();
  }

  private static void section(StringBuilder out, Directives.Section section) {
    out.append("\n## ").append(section.title()).append('\n');
    if (section.directives().stream().noneMatch(Directive::effective)) {
      out.append(
          """

          Directives of Redis that have no meaning here. They are checked, kept for `CONFIG GET`, and
          cost one warning line each when given.

          | directive | value | default | why |
          | --- | --- | --- | --- |
          """);
      for (Directive<?> directive : section.directives()) {
        row(out, List.of(names(directive), values(directive), shown(directive), why(directive)));
      }
      return;
    }
    out.append(
        """

        | directive | value | default | CONFIG SET | meaning |
        | --- | --- | --- | --- | --- |
        """);
    for (Directive<?> directive : section.directives()) {
      boolean mutable = directive.mutability() == Directive.Mutability.MUTABLE;
      row(
          out,
          List.of(
              names(directive),
              values(directive),
              shown(directive),
              mutable ? "yes" : "no",
              directive.doc() + (directive.isOurs() ? " *Not in Redis 7.0.*" : "")));
    }
  }

  private static void row(StringBuilder out, List<String> cells) {
    out.append("| ").append(String.join(" | ", cells)).append(" |\n");
  }

  private static String names(Directive<?> directive) {
    List<String> names = new ArrayList<>(directive.aliases());
    names.add(0, directive.name());
    return "`" + String.join("`, `", names) + "`";
  }

  private static String values(Directive<?> directive) {
    return directive.type().describe().replace("|", "\\|");
  }

  private static String why(Directive<?> directive) {
    return (directive.onlyDefault() ? "Only the default: " : "") + directive.doc();
  }

  private static <T> String shown(Directive<T> directive) {
    if (directive == PersistenceDirectives.DIR) {
      return "`./data`";
    }
    String text = directive.type().format(directive.defaultValue());
    return "`" + (text.isEmpty() ? "\"\"" : text) + "`";
  }
}
