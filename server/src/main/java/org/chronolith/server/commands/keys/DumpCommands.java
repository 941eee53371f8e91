package org.chronolith.server.commands.keys;

import static org.chronolith.server.command.CommandFlag.ASKING;
import static org.chronolith.server.command.CommandFlag.DENYOOM;
import static org.chronolith.server.command.CommandFlag.READONLY;
import static org.chronolith.server.command.CommandFlag.WRITE;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.rdb.RdbDump;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.write.Effects;

/**
 * DUMP, RESTORE and what Redis Cluster calls RESTORE-ASKING. A payload goes into the log as it
 * came, with its time made absolute.
 */
public final class DumpCommands {
  private static final byte[] ABSTTL = "ABSTTL".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] DEL = "DEL".getBytes(StandardCharsets.US_ASCII);
  private static final long MAX_FREQUENCY = 255;

  private static final CommandException BUSY_KEY =
      new CommandException("BUSYKEY Target key name already exists.");
  private static final CommandException BAD_TTL =
      new CommandException("ERR Invalid TTL value, must be >= 0");
  private static final CommandException BAD_IDLE_TIME =
      new CommandException("ERR Invalid IDLETIME value, must be >= 0");
  private static final CommandException BAD_FREQUENCY =
      new CommandException("ERR Invalid FREQ value, must be >= 0 and <= 255");
  private static final CommandException NOT_INTACT =
      new CommandException("ERR DUMP payload version or checksum are wrong");
  private static final CommandException BAD_FORMAT = new CommandException("ERR Bad data format");
  private static final CommandException TOO_LARGE =
      new CommandException(
          "ERR the value is too large for a payload of "
              + RdbDump.MAX_PAYLOAD_BYTES
              + " bytes, which is the most that a server takes");

  private DumpCommands() {}

  public static List<CommandSpec> all() {
    return List.of(
        CommandSpec.onKey(
                CommandGroup.GENERIC, "dump", 2, "2.6.0", "key", "The value of a key, serialised")
            .flags(READONLY)
            .complexity("O(N) where N is the number of elements")
            .handler(DumpCommands::dump)
            .build(),
        restore("restore", "2.6.0", "Make a key of what DUMP has given").build(),
        restore("restore-asking", "3.0.0", "The same as RESTORE").flags(ASKING).build());
  }

  private static CommandSpec.Builder restore(String name, String since, String summary) {
    return CommandSpec.onKey(
            CommandGroup.GENERIC,
            name,
            -4,
            since,
            "key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]",
            summary)
        .flags(WRITE, DENYOOM)
        .complexity("O(N) where N is the number of elements")
        .handler(DumpCommands::restore)
        .needs(DumpCommands::checkType);
  }

  private static RdbDump payloads(Call call) {
    return new RdbDump(call.dataset().strings(), call.dataset().collections());
  }

  private static void dump(Call call) {
    Database db = call.db();
    long entry = db.find(call.arg(1));
    if (entry == 0) {
      call.reply().nullBulk();
      return;
    }
    ByteBuf payload = PooledByteBufAllocator.DEFAULT.directBuffer();
    try {
      payloads(call).write(db, entry, payload);
      call.reply().bulk(payload, payload.readerIndex(), payload.readableBytes());
    } catch (RdbDump.TooLarge e) {
      throw TOO_LARGE;
    } finally {
      payload.release();
    }
  }

  private static void restore(Call call) {
    boolean replace = false;
    boolean absolute = false;
    boolean idleTime = false;
    boolean frequency = false;
    for (int i = 4; i < call.argc(); i++) {
      boolean hasValue = i + 1 < call.argc();
      if (call.is(i, "replace")) {
        replace = true;
      } else if (call.is(i, "absttl")) {
        absolute = true;
      } else if (call.is(i, "idletime") && hasValue && !frequency) {
        idleTime = true;
        if (call.integer(++i) < 0) {
          throw BAD_IDLE_TIME;
        }
      } else if (call.is(i, "freq") && hasValue && !idleTime) {
        frequency = true;
        long value = call.integer(++i);
        if (value < 0 || value > MAX_FREQUENCY) {
          throw BAD_FREQUENCY;
        }
      } else {
        throw CommandException.SYNTAX;
      }
    }
    boolean replaced = call.db().find(call.arg(1)) != 0;
    if (replaced && !replace) {
      throw BUSY_KEY;
    }
    long ttl = call.integer(2);
    if (ttl < 0) {
      throw BAD_TTL;
    }
    read(call);
    if (ttl == 0) {
      call.propagate();
    } else {
      // The sum of very large numbers is in the past, as it is for Redis.
      expire(call, absolute ? ttl : ttl + call.nowMs(), absolute, replaced);
    }
    call.reply().ok();
  }

  private static void checkType(Call call) {
    String missing = RdbDump.missing(call.arg(3));
    if (missing != null) {
      throw new CommandException("ERR " + missing);
    }
  }

  private static void read(Call call) {
    Slice payload = call.arg(3);
    if (!RdbDump.isIntact(payload)) {
      throw NOT_INTACT;
    }
    try {
      payloads(call).restore(call.db(), call.arg(1), payload);
    } catch (EngineException e) {
      throw e.severity() == EngineException.Severity.CORRUPTION
          ? BAD_FORMAT
          : new CommandException("ERR " + e.getMessage());
    }
  }

  /** Gives the restored key its time. If that has passed, there is no key, nor was there one. */
  private static void expire(Call call, long atMs, boolean absolute, boolean replaced) {
    Database db = call.db();
    Slice key = call.arg(1);
    if (atMs <= call.nowMs() && !call.applying()) {
      db.delete(db.find(key));
      Effects effect = replaced ? call.effect(2) : null;
      if (effect != null) {
        effect.word(DEL).word(key);
      }
      return;
    }
    db.expireAt(db.find(key), Math.max(0, atMs));
    if (absolute) {
      call.propagate();
      return;
    }
    Effects effect = call.effect(call.argc() + 1);
    if (effect == null) {
      return;
    }
    effect.word(call.arg(0)).word(key).word(atMs);
    for (int i = 3; i < call.argc(); i++) {
      effect.word(call.arg(i));
    }
    effect.word(ABSTTL);
  }
}
