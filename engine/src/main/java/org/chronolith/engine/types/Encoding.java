package org.chronolith.engine.types;

/** The forms of a collection, as the keyspace's entries hold them. */
public final class Encoding {
  /** One compact list. */
  public static final int COMPACT = 0;

  /** A header with structures behind it. */
  public static final int LARGE = 1;

  private Encoding() {}
}
