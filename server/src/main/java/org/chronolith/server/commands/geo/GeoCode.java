package org.chronolith.server.commands.geo;

/**
 * Places as numbers: longitude and latitude are each a fraction of their range in {@code step}
 * bits, and the bits alternate, longitude's first. With {@link #MAX_STEP} a code is a score of 52
 * bits, whose order keeps neighbours together.
 *
 * <p>Latitudes end where the Mercator projection does. The operations and their order are Redis's,
 * since the codes have to be the same.
 */
final class GeoCode {
  static final int MAX_STEP = 26;
  static final double MAX_LONGITUDE = 180;
  static final double MAX_LATITUDE = 85.05112878;

  private static final String BASE_32 = "0123456789bcdefghjkmnpqrstuvwxyz";
  private static final int BASE_32_BITS = 5;
  private static final double WHOLE_LATITUDE = 90;
  private static final int TEXT_CHARACTERS = 11;

  private GeoCode() {}

  /** The code of a place with {@code 2 * step} bits. */
  static long encode(double longitude, double latitude, int step) {
    return encode(longitude, latitude, MAX_LATITUDE, step);
  }

  private static long encode(double longitude, double latitude, double maxLatitude, int step) {
    long cells = 1L << step;
    double across = (longitude + MAX_LONGITUDE) / (2 * MAX_LONGITUDE);
    double up = (latitude + maxLatitude) / (maxLatitude - -maxLatitude);
    return interleave((long) (across * cells), (long) (up * cells));
  }

  /** A code of its two fractions. */
  static long interleave(long across, long up) {
    return spread(across) << 1 | spread(up);
  }

  /** Longitude's fraction of a code. */
  static long across(long code) {
    return gather(code >>> 1);
  }

  /** Latitude's fraction of a code. */
  static long up(long code) {
    return gather(code);
  }

  private static long spread(long value) {
    long bits = value & 0xffff_ffffL;
    bits = (bits | bits << 16) & 0x0000_ffff_0000_ffffL;
    bits = (bits | bits << 8) & 0x00ff_00ff_00ff_00ffL;
    bits = (bits | bits << 4) & 0x0f0f_0f0f_0f0f_0f0fL;
    bits = (bits | bits << 2) & 0x3333_3333_3333_3333L;
    return (bits | bits << 1) & 0x5555_5555_5555_5555L;
  }

  private static long gather(long value) {
    long bits = value & 0x5555_5555_5555_5555L;
    bits = (bits | bits >>> 1) & 0x3333_3333_3333_3333L;
    bits = (bits | bits >>> 2) & 0x0f0f_0f0f_0f0f_0f0fL;
    bits = (bits | bits >>> 4) & 0x00ff_00ff_00ff_00ffL;
    bits = (bits | bits >>> 8) & 0x0000_ffff_0000_ffffL;
    return (bits | bits >>> 16) & 0xffff_ffffL;
  }

  /** Western edge of the {@code index}-th cell; the eastern one is that of the next. */
  static double longitude(long index, int step) {
    return -MAX_LONGITUDE + (double) index / (1L << step) * (2 * MAX_LONGITUDE);
  }

  /** Southern edge of the {@code index}-th cell; the northern one is that of the next. */
  static double latitude(long index, int step) {
    return -MAX_LATITUDE + (double) index / (1L << step) * (MAX_LATITUDE - -MAX_LATITUDE);
  }

  /** The middle of a score's cell. */
  static double longitudeOf(double score) {
    long index = across(bits(score));
    double middle =
        (longitude(index, MAX_STEP) + longitude(index + 1 & 0xffff_ffffL, MAX_STEP)) / 2;
    return Math.max(-MAX_LONGITUDE, Math.min(MAX_LONGITUDE, middle));
  }

  /** The middle of a score's cell. */
  static double latitudeOf(double score) {
    long index = up(bits(score));
    double middle = (latitude(index, MAX_STEP) + latitude(index + 1 & 0xffff_ffffL, MAX_STEP)) / 2;
    return Math.max(-MAX_LATITUDE, Math.min(MAX_LATITUDE, middle));
  }

  /** Any score is taken for a place, as far as it is a whole number. */
  private static long bits(double score) {
    return score >= 0x1p63 ? (long) (score - 0x1p63) ^ Long.MIN_VALUE : (long) score;
  }

  /** The usual text of a geohash: its latitudes end at the poles, and its last character is 0. */
  static String text(double score) {
    long code = encode(longitudeOf(score), latitudeOf(score), WHOLE_LATITUDE, MAX_STEP);
    StringBuilder text = new StringBuilder(TEXT_CHARACTERS);
    for (int i = 1; i < TEXT_CHARACTERS; i++) {
      text.append(BASE_32.charAt((int) (code >>> 2 * MAX_STEP - i * BASE_32_BITS) & 0x1f));
    }
    return text.append('0').toString();
  }
}
