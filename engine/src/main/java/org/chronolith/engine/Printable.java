package org.chronolith.engine;

/** What others have sent, in a form that fits into one line of a log or of {@code INFO}. */
public final class Printable {
  /** What goes on behind these is cut. */
  private static final int MOST_CHARACTERS = 100;

  private Printable() {}

  /** The beginning of the text that {@code bytes} are, as {@link #of(String)} has it. */
  public static String of(Slice bytes) {
    int shown = Math.min(bytes.length(), MOST_CHARACTERS + 1);
    return of(new Slice(bytes.buffer(), bytes.offset(), shown).toString());
  }

  /** The beginning of {@code text}, with question marks for control characters. */
  public static String of(String text) {
    String cut = text.substring(0, Math.min(text.length(), MOST_CHARACTERS));
    return cut.replaceAll("\\p{Cntrl}", "?") + (cut.length() < text.length() ? "..." : "");
  }
}
