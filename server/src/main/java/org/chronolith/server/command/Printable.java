package org.chronolith.server.command;

/** What others have sent, in a form that fits into one line of a log or of {@code INFO}. */
public final class Printable {
  private static final int MOST_CHARACTERS = 64;

  private Printable() {}

  /** The beginning of {@code text}, with question marks for control characters. */
  public static String of(String text) {
    String cut = text.substring(0, Math.min(text.length(), MOST_CHARACTERS));
    return cut.replaceAll("\\p{Cntrl}", "?") + (cut.length() < text.length() ? "..." : "");
  }
}
