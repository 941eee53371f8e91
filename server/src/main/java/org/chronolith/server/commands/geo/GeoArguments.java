package org.chronolith.server.commands.geo;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.chronolith.engine.types.zset.ScoreText;
import org.chronolith.network.RespWriter;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;

/** Places, lengths and units in requests and replies. */
final class GeoArguments {
  static final double MILE_M = 1609.34;
  static final double FOOT_M = 0.3048;
  static final double KILOMETRE_M = 1000;

  private static final int DISTANCE_DIGITS = 4;
  private static final int COORDINATE_DIGITS = 17;

  private static final CommandException BAD_UNIT =
      new CommandException("ERR unsupported unit provided. please use M, KM, FT, MI");

  private GeoArguments() {}

  /**
   * Word {@code i} as a number.
   *
   * @throws CommandException {@code error} if it is none
   */
  static double number(Call call, int i, CommandException error) {
    double value = ScoreText.parse(call.arg(i));
    if (Double.isNaN(value)) {
      throw error;
    }
    return value;
  }

  /** Word {@code i} as a longitude; {@link #checkPlace} follows. */
  static double coordinate(Call call, int i) {
    return number(call, i, CommandException.NOT_A_FLOAT);
  }

  /** Whether a place can be encoded. */
  static void checkPlace(double longitude, double latitude) {
    if (Math.abs(longitude) > GeoCode.MAX_LONGITUDE || Math.abs(latitude) > GeoCode.MAX_LATITUDE) {
      throw new CommandException(
          "ERR invalid longitude,latitude pair " + shown(longitude) + "," + shown(latitude));
    }
  }

  private static String shown(double value) {
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    return String.format(
        Locale.ROOT,
        "%s",
        new BigDecimal(value).setScale(6, RoundingMode.HALF_EVEN).toPlainString());
  }

  /** Metres of the unit that word {@code i} names. */
  static double unit(Call call, int i) {
    if (call.is(i, "m")) {
      return 1;
    } else if (call.is(i, "km")) {
      return KILOMETRE_M;
    } else if (call.is(i, "ft")) {
      return FOOT_M;
    } else if (call.is(i, "mi")) {
      return MILE_M;
    }
    throw BAD_UNIT;
  }

  /** Replies with a distance: four digits behind the point. */
  static void distance(RespWriter reply, double distance) {
    reply.bulk(
        new BigDecimal(distance).setScale(DISTANCE_DIGITS, RoundingMode.HALF_EVEN).toPlainString());
  }

  /** Replies with longitude and latitude: a double with up to 17 digits behind the point. */
  static void place(RespWriter reply, double longitude, double latitude) {
    reply.array(2);
    coordinate(reply, longitude);
    coordinate(reply, latitude);
  }

  private static void coordinate(RespWriter reply, double value) {
    BigDecimal rounded = new BigDecimal(value).setScale(COORDINATE_DIGITS, RoundingMode.HALF_EVEN);
    String text = rounded.signum() == 0 ? "0" : rounded.stripTrailingZeros().toPlainString();
    if (reply.protocol() == 3) {
      reply.raw(("," + text + "\r\n").getBytes(StandardCharsets.US_ASCII));
    } else {
      reply.bulk(text);
    }
  }
}
