package org.chronolith.server.commands.strings;

import static org.chronolith.server.command.CommandFlag.DENYOOM;
import static org.chronolith.server.command.CommandFlag.FAST;
import static org.chronolith.server.command.CommandFlag.READONLY;
import static org.chronolith.server.command.CommandFlag.WRITE;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.types.string.Strings;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandFlag;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.command.Handler;
import org.chronolith.server.commands.keys.ExpiryTimes;
import org.chronolith.server.write.Effects;

/** SET, GET and the commands that are put together from them. */
public final class StringCommands {
  private static final byte[] SET = ascii("SET");
  private static final byte[] DEL = ascii("DEL");
  private static final byte[] PXAT = ascii("PXAT");
  private static final byte[] PERSIST = ascii("PERSIST");
  private static final byte[] PEXPIREAT = ascii("PEXPIREAT");

  private final SetOptions options = new SetOptions();

  public List<CommandSpec> all() {
    return List.of(
        spec(
            "set",
            -3,
            "1.0.0",
            "key value [NX | XX] [GET] [EX seconds | PX milliseconds |"
                + " EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]",
            "Set a key to a string",
            this::set,
            WRITE,
            DENYOOM),
        spec(
            "get",
            2,
            "1.0.0",
            "key",
            "The string value of a key",
            StringCommands::get,
            READONLY,
            FAST),
        spec(
            "getex",
            -2,
            "6.2.0",
            "key [EX seconds | PX milliseconds | EXAT unix-time-seconds |"
                + " PXAT unix-time-milliseconds | PERSIST]",
            "The string value of a key, changing its expiry",
            this::getex,
            WRITE,
            FAST),
        spec(
            "getdel",
            2,
            "6.2.0",
            "key",
            "The string value of a key, deleting it",
            StringCommands::getdel,
            WRITE,
            FAST),
        spec(
            "getset",
            3,
            "1.0.0",
            "key value",
            "Set a key and return what it had",
            StringCommands::getset,
            WRITE,
            DENYOOM,
            FAST),
        spec(
            "setnx",
            3,
            "1.0.0",
            "key value",
            "Set a key that does not exist",
            StringCommands::setnx,
            WRITE,
            DENYOOM,
            FAST),
        spec(
            "setex",
            4,
            "2.0.0",
            "key seconds value",
            "Set a key with an expiry in seconds",
            call -> setex(call, true),
            WRITE,
            DENYOOM),
        spec(
            "psetex",
            4,
            "2.6.0",
            "key milliseconds value",
            "Set a key with an expiry in ms",
            call -> setex(call, false),
            WRITE,
            DENYOOM),
        many(
            "mset",
            -3,
            "1.0.1",
            "key value [key value ...]",
            "Set several keys",
            2,
            call -> mset(call, false),
            WRITE,
            DENYOOM),
        many(
            "msetnx",
            -3,
            "1.0.1",
            "key value [key value ...]",
            "Set several keys if none of them exists",
            2,
            call -> mset(call, true),
            WRITE,
            DENYOOM),
        many(
            "mget",
            -2,
            "1.0.0",
            "key [key ...]",
            "The string values of several keys",
            1,
            StringCommands::mget,
            READONLY,
            FAST),
        spec(
            "strlen",
            2,
            "2.2.0",
            "key",
            "Length of a string",
            StringCommands::strlen,
            READONLY,
            FAST));
  }

  private static CommandSpec spec(
      String name,
      int arity,
      String since,
      String arguments,
      String summary,
      Handler handler,
      CommandFlag... flags) {
    return CommandSpec.onKey(CommandGroup.STRING, name, arity, since, arguments, summary)
        .flags(flags)
        .handler(handler)
        .build();
  }

  private static CommandSpec many(
      String name,
      int arity,
      String since,
      String arguments,
      String summary,
      int step,
      Handler handler,
      CommandFlag... flags) {
    return CommandSpec.onKey(CommandGroup.STRING, name, arity, since, arguments, summary)
        .keys(1, -1, step)
        .flags(flags)
        .complexity("O(N) where N is the number of keys")
        .handler(handler)
        .build();
  }

  private void set(Call call) {
    Database db = call.db();
    if (call.argc() == 3) {
      call.dataset().strings().set(db, call.arg(1), call.arg(2), false);
      call.propagate();
      call.reply().ok();
      return;
    }
    options.read(call, 3, true);
    if (options.get) {
      StringAccess.reply(call, db, StringAccess.find(db, call.arg(1)));
    }
    boolean found = db.find(call.arg(1)) != 0;
    if (options.nx && found || options.xx && !found) {
      if (!options.get) {
        call.reply().nullBulk();
      }
      return;
    }
    store(call, call.arg(2), options.expireAtMs, options.keepTtl);
    if (options.expireAtMs < 0 && !options.get) {
      call.propagate();
    } else {
      propagateSet(call, call.arg(2), options.expireAtMs, options.keepTtl);
    }
    if (!options.get) {
      call.reply().ok();
    }
  }

  private static void store(Call call, Slice value, long expireAtMs, boolean keepTtl) {
    Database db = call.db();
    long entry = call.dataset().strings().set(db, call.arg(1), value, keepTtl);
    if (expireAtMs >= 0) {
      db.expireAt(entry, expireAtMs);
    }
  }

  private static void propagateSet(Call call, Slice value, long expireAtMs, boolean keepTtl) {
    Effects effects = call.effect(3 + (expireAtMs >= 0 ? 2 : 0) + (keepTtl ? 1 : 0));
    if (effects == null) {
      return;
    }
    effects.word(SET).word(call.arg(1)).word(value);
    if (expireAtMs >= 0) {
      effects.word(PXAT).word(expireAtMs);
    }
    if (keepTtl) {
      effects.word(KEEPTTL);
    }
  }

  static final byte[] KEEPTTL = ascii("KEEPTTL");

  private static void get(Call call) {
    Database db = call.db();
    StringAccess.reply(call, db, StringAccess.find(db, call.arg(1)));
  }

  private void getex(Call call) {
    options.read(call, 2, false);
    Database db = call.db();
    long entry = StringAccess.find(db, call.arg(1));
    StringAccess.reply(call, db, entry);
    if (entry == 0) {
      return;
    }
    if (options.expireAtMs >= 0) {
      boolean past = options.absolute && options.expireAtMs <= call.nowMs() && !call.applying();
      if (past) {
        deleted(call, entry);
        return;
      }
      db.expireAt(entry, options.expireAtMs);
      Effects effects = call.effect(3);
      if (effects != null) {
        effects.word(PEXPIREAT).word(call.arg(1)).word(options.expireAtMs);
      }
    } else if (options.persist && db.expireAtMs(entry) >= 0) {
      db.expireAt(entry, -1);
      Effects effects = call.effect(2);
      if (effects != null) {
        effects.word(PERSIST).word(call.arg(1));
      }
    }
  }

  private static void getdel(Call call) {
    Database db = call.db();
    long entry = StringAccess.find(db, call.arg(1));
    StringAccess.reply(call, db, entry);
    if (entry != 0) {
      deleted(call, entry);
    }
  }

  private static void deleted(Call call, long entry) {
    call.db().delete(entry);
    Effects effects = call.effect(2);
    if (effects != null) {
      effects.word(DEL).word(call.arg(1));
    }
  }

  private static void getset(Call call) {
    Database db = call.db();
    StringAccess.reply(call, db, StringAccess.find(db, call.arg(1)));
    store(call, call.arg(2), -1, false);
    propagateSet(call, call.arg(2), -1, false);
  }

  private static void setnx(Call call) {
    if (call.db().find(call.arg(1)) != 0) {
      call.reply().integer(0);
      return;
    }
    store(call, call.arg(2), -1, false);
    call.propagate();
    call.reply().integer(1);
  }

  private static void setex(Call call, boolean seconds) {
    long expireAtMs = ExpiryTimes.positiveAbsoluteMs(call, call.integer(2), seconds, false);
    store(call, call.arg(3), expireAtMs, false);
    propagateSet(call, call.arg(3), expireAtMs, false);
    call.reply().ok();
  }

  private static void mset(Call call, boolean onlyNew) {
    if (call.argc() % 2 == 0) {
      throw new CommandException(
          "ERR wrong number of arguments for '" + call.spec().name() + "' command");
    }
    Database db = call.db();
    if (onlyNew) {
      for (int i = 1; i < call.argc(); i += 2) {
        if (db.find(call.arg(i)) != 0) {
          call.reply().integer(0);
          return;
        }
      }
    }
    Strings strings = call.dataset().strings();
    for (int i = 1; i < call.argc(); i += 2) {
      strings.set(db, call.arg(i), call.arg(i + 1), false);
    }
    call.propagate();
    call.changes((call.argc() - 1) / 2 - 1);
    if (onlyNew) {
      call.reply().integer(1);
    } else {
      call.reply().ok();
    }
  }

  private static void mget(Call call) {
    Database db = call.db();
    call.reply().array(call.argc() - 1);
    for (int i = 1; i < call.argc(); i++) {
      long entry = db.find(call.arg(i));
      boolean string =
          entry != 0 && db.type(entry) == org.chronolith.engine.keyspace.ValueType.STRING;
      StringAccess.reply(call, db, string ? entry : 0);
    }
  }

  private static void strlen(Call call) {
    Database db = call.db();
    long entry = StringAccess.find(db, call.arg(1));
    call.reply().integer(entry == 0 ? 0 : call.dataset().strings().length(db, entry));
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
