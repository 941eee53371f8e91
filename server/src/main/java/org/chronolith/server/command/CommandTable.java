package org.chronolith.server.command;

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Collections;
import java.util.TreeMap;
import org.chronolith.engine.Slice;

/**
 * All commands by name. Built once at start, read-only after; the look-up ignores case and
 * allocates nothing.
 */
public final class CommandTable {
  private final TreeMap<String, CommandSpec> byName = new TreeMap<>();
  private final byte[][] names;
  private final CommandSpec[] specs;
  private final int mask;

  /**
   * @throws IllegalStateException when two declarations have the same name
   */
  public CommandTable(Collection<CommandSpec> declarations) {
    for (CommandSpec spec : declarations) {
      if (byName.put(spec.name(), spec) != null) {
        throw new IllegalStateException("command declared twice: " + spec.name());
      }
    }
    int capacity = Integer.highestOneBit(Math.max(16, byName.size() * 4)) * 2;
    names = new byte[capacity][];
    specs = new CommandSpec[capacity];
    mask = capacity - 1;
    for (CommandSpec spec : byName.values()) {
      byte[] name = spec.name().getBytes(StandardCharsets.US_ASCII);
      int hash = 0;
      for (byte b : name) {
        hash = hash * 31 + b;
      }
      int at = spread(hash) & mask;
      while (names[at] != null) {
        at = (at + 1) & mask;
      }
      names[at] = name;
      specs[at] = spec;
    }
  }

  /** The command of that name in any case, or null. */
  public CommandSpec find(Slice word) {
    int length = word.length();
    if (length == 0 || length > 64) {
      return null;
    }
    int hash = 0;
    for (int i = 0; i < length; i++) {
      hash = hash * 31 + lower(word.get(i));
    }
    int at = spread(hash) & mask;
    while (names[at] != null) {
      if (matches(names[at], word)) {
        return specs[at];
      }
      at = (at + 1) & mask;
    }
    return null;
  }

  /** The command of that lower-case name, or null. */
  public CommandSpec find(String name) {
    return byName.get(name);
  }

  /** All commands in order of their names. */
  public Collection<CommandSpec> all() {
    return Collections.unmodifiableCollection(byName.values());
  }

  private static boolean matches(byte[] name, Slice word) {
    if (name.length != word.length()) {
      return false;
    }
    for (int i = 0; i < name.length; i++) {
      if (name[i] != lower(word.get(i))) {
        return false;
      }
    }
    return true;
  }

  private static int spread(int hash) {
    return hash ^ (hash >>> 15);
  }

  private static byte lower(byte b) {
    return b >= 'A' && b <= 'Z' ? (byte) (b + 32) : b;
  }
}
