package org.chronolith.server.commands.geo;

/**
 * The cells in which the places of a shape are looked for: the one of its middle and those around
 * it that it may reach, in Redis's order, which is that of an unsorted reply.
 */
final class GeoCells {
  private static final double MERCATOR_MAX_M = 20037726.37;
  private static final int SIDES = 9;

  /** Steps east and north of each cell. */
  private static final int[] EAST = {0, 0, 0, 1, -1, 1, -1, 1, -1};

  private static final int[] NORTH = {0, 1, -1, 0, 0, 1, 1, -1, -1};

  private final double south;
  private final double north;
  private final double west;
  private final double east;
  private final boolean[] left = new boolean[SIDES];
  private int step;
  private long across;
  private long up;

  GeoCells(GeoShape shape) {
    double latitudes = GeoDistance.degrees(shape.halfHeightM() / GeoDistance.EARTH_RADIUS_M);
    south = shape.latitude() - latitudes;
    north = shape.latitude() + latitudes;
    // A box is wider, in degrees, towards the pole; Redis takes the wider side in the north only.
    double widest = shape.latitude() < 0 ? south : north;
    double longitudes =
        GeoDistance.degrees(
            shape.halfWidthM()
                / GeoDistance.EARTH_RADIUS_M
                / Math.cos(GeoDistance.radians(widest)));
    west = shape.longitude() - longitudes;
    east = shape.longitude() + longitudes;
    place(shape, stepOf(shape.reachM(), shape.latitude()));
    if (step > 1 && !reachesAround()) {
      place(shape, step - 1);
    }
    if (step >= 2) {
      leaveOut();
    }
  }

  /** So many halvings that a cell is about as large as what is searched. */
  private static int stepOf(double reachM, double latitude) {
    if (reachM == 0) {
      return GeoCode.MAX_STEP;
    }
    int step = 1;
    for (double reach = reachM; reach < MERCATOR_MAX_M; reach *= 2) {
      step++;
    }
    step -= 2;
    if (Math.abs(latitude) > 66) {
      step -= Math.abs(latitude) > 80 ? 2 : 1;
    }
    return Math.max(1, Math.min(GeoCode.MAX_STEP, step));
  }

  private void place(GeoShape shape, int newStep) {
    step = newStep;
    long code = GeoCode.encode(shape.longitude(), shape.latitude(), step);
    across = GeoCode.across(code);
    up = GeoCode.up(code);
  }

  private long acrossOf(int cell) {
    return EAST[cell] == 0 ? across : across + EAST[cell] & (1L << step) - 1;
  }

  private long upOf(int cell) {
    return NORTH[cell] == 0 ? up : up + NORTH[cell] & (1L << step) - 1;
  }

  private boolean reachesAround() {
    return GeoCode.latitude(upOf(1) + 1, step) >= north
        && GeoCode.latitude(upOf(2), step) <= south
        && GeoCode.longitude(acrossOf(3) + 1, step) >= east
        && GeoCode.longitude(acrossOf(4), step) <= west;
  }

  private void leaveOut() {
    boolean southern = GeoCode.latitude(up, step) < south;
    boolean northern = GeoCode.latitude(up + 1, step) > north;
    boolean western = GeoCode.longitude(across, step) < west;
    boolean eastern = GeoCode.longitude(across + 1, step) > east;
    for (int cell = 1; cell < SIDES; cell++) {
      left[cell] =
          southern && NORTH[cell] < 0
              || northern && NORTH[cell] > 0
              || western && EAST[cell] < 0
              || eastern && EAST[cell] > 0;
    }
  }

  /** Takes ranges of scores: from the first, included, to the last, excluded. */
  @FunctionalInterface
  interface Ranges {
    /**
     * @return whether to go on
     */
    boolean range(double from, double to);
  }

  /** Shows the cells' ranges; none twice in a row, as they would be if all the world is near. */
  void forEach(Ranges ranges) {
    long last = -1;
    for (int cell = 0; cell < SIDES; cell++) {
      if (left[cell]) {
        continue;
      }
      long code = GeoCode.interleave(acrossOf(cell), upOf(cell));
      if (code == last) {
        continue;
      }
      int unused = 2 * (GeoCode.MAX_STEP - step);
      if (!ranges.range(code << unused, code + 1 << unused)) {
        return;
      }
      last = cell == 0 ? -1 : code;
    }
  }
}
