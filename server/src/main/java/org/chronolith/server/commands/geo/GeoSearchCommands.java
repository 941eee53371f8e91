package org.chronolith.server.commands.geo;

import static org.chronolith.server.command.CommandFlag.DENYOOM;
import static org.chronolith.server.command.CommandFlag.MOVABLEKEYS;
import static org.chronolith.server.command.CommandFlag.READONLY;
import static org.chronolith.server.command.CommandFlag.WRITE;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.keyspace.ValueType;
import org.chronolith.engine.types.Encoding;
import org.chronolith.engine.types.zset.ScoreText;
import org.chronolith.engine.types.zset.ZsetValue;
import org.chronolith.network.RespWriter;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.commands.elements.StoredResult;

/**
 * GEOSEARCH, GEOSEARCHSTORE, and the older GEORADIUS and GEORADIUSBYMEMBER with their read-only
 * forms. What is stored is logged as its members and scores.
 */
public final class GeoSearchCommands {
  private static final byte[] ZADD = "ZADD".getBytes(StandardCharsets.US_ASCII);
  private static final String COMPLEXITY =
      "O(N+log(M)) with N members in the area's cells and M in the sorted set";
  private static final String LIMITS = " [COUNT count [ANY]] [ASC | DESC]";
  private static final String WITH = " [WITHCOORD] [WITHDIST] [WITHHASH]";
  private static final String STORE = " [STORE key | STOREDIST key]";
  private static final String UNIT = " <M | KM | FT | MI>";
  private static final String AREA =
      " <FROMMEMBER member | FROMLONLAT longitude latitude> <BYRADIUS radius"
          + UNIT
          + " | BYBOX width height"
          + UNIT
          + ">";

  /** Of a score in the log, against what a member takes in memory at least. */
  private static final long EFFECT_SHARE = 2;

  /** Of a score in the log at most, with what is around it and the member. */
  private static final long SCORE_BYTES = 64;

  private GeoSearchCommands() {}

  public static List<CommandSpec> all() {
    String around = "key longitude latitude radius" + UNIT;
    String aroundMember = "key member radius" + UNIT;
    return List.of(
        GeoCommands.spec(
                "geosearch", -7, "6.2.0", "key" + AREA + LIMITS + WITH, "Members in an area")
            .flags(READONLY)
            .complexity(COMPLEXITY)
            .handler(call -> run(call, GeoQuery.Form.SEARCH))
            .build(),
        GeoCommands.spec(
                "geosearchstore",
                -8,
                "6.2.0",
                "destination source" + AREA + LIMITS + " [STOREDIST]",
                "Store the members in an area as a sorted set")
            .keys(1, 2, 1)
            .flags(WRITE, DENYOOM)
            .complexity(COMPLEXITY)
            .effectEstimate((db, words, exactly) -> likelyEffectBytes(db, words, 2, exactly))
            .handler(call -> run(call, GeoQuery.Form.SEARCH_STORE))
            .build(),
        radius("georadius", -6, "3.2.0", around + WITH + LIMITS + STORE, GeoQuery.Form.RADIUS),
        radius(
            "georadiusbymember",
            -5,
            "3.2.0",
            aroundMember + WITH + LIMITS + STORE,
            GeoQuery.Form.BY_MEMBER),
        readOnly("georadius_ro", -6, "3.2.10", around + WITH + LIMITS, GeoQuery.Form.RADIUS_RO),
        readOnly(
            "georadiusbymember_ro",
            -5,
            "3.2.10",
            aroundMember + WITH + LIMITS,
            GeoQuery.Form.BY_MEMBER_RO));
  }

  private static CommandSpec radius(
      String name, int arity, String since, String arguments, GeoQuery.Form form) {
    return GeoCommands.spec(name, arity, since, arguments, "Members around a place, perhaps stored")
        .flags(WRITE, DENYOOM, MOVABLEKEYS)
        .storeKey("store", "storedist")
        .complexity(COMPLEXITY)
        .effectEstimate(
            (db, words, exactly) -> stores(words) ? likelyEffectBytes(db, words, 1, exactly) : 0)
        .handler(call -> run(call, form))
        .build();
  }

  private static CommandSpec readOnly(
      String name, int arity, String since, String arguments, GeoQuery.Form form) {
    return GeoCommands.spec(name, arity, since, arguments, "Members around a place")
        .flags(READONLY)
        .complexity(COMPLEXITY)
        .handler(call -> run(call, form))
        .build();
  }

  private static boolean stores(Slice[] arguments) {
    for (int i = 5; i < arguments.length; i++) {
      String word = arguments[i].length() > 9 ? "" : arguments[i].toString();
      if (word.equalsIgnoreCase("store") || word.equalsIgnoreCase("storedist")) {
        return true;
      }
    }
    return false;
  }

  private static long likelyEffectBytes(Database db, Slice[] arguments, int key, boolean exactly) {
    long entry = db.peek(arguments[key]);
    if (entry == 0 || db.type(entry) != ValueType.ZSET) {
      return 0;
    }
    if (!exactly) {
      return EFFECT_SHARE * db.memoryBytes(entry);
    }
    return db.exactMemoryBytes(entry, Long.MAX_VALUE) + SCORE_BYTES * db.blocks(entry);
  }

  private static void run(Call call, GeoQuery.Form form) {
    GeoQuery query = GeoQuery.parse(call, form);
    if (!query.sourceExists()) {
      nothing(call, query);
      return;
    }
    try (GeoResult result = GeoResult.of(query, call.dataset().collections().element())) {
      if (query.destination() == null) {
        reply(call.reply(), query, result);
      } else {
        store(call, query, result);
      }
    }
  }

  private static void nothing(Call call, GeoQuery query) {
    if (query.destination() == null) {
      call.reply().array(0);
      return;
    }
    if (call.db().delete(query.destination())) {
      StoredResult.log(call, query.destination(), true, ZADD, 0, 2, (effect, i) -> {});
    }
    call.reply().integer(0);
  }

  private static void reply(RespWriter reply, GeoQuery query, GeoResult result) {
    Slice member = new Slice();
    reply.array(result.size());
    for (int i = 0; i < result.size(); i++) {
      if (query.details() > 0) {
        reply.array(query.details() + 1L);
      }
      result.member(i, member);
      reply.bulk(member.buffer(), member.offset(), member.length());
      if (query.withDistance()) {
        GeoArguments.distance(reply, result.distance(i));
      }
      double score = result.score(i);
      if (query.withHash()) {
        reply.integer((long) score);
      }
      if (query.withPlace()) {
        GeoArguments.place(reply, GeoCode.longitudeOf(score), GeoCode.latitudeOf(score));
      }
    }
  }

  private static void store(Call call, GeoQuery query, GeoResult result) {
    Database db = call.db();
    Slice key = query.destination();
    boolean replaced = db.find(key) != 0;
    StoredResult.claimRoom(call, key, result.size(), result.bytes(), 1);
    Slice member = new Slice();
    ZsetValue made = call.dataset().collections().zsets().open(Encoding.COMPACT, 0);
    for (int i = 0; i < result.size(); i++) {
      made.set(result.member(i, member), score(query, result, i));
    }
    made.storeAs(db, key);
    StoredResult.log(
        call,
        key,
        replaced,
        ZADD,
        result.size(),
        2,
        (effect, i) ->
            effect
                .word(ScoreText.format(score(query, result, i)).getBytes(StandardCharsets.US_ASCII))
                .word(result.member(i, member)));
    call.reply().integer(result.size());
  }

  private static double score(GeoQuery query, GeoResult result, int i) {
    return query.storesDistances() ? result.distance(i) : result.score(i);
  }
}
