package org.chronolith.server.commands.keys;

import static org.chronolith.server.command.CommandFlag.FAST;
import static org.chronolith.server.command.CommandFlag.READONLY;
import static org.chronolith.server.command.CommandFlag.WRITE;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.write.Effects;

/**
 * EXPIRE, TTL and their like. Whatever the request says, its effect has an absolute time: {@code
 * PEXPIREAT key ms}, or {@code DEL key} when that time has passed already.
 */
public final class ExpiryCommands {
  private static final byte[] PEXPIREAT = "PEXPIREAT".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] DEL = "DEL".getBytes(StandardCharsets.US_ASCII);
  private static final CommandException NX_AND_OTHERS =
      new CommandException("ERR NX and XX, GT or LT options at the same time are not compatible");
  private static final CommandException GT_AND_LT =
      new CommandException("ERR GT and LT options at the same time are not compatible");

  /** What the time of an EXPIRE-like command means. */
  private record Form(boolean seconds, boolean absolute) {}

  private ExpiryCommands() {}

  public static List<CommandSpec> all() {
    return List.of(
        set("expire", "1.0.0", "seconds", new Form(true, false), "Expire a key in seconds"),
        set("pexpire", "2.6.0", "milliseconds", new Form(false, false), "Expire a key in ms"),
        set(
            "expireat",
            "1.2.0",
            "unix-time-seconds",
            new Form(true, true),
            "Expire a key at a Unix time in seconds"),
        set(
            "pexpireat",
            "2.6.0",
            "unix-time-milliseconds",
            new Form(false, true),
            "Expire a key at a Unix time in ms"),
        get("ttl", "1.0.0", new Form(true, false), "Seconds until a key expires"),
        get("pttl", "2.6.0", new Form(false, false), "Milliseconds until a key expires"),
        get("expiretime", "7.0.0", new Form(true, true), "Unix time in seconds of the expiry"),
        get("pexpiretime", "7.0.0", new Form(false, true), "Unix time in ms of the expiry"),
        CommandSpec.named("persist")
            .arity(2)
            .flags(WRITE, FAST)
            .keys(1, 1, 1)
            .group(CommandGroup.GENERIC)
            .since("2.2.0")
            .arguments("key")
            .summary("Remove a key's expiry")
            .handler(ExpiryCommands::persist)
            .build());
  }

  private static CommandSpec set(
      String name, String since, String unit, Form form, String summary) {
    return CommandSpec.named(name)
        .arity(-3)
        .flags(WRITE, FAST)
        .keys(1, 1, 1)
        .group(CommandGroup.GENERIC)
        .since(since)
        .arguments("key " + unit + " [NX | XX | GT | LT]")
        .summary(summary)
        .handler(call -> expire(call, form))
        .build();
  }

  private static CommandSpec get(String name, String since, Form form, String summary) {
    return CommandSpec.named(name)
        .arity(2)
        .flags(READONLY, FAST)
        .keys(1, 1, 1)
        .group(CommandGroup.GENERIC)
        .since(since)
        .arguments("key")
        .summary(summary)
        .handler(call -> ttl(call, form))
        .build();
  }

  private static void expire(Call call, Form form) {
    boolean nx = false;
    boolean xx = false;
    boolean gt = false;
    boolean lt = false;
    for (int i = 3; i < call.argc(); i++) {
      if (call.is(i, "nx")) {
        nx = true;
      } else if (call.is(i, "xx")) {
        xx = true;
      } else if (call.is(i, "gt")) {
        gt = true;
      } else if (call.is(i, "lt")) {
        lt = true;
      } else {
        throw new CommandException("ERR Unsupported option " + call.text(i));
      }
    }
    if (nx && (xx || gt || lt)) {
      throw NX_AND_OTHERS;
    }
    if (gt && lt) {
      throw GT_AND_LT;
    }
    long whenMs = ExpiryTimes.absoluteMs(call, call.integer(2), form.seconds, form.absolute);
    Database db = call.db();
    long entry = db.find(call.arg(1));
    if (entry == 0 || refused(db.expireAtMs(entry), whenMs, nx, xx, gt, lt)) {
      call.reply().integer(0);
      return;
    }
    if (whenMs <= call.nowMs() && !call.applying()) {
      db.delete(entry);
      Effects effects = call.effect(2);
      if (effects != null) {
        effects.word(DEL).word(call.arg(1));
      }
    } else {
      db.expireAt(entry, Math.max(0, whenMs));
      Effects effects = call.effect(3);
      if (effects != null) {
        effects.word(PEXPIREAT).word(call.arg(1)).word(whenMs);
      }
    }
    call.reply().integer(1);
  }

  private static boolean refused(
      long currentMs, long whenMs, boolean nx, boolean xx, boolean gt, boolean lt) {
    if (nx) {
      return currentMs >= 0;
    }
    if (xx && currentMs < 0) {
      return true;
    }
    // A key without expiry counts as one that never expires.
    if (gt && (currentMs < 0 || whenMs <= currentMs)) {
      return true;
    }
    return lt && currentMs >= 0 && whenMs >= currentMs;
  }

  private static void ttl(Call call, Form form) {
    Database db = call.db();
    long entry = db.find(call.arg(1));
    if (entry == 0) {
      call.reply().integer(-2);
      return;
    }
    long whenMs = db.expireAtMs(entry);
    if (whenMs < 0) {
      call.reply().integer(-1);
      return;
    }
    long ms = form.absolute ? whenMs : Math.max(0, whenMs - call.nowMs());
    call.reply().integer(form.seconds ? (ms + 500) / 1000 : ms);
  }

  private static void persist(Call call) {
    Database db = call.db();
    long entry = db.find(call.arg(1));
    if (entry == 0 || db.expireAtMs(entry) < 0) {
      call.reply().integer(0);
      return;
    }
    db.expireAt(entry, -1);
    call.propagate();
    call.reply().integer(1);
  }
}
