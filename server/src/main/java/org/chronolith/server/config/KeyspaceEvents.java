package org.chronolith.server.config;

import java.util.List;

/** {@code notify-keyspace-events}: a set of class letters, printed in Redis's order. */
final class KeyspaceEvents implements ValueType<String> {

  private static final String ALL = "g$lshzxetd";

  @Override
  public String parse(String earlier, boolean append, List<String> words) throws BadValueException {
    String word = words.get(0);
    for (int i = 0; i < word.length(); i++) {
      if ("Ag$lshzxeKEtmdn".indexOf(word.charAt(i)) < 0) {
        throw new BadValueException("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
      }
    }
    boolean all = has(word, 'A') || ALL.chars().allMatch(c -> has(word, (char) c));
    StringBuilder printed = new StringBuilder(all ? "A" : "");
    for (char c : (all ? "KEmn" : "g$lshzxetdKEmn").toCharArray()) {
      if (has(word, c)) {
        printed.append(c);
      }
    }
    return printed.toString();
  }

  private static boolean has(String word, char c) {
    return word.indexOf(c) >= 0;
  }

  @Override
  public String format(String value) {
    return value;
  }

  @Override
  public List<String> fileLines(String value) {
    return List.of(Words.quote(value));
  }

  @Override
  public String describe() {
    return "letters of `Ag$lshzxeKEtmdn`, or `\"\"` for none";
  }
}
