package org.chronolith.server.commands.geo;

import static org.chronolith.server.command.CommandFlag.DENYOOM;
import static org.chronolith.server.command.CommandFlag.READONLY;
import static org.chronolith.server.command.CommandFlag.WRITE;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.chronolith.engine.types.zset.ZsetValue;
import org.chronolith.network.RespWriter;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.write.Effects;

/** GEOADD, GEOPOS, GEODIST, GEOHASH; see {@link GeoSearchCommands}. */
public final class GeoCommands {
  private static final byte[] ZADD = "ZADD".getBytes(StandardCharsets.US_ASCII);

  private GeoCommands() {}

  public static List<CommandSpec> all() {
    return List.of(
        spec(
                "geoadd",
                -5,
                "3.2.0",
                "key [NX | XX] [CH] longitude latitude member [longitude latitude member ...]",
                "Add members with their places to a sorted set, or move them")
            .flags(WRITE, DENYOOM)
            .complexity("O(log(N)) for each member")
            .handler(GeoCommands::add)
            .build(),
        spec("geopos", -2, "3.2.0", "key [member [member ...]]", "The places of members")
            .flags(READONLY)
            .handler(GeoCommands::places)
            .build(),
        spec(
                "geodist",
                -4,
                "3.2.0",
                "key member1 member2 [M | KM | FT | MI]",
                "The distance between two members")
            .flags(READONLY)
            .handler(GeoCommands::distance)
            .build(),
        spec("geohash", -2, "3.2.0", "key [member [member ...]]", "The geohashes of members")
            .flags(READONLY)
            .handler(GeoCommands::texts)
            .build());
  }

  static CommandSpec.Builder spec(
      String name, int arity, String since, String arguments, String summary) {
    return CommandSpec.onKey(CommandGroup.GEO, name, arity, since, arguments, summary)
        .complexity("O(1) for each member");
  }

  /** As Redis does, this is a {@code ZADD} of the scores, and is logged as one. */
  private static void add(Call call) {
    boolean onlyNew = false;
    boolean onlyThere = false;
    boolean countsChanged = false;
    int first = 2;
    for (; first < call.argc(); first++) {
      if (call.is(first, "nx")) {
        onlyNew = true;
      } else if (call.is(first, "xx")) {
        onlyThere = true;
      } else if (call.is(first, "ch")) {
        countsChanged = true;
      } else {
        break;
      }
    }
    int words = call.argc() - first;
    if (words == 0 || words % 3 != 0 || onlyNew && onlyThere) {
      throw CommandException.SYNTAX;
    }
    // All places are read before the first change: an error must leave nothing behind.
    for (int i = first; i < call.argc(); i += 3) {
      score(call, i);
    }
    ZsetValue zset = zset(call, 1);
    long added = 0;
    long moved = 0;
    for (int i = first; i < call.argc(); i += 3) {
      double score = score(call, i);
      double old = zset.score(call.arg(i + 2));
      if (Double.isNaN(old)) {
        added += onlyThere ? 0 : 1;
      } else {
        moved += onlyNew || old == score ? 0 : 1;
      }
      if (Double.isNaN(old) ? !onlyThere : !onlyNew) {
        zset.set(call.arg(i + 2), score);
      }
    }
    zset.store();
    if (added + moved > 0) {
      log(call, first);
      call.changes(added + moved - 1);
    }
    call.reply().integer(countsChanged ? added + moved : added);
  }

  private static double score(Call call, int i) {
    double longitude = GeoArguments.coordinate(call, i);
    double latitude = GeoArguments.coordinate(call, i + 1);
    GeoArguments.checkPlace(longitude, latitude);
    return GeoCode.encode(longitude, latitude, GeoCode.MAX_STEP);
  }

  private static void log(Call call, int first) {
    Effects effect = call.effect(first + (call.argc() - first) / 3 * 2);
    if (effect == null) {
      return;
    }
    effect.word(ZADD);
    for (int i = 1; i < first; i++) {
      effect.word(call.arg(i));
    }
    for (int i = first; i < call.argc(); i += 3) {
      effect.word((long) score(call, i)).word(call.arg(i + 2));
    }
  }

  private static void places(Call call) {
    ZsetValue zset = zset(call, 1);
    RespWriter reply = call.reply();
    reply.array(call.argc() - 2L);
    for (int i = 2; i < call.argc(); i++) {
      double score = zset.score(call.arg(i));
      if (Double.isNaN(score)) {
        reply.nullArray();
      } else {
        GeoArguments.place(reply, GeoCode.longitudeOf(score), GeoCode.latitudeOf(score));
      }
    }
  }

  private static void distance(Call call) {
    double unitM = call.argc() == 5 ? GeoArguments.unit(call, 4) : 1;
    if (call.argc() > 5) {
      throw CommandException.SYNTAX;
    }
    ZsetValue zset = zset(call, 1);
    double one = zset.score(call.arg(2));
    double other = zset.score(call.arg(3));
    if (Double.isNaN(one) || Double.isNaN(other)) {
      call.reply().nullBulk();
      return;
    }
    double metres =
        new GeoDistance()
            .between(
                GeoCode.longitudeOf(one),
                GeoCode.latitudeOf(one),
                GeoCode.longitudeOf(other),
                GeoCode.latitudeOf(other));
    GeoArguments.distance(call.reply(), metres / unitM);
  }

  private static void texts(Call call) {
    ZsetValue zset = zset(call, 1);
    RespWriter reply = call.reply();
    reply.array(call.argc() - 2L);
    for (int i = 2; i < call.argc(); i++) {
      double score = zset.score(call.arg(i));
      if (Double.isNaN(score)) {
        reply.nullBulk();
      } else {
        reply.bulk(GeoCode.text(score));
      }
    }
  }

  static ZsetValue zset(Call call, int key) {
    ZsetValue zset = call.dataset().collections().zsets();
    zset.find(call.db(), call.arg(key));
    return zset;
  }
}
