package org.chronolith.bench.tutorial;

import java.util.ArrayList;
import java.util.List;

/** What a reader of the tutorial does, in order: the fenced blocks of its Markdown page. */
final class TutorialPage {

  private static final String FENCE = "```";
  private static final String PROMPT = "$ ";

  private TutorialPage() {}

  /** One thing to do. */
  sealed interface Step permits ConfigFile, Command {}

  /** A {@code conf} block: its first line names the file in a comment. */
  record ConfigFile(String path, String text) implements Step {}

  /**
   * A line of a {@code console} block that starts with a prompt.
   *
   * @param line its number on the page, for messages
   * @param expected the lines that follow it
   */
  record Command(int line, String text, List<String> expected) implements Step {}

  /**
   * @throws IllegalArgumentException naming the line of a block that cannot be understood
   */
  static List<Step> parse(List<String> page) {
    List<Step> steps = new ArrayList<>();
    int next = 0;
    while (next < page.size()) {
      String line = page.get(next++);
      if (line.startsWith(FENCE)) {
        int end = next;
        while (end < page.size() && !page.get(end).equals(FENCE)) {
          end++;
        }
        if (end == page.size()) {
          throw new IllegalArgumentException("line " + next + ": the block is not closed");
        }
        addBlock(line.substring(FENCE.length()), next, page.subList(next, end), steps);
        next = end + 1;
      }
    }
    return steps;
  }

  private static void addBlock(String kind, int offset, List<String> block, List<Step> steps) {
    switch (kind) {
      case "conf" -> steps.add(configFile(offset, block));
      case "console" -> addCommands(offset, block, steps);
      default -> throw new IllegalArgumentException("line " + offset + ": block of kind " + kind);
    }
  }

  private static ConfigFile configFile(int offset, List<String> block) {
    if (block.isEmpty() || !block.get(0).startsWith("# ")) {
      throw new IllegalArgumentException("line " + offset + ": no comment names the file");
    }
    return new ConfigFile(block.get(0).substring(2), String.join("\n", block) + "\n");
  }

  private static void addCommands(int offset, List<String> block, List<Step> steps) {
    int next = 0;
    while (next < block.size()) {
      String line = block.get(next);
      if (!line.startsWith(PROMPT)) {
        throw new IllegalArgumentException(
            "line " + (offset + next + 1) + ": output that no command printed");
      }
      int end = next + 1;
      while (end < block.size() && !block.get(end).startsWith(PROMPT)) {
        end++;
      }
      List<String> expected = List.copyOf(block.subList(next + 1, end));
      steps.add(new Command(offset + next + 1, line.substring(PROMPT.length()), expected));
      next = end;
    }
  }
}
