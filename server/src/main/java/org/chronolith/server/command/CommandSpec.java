package org.chronolith.server.command;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The declaration of one command, or of one subcommand. Gates, {@code COMMAND}, key extraction,
 * {@code INFO commandstats} and {@code docs/commands.md} all come from it. Built once at start and
 * immutable after, but for its {@link #stats()}.
 */
public final class CommandSpec {
  private final String name;
  private final String fullName;
  private final int arity;
  private final Set<CommandFlag> flags;
  private final int firstKey;
  private final int lastKey;
  private final int keyStep;
  private final int keyCountAt;
  private final List<String> storeWords;
  private final CommandGroup group;
  private final String since;
  private final String summary;
  private final String arguments;
  private final String complexity;
  private final Handler handler;
  private final EffectEstimate effectEstimate;
  private final Predicate<Call> relays;
  private final Handler needs;
  private final Map<String, CommandSpec> subcommands;
  private final CommandStats stats = new CommandStats();
  private final boolean write;
  private final boolean readOnly;
  private final boolean denyOom;
  private final boolean noAuth;
  private final boolean loading;
  private final boolean stale;
  private final boolean noMulti;
  private final boolean exec;
  private final boolean select;

  private CommandSpec(Builder b, String parent) {
    name = b.name;
    fullName = parent == null ? b.name : parent + "|" + b.name;
    arity = b.arity;
    flags = Set.copyOf(b.flags);
    firstKey = b.firstKey;
    lastKey = b.lastKey;
    keyStep = b.keyStep;
    keyCountAt = b.keyCountAt;
    storeWords = b.storeWords;
    group = b.group;
    since = b.since;
    summary = b.summary;
    arguments = b.arguments;
    complexity = b.complexity;
    handler = b.handler;
    effectEstimate = b.effectEstimate;
    relays = b.relays;
    needs = b.needs;
    Map<String, CommandSpec> subs = new LinkedHashMap<>();
    for (Builder sub : b.subcommands) {
      if (sub.group == null) {
        sub.group = b.group;
      }
      subs.put(sub.name, new CommandSpec(sub, b.name));
    }
    subcommands = java.util.Collections.unmodifiableMap(subs);
    write = flags.contains(CommandFlag.WRITE);
    readOnly = flags.contains(CommandFlag.READONLY);
    denyOom = flags.contains(CommandFlag.DENYOOM);
    noAuth = flags.contains(CommandFlag.NO_AUTH);
    loading = flags.contains(CommandFlag.LOADING);
    stale = flags.contains(CommandFlag.STALE);
    noMulti = flags.contains(CommandFlag.NO_MULTI);
    exec = name.equals("exec");
    select = name.equals("select") && parent == null;
    if (group == null || since == null || summary == null) {
      throw new IllegalStateException(fullName + ": group, since and summary are required");
    }
    if (handler == null && subcommands.isEmpty()) {
      throw new IllegalStateException(fullName + ": a handler or subcommands are required");
    }
    if (arity == 0) {
      throw new IllegalStateException(fullName + ": arity is required");
    }
  }

  /** Starts a declaration; {@code name} is lower-cased. */
  public static Builder named(String name) {
    return new Builder(name.toLowerCase(Locale.ROOT));
  }

  /**
   * Starts the declaration of a command on one key, which is its second word.
   *
   * @param arity words including the name; negative: at least
   * @param since the Redis version that brought it, such as {@code 2.6.0}
   * @param arguments in the notation of manuals, such as {@code key value [NX | XX]}
   */
  public static Builder onKey(
      CommandGroup group, String name, int arity, String since, String arguments, String summary) {
    return named(name)
        .arity(arity)
        .keys(1, 1, 1)
        .group(group)
        .since(since)
        .arguments(arguments)
        .summary(summary);
  }

  /** Lower-case name, for a subcommand its own word only. */
  public String name() {
    return name;
  }

  /** Name as {@code COMMAND} gives it: {@code client|list} for a subcommand. */
  public String fullName() {
    return fullName;
  }

  /** Number of words, itself included; negative: at least so many. */
  public int arity() {
    return arity;
  }

  public Set<CommandFlag> flags() {
    return flags;
  }

  /** Index of the first key, 0 when there is none. */
  public int firstKey() {
    return firstKey;
  }

  /** Index of the last key; negative: from the end. */
  public int lastKey() {
    return lastKey;
  }

  public int keyStep() {
    return keyStep;
  }

  /** Index of the word that says how many keys follow it, 0 when there is none. */
  public int keyCountAt() {
    return keyCountAt;
  }

  /** Words, in lower case, that may stand before one more key: {@code STORE key}. */
  public List<String> storeWords() {
    return storeWords;
  }

  public CommandGroup group() {
    return group;
  }

  /** The Redis version that brought it, such as {@code 2.6.0}. */
  public String since() {
    return since;
  }

  public String summary() {
    return summary;
  }

  /** The arguments in the notation of manuals, such as {@code key value [NX | XX]}. */
  public String arguments() {
    return arguments;
  }

  public String complexity() {
    return complexity;
  }

  public Handler handler() {
    return handler;
  }

  /** Null if its effects are no larger than its request. */
  public EffectEstimate effectEstimate() {
    return effectEstimate;
  }

  /** Subcommands by lower-case word, in order of declaration; empty for most. */
  public Map<String, CommandSpec> subcommands() {
    return subcommands;
  }

  public CommandStats stats() {
    return stats;
  }

  public boolean isWrite() {
    return write;
  }

  /** Whether it reads keys and changes none. */
  public boolean isReadOnly() {
    return readOnly;
  }

  /** Whether some requests of it go into the stream although they write nothing. */
  public boolean mayRelay() {
    return relays != null;
  }

  /** Whether this request goes into the stream although it writes nothing. */
  boolean relays(Call call) {
    return relays != null && relays.test(call);
  }

  /** What of a stream's command is checked before anything of its unit is applied; or null. */
  Handler needs() {
    return needs;
  }

  public boolean isDenyOom() {
    return denyOom;
  }

  public boolean isNoAuth() {
    return noAuth;
  }

  public boolean isLoading() {
    return loading;
  }

  public boolean isStale() {
    return stale;
  }

  public boolean isNoMulti() {
    return noMulti;
  }

  /** Whether it runs the commands of a transaction, so that their properties are its own. */
  public boolean isExec() {
    return exec;
  }

  /** Whether it is {@code SELECT}: what is queued behind it is of another database. */
  public boolean isSelect() {
    return select;
  }

  /** Whether {@code words} (the command's own name included) satisfies the arity. */
  public boolean accepts(int words) {
    return arity > 0 ? words == arity : words >= -arity;
  }

  /** Collects a declaration. */
  public static final class Builder {
    private final String name;
    private int arity;
    private final EnumSet<CommandFlag> flags = EnumSet.noneOf(CommandFlag.class);
    private int firstKey;
    private int lastKey;
    private int keyStep;
    private int keyCountAt;
    private List<String> storeWords = List.of();
    private CommandGroup group;
    private String since;
    private String summary;
    private String arguments = "";
    private String complexity = "O(1)";
    private Handler handler;
    private EffectEstimate effectEstimate;
    private Predicate<Call> relays;
    private Handler needs;
    private final List<Builder> subcommands = new ArrayList<>();

    private Builder(String name) {
      this.name = name;
    }

    /** Words including the name; negative: at least. */
    public Builder arity(int words) {
      arity = words;
      return this;
    }

    public Builder flags(CommandFlag... values) {
      flags.addAll(List.of(values));
      return this;
    }

    /** First key's index, last key's index (negative: from the end), and the step between keys. */
    public Builder keys(int first, int last, int step) {
      firstKey = first;
      lastKey = last;
      keyStep = step;
      return this;
    }

    /**
     * Index of a word that says how many keys follow it, as in {@code ZUNION numkeys key [key
     * ...]}; those of {@link #keys} are keys besides.
     */
    public Builder keyCount(int at) {
      keyCountAt = at;
      flags.add(CommandFlag.MOVABLEKEYS);
      return this;
    }

    /** Words, in lower case, that may stand before one more key. The last one counts. */
    public Builder storeKey(String... words) {
      storeWords = List.of(words);
      return this;
    }

    public Builder group(CommandGroup value) {
      group = value;
      return this;
    }

    public Builder since(String version) {
      since = version;
      return this;
    }

    public Builder summary(String text) {
      summary = text;
      return this;
    }

    public Builder arguments(String text) {
      arguments = text;
      return this;
    }

    public Builder complexity(String text) {
      complexity = text;
      return this;
    }

    public Builder handler(Handler value) {
      handler = value;
      return this;
    }

    /** Of a command whose effects may be far larger than its request. */
    public Builder effectEstimate(EffectEstimate value) {
      effectEstimate = value;
      return this;
    }

    /**
     * Of a command that writes nothing but may go into the stream, so that it waits while writes
     * are paused: which requests do.
     */
    public Builder relays(Predicate<Call> value) {
      relays = value;
      return this;
    }

    /**
     * Of a command that a master may run and this server cannot: throws its error, by its words
     * alone. Keys are not looked at.
     */
    public Builder needs(Handler value) {
      needs = value;
      return this;
    }

    /**
     * Adds a subcommand. The parent needs no handler then; if it has one, it runs when the request
     * has no second word.
     */
    public Builder subcommand(Builder value) {
      subcommands.add(value);
      return this;
    }

    public CommandSpec build() {
      return new CommandSpec(this, null);
    }
  }
}
