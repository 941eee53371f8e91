package org.chronolith.server.commands.geo;

import org.chronolith.engine.Slice;
import org.chronolith.engine.types.zset.ZsetValue;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;

/**
 * The words of a search, read in Redis's order: the first mistake is the one that is told, and a
 * key of another type comes before all of them.
 *
 * <p>One object per request.
 */
final class GeoQuery {
  /** The commands that search, by where their words stand and which they take. */
  enum Form {
    /** {@code GEORADIUS key longitude latitude radius unit …}. */
    RADIUS(1, 6, true),
    RADIUS_RO(1, 6, false),
    /** {@code GEORADIUSBYMEMBER key member radius unit …}. */
    BY_MEMBER(1, 5, true),
    BY_MEMBER_RO(1, 5, false),
    /** {@code GEOSEARCH key …}. */
    SEARCH(1, 2, false),
    /** {@code GEOSEARCHSTORE destination source …}. */
    SEARCH_STORE(2, 3, false);

    final int sourceKey;
    private final int options;
    private final boolean takesStore;

    Form(int sourceKey, int options, boolean takesStore) {
      this.sourceKey = sourceKey;
      this.options = options;
      this.takesStore = takesStore;
    }

    boolean isSearch() {
      return this == SEARCH || this == SEARCH_STORE;
    }
  }

  private static final CommandException NO_SUCH_MEMBER =
      new CommandException("ERR could not decode requested zset member");
  private static final CommandException BAD_RADIUS =
      new CommandException("ERR need numeric radius");
  private static final CommandException NEGATIVE_RADIUS =
      new CommandException("ERR radius cannot be negative");
  private static final CommandException BAD_WIDTH = new CommandException("ERR need numeric width");
  private static final CommandException BAD_HEIGHT =
      new CommandException("ERR need numeric height");
  private static final CommandException NEGATIVE_SIDE =
      new CommandException("ERR height or width cannot be negative");
  private static final CommandException BAD_COUNT = new CommandException("ERR COUNT must be > 0");
  private static final CommandException ANY_WITHOUT_COUNT =
      new CommandException("ERR the ANY argument requires COUNT argument");

  private final Call call;
  private final Form form;
  private final ZsetValue source;
  private final boolean sourceExists;
  private double longitude;
  private double latitude;
  private boolean circle;
  private double width;
  private double height;
  private double unitM = 1;
  private boolean fromMember;
  private boolean fromPlace;
  private boolean byRadius;
  private boolean byBox;
  private Slice destination;
  private boolean storesDistances;
  private boolean withDistance;
  private boolean withHash;
  private boolean withPlace;
  private boolean any;
  private int order;
  private long count;

  private GeoQuery(Call call, Form form) {
    this.call = call;
    this.form = form;
    source = call.dataset().collections().zsets();
    sourceExists = source.find(call.db(), call.arg(form.sourceKey));
  }

  /**
   * Turns to the sorted set and reads the words.
   *
   * @throws CommandException the client's mistake
   */
  static GeoQuery parse(Call call, Form form) {
    GeoQuery query = new GeoQuery(call, form);
    query.readFixed();
    for (int i = form.options; i < call.argc(); i++) {
      i = query.readOption(i);
    }
    query.check();
    return query;
  }

  private void readFixed() {
    switch (form) {
      case RADIUS, RADIUS_RO -> {
        place(2);
        radius(4);
      }
      case BY_MEMBER, BY_MEMBER_RO -> {
        if (sourceExists) {
          member(2);
          radius(3);
        }
      }
      case SEARCH_STORE -> destination = call.arg(1);
      default -> {}
    }
  }

  private void place(int i) {
    longitude = GeoArguments.coordinate(call, i);
    latitude = GeoArguments.coordinate(call, i + 1);
    GeoArguments.checkPlace(longitude, latitude);
  }

  private void member(int i) {
    double score = source.score(call.arg(i));
    if (Double.isNaN(score)) {
      throw NO_SUCH_MEMBER;
    }
    longitude = GeoCode.longitudeOf(score);
    latitude = GeoCode.latitudeOf(score);
  }

  private void radius(int i) {
    circle = true;
    width = GeoArguments.number(call, i, BAD_RADIUS);
    height = width;
    if (width < 0) {
      throw NEGATIVE_RADIUS;
    }
    unitM = GeoArguments.unit(call, i + 1);
  }

  private void box(int i) {
    circle = false;
    width = GeoArguments.number(call, i, BAD_WIDTH);
    height = GeoArguments.number(call, i + 1, BAD_HEIGHT);
    if (width < 0 || height < 0) {
      throw NEGATIVE_SIDE;
    }
    unitM = GeoArguments.unit(call, i + 2);
  }

  /** Reads the option at word {@code i}; answers the index of its last word. */
  private int readOption(int i) {
    int more = call.argc() - i - 1;
    if (call.is(i, "withdist")) {
      withDistance = true;
    } else if (call.is(i, "withhash")) {
      withHash = true;
    } else if (call.is(i, "withcoord")) {
      withPlace = true;
    } else if (call.is(i, "any")) {
      any = true;
    } else if (call.is(i, "asc")) {
      order = 1;
    } else if (call.is(i, "desc")) {
      order = -1;
    } else if (call.is(i, "count") && more >= 1) {
      count = call.integer(i + 1);
      if (count <= 0) {
        throw BAD_COUNT;
      }
      return i + 1;
    } else if (form.takesStore && more >= 1 && (call.is(i, "store") || call.is(i, "storedist"))) {
      destination = call.arg(i + 1);
      storesDistances = call.is(i, "storedist");
      return i + 1;
    } else if (form == Form.SEARCH_STORE && call.is(i, "storedist")) {
      storesDistances = true;
    } else if (form.isSearch()) {
      return readShape(i, more);
    } else {
      throw CommandException.SYNTAX;
    }
    return i;
  }

  private int readShape(int i, int more) {
    if (call.is(i, "frommember") && more >= 1 && !fromPlace) {
      if (sourceExists) {
        member(i + 1);
      }
      fromMember = true;
      return i + 1;
    }
    if (call.is(i, "fromlonlat") && more >= 2 && !fromMember) {
      place(i + 1);
      fromPlace = true;
      return i + 2;
    }
    if (call.is(i, "byradius") && more >= 2 && !byBox) {
      radius(i + 1);
      byRadius = true;
      return i + 2;
    }
    if (call.is(i, "bybox") && more >= 3 && !byRadius) {
      box(i + 1);
      byBox = true;
      return i + 3;
    }
    throw CommandException.SYNTAX;
  }

  private void check() {
    if (destination != null && (withDistance || withHash || withPlace)) {
      throw new CommandException(
          "ERR "
              + (form == Form.SEARCH_STORE ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS")
              + " is not compatible with WITHDIST, WITHHASH and WITHCOORD options");
    }
    if (form.isSearch() && !fromMember && !fromPlace) {
      throw new CommandException(
          "ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for " + call.text(0));
    }
    if (form.isSearch() && !byRadius && !byBox) {
      throw new CommandException(
          "ERR exactly one of BYRADIUS and BYBOX can be specified for " + call.text(0));
    }
    if (any && count == 0) {
      throw ANY_WITHOUT_COUNT;
    }
    if (count != 0 && order == 0 && !any) {
      // The nearest ones are meant.
      order = 1;
    }
  }

  /** The sorted set that is searched; valid until another is turned to. */
  ZsetValue source() {
    return source;
  }

  boolean sourceExists() {
    return sourceExists;
  }

  GeoShape shape() {
    return new GeoShape(circle, longitude, latitude, width, height, unitM);
  }

  /** Metres of the unit of distances. */
  double unitM() {
    return unitM;
  }

  /** Where the result is stored, or null. */
  Slice destination() {
    return destination;
  }

  boolean storesDistances() {
    return storesDistances;
  }

  boolean withDistance() {
    return withDistance;
  }

  boolean withHash() {
    return withHash;
  }

  boolean withPlace() {
    return withPlace;
  }

  /** Words beside each member in the reply. */
  int details() {
    return (withDistance ? 1 : 0) + (withHash ? 1 : 0) + (withPlace ? 1 : 0);
  }

  /** 1: nearest first, -1: farthest first, 0: as they come. */
  int order() {
    return order;
  }

  /** Most places of the result, 0: all. */
  long count() {
    return count;
  }

  /** Places after which the search may stop, 0: none. */
  long limit() {
    return any ? count : 0;
  }
}
