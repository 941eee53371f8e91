package org.chronolith.server.commands.geo;

/**
 * What is searched: a circle, or a box along the meridian, around a place.
 *
 * @param width of a box, else the circle's radius; in the unit
 * @param height as {@code width}
 * @param unitM metres of the unit
 */
record GeoShape(
    boolean circle, double longitude, double latitude, double width, double height, double unitM) {

  /** What {@link #distance} gives for places that are outside. */
  static final double OUTSIDE = -1;

  /** From the middle to the farthest point, in metres. */
  double reachM() {
    return (circle ? width : Math.sqrt(width / 2 * (width / 2) + height / 2 * (height / 2)))
        * unitM;
  }

  /** From the middle to the northern edge, in metres. */
  double halfHeightM() {
    return unitM * (circle ? height : height / 2);
  }

  /** From the middle to the eastern edge, in metres. */
  double halfWidthM() {
    return unitM * (circle ? width : width / 2);
  }

  /** Metres from the middle, or {@link #OUTSIDE}. */
  double distance(GeoDistance distances, double toLongitude, double toLatitude) {
    if (circle) {
      double radiusM = width * unitM;
      if (GeoDistance.isBeyond(longitude, latitude, toLongitude, toLatitude, radiusM)) {
        return OUTSIDE;
      }
      double distance = distances.between(longitude, latitude, toLongitude, toLatitude);
      return distance > radiusM ? OUTSIDE : distance;
    }
    if (GeoDistance.alongMeridian(toLatitude, latitude) > height * unitM / 2
        || GeoDistance.isBeyond(toLongitude, toLatitude, longitude, toLatitude, width * unitM / 2)
        || distances.between(toLongitude, toLatitude, longitude, toLatitude) > width * unitM / 2) {
      return OUTSIDE;
    }
    return distances.between(longitude, latitude, toLongitude, toLatitude);
  }
}
