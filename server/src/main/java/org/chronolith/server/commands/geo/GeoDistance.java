package org.chronolith.server.commands.geo;

/**
 * Distances in metres on a sphere, by the haversine formula. The operations and their order are
 * Redis's (on x86-64), and so is the result, as far as {@link PreciseAngle} says.
 *
 * <p>Not thread-safe.
 */
final class GeoDistance {
  static final double EARTH_RADIUS_M = 6372797.560856;

  private static final double RADIANS = Math.PI / 180.0;

  /** By how much the quick estimate may be wrong at most, relatively and in metres. */
  private static final double DOUBT = 1e-7;

  private static final double DOUBT_M = 1e-3;

  private final PreciseAngle angle = new PreciseAngle();

  static double radians(double degrees) {
    return degrees * RADIANS;
  }

  static double degrees(double radians) {
    return radians / RADIANS;
  }

  /** Between two latitudes on one meridian. */
  static double alongMeridian(double latitude1, double latitude2) {
    return EARTH_RADIUS_M * Math.abs(radians(latitude2) - radians(latitude1));
  }

  double between(double longitude1, double latitude1, double longitude2, double latitude2) {
    double v = angle.sin((radians(longitude2) - radians(longitude1)) / 2);
    if (v == 0) {
      return alongMeridian(latitude1, latitude2);
    }
    double one = radians(latitude1);
    double other = radians(latitude2);
    double u = angle.sin((other - one) / 2);
    double a = u * u + angle.cos(one) * angle.cos(other) * v * v;
    return 2.0 * EARTH_RADIUS_M * angle.asin(Math.sqrt(a));
  }

  /** Whether two places are certainly farther from each other than so many metres: quick. */
  static boolean isBeyond(
      double longitude1, double latitude1, double longitude2, double latitude2, double metres) {
    double v = Math.sin((radians(longitude2) - radians(longitude1)) / 2);
    double one = radians(latitude1);
    double other = radians(latitude2);
    double u = Math.sin((other - one) / 2);
    double a = Math.min(1, u * u + Math.cos(one) * Math.cos(other) * v * v);
    double about = 2.0 * EARTH_RADIUS_M * Math.asin(Math.sqrt(a));
    return about * (1 - DOUBT) - DOUBT_M > metres;
  }
}
