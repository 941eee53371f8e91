package org.chronolith.server.command;

/** The groups of {@code COMMAND DOCS}. */
public enum CommandGroup {
  GENERIC("generic"),
  STRING("string"),
  LIST("list"),
  SET("set"),
  SORTED_SET("sorted-set"),
  HASH("hash"),
  GEO("geo"),
  BITMAP("bitmap"),
  HYPERLOGLOG("hyperloglog"),
  CONNECTION("connection"),
  SERVER("server"),
  TRANSACTIONS("transactions"),
  PUBSUB("pubsub"),
  SCRIPTING("scripting");

  private final String wireName;

  CommandGroup(String wireName) {
    this.wireName = wireName;
  }

  /** The name in {@code COMMAND DOCS}. */
  public String wireName() {
    return wireName;
  }
}
