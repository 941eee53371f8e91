package org.chronolith.engine.types.hyperloglog;

/**
 * The estimate of how many distinct elements there were, from how many registers hold each count:
 * Otmar Ertl's, as Redis has it ("New cardinality estimation algorithms for HyperLogLog sketches").
 */
final class Cardinality {
  private static final double ALPHA = 0.721347520444481703680;

  private Cardinality() {}

  /**
   * @param registersOf by count: registers that hold it
   */
  static long of(int[] registersOf) {
    double m = HyperLogLog.REGISTERS;
    double z = m * tau((m - registersOf[HyperLogLog.HASH_BITS + 1]) / m);
    for (int count = HyperLogLog.HASH_BITS; count >= 1; count--) {
      z += registersOf[count];
      z *= 0.5;
    }
    z += m * sigma(registersOf[0] / m);
    return Math.round(ALPHA * m * m / z);
  }

  private static double sigma(double share) {
    if (share == 1) {
      return Double.POSITIVE_INFINITY;
    }
    double x = share;
    double y = 1;
    double z = x;
    double before;
    do {
      x *= x;
      before = z;
      z += x * y;
      y += y;
    } while (before != z);
    return z;
  }

  private static double tau(double share) {
    if (share == 0 || share == 1) {
      return 0;
    }
    double x = share;
    double y = 1;
    double z = 1 - x;
    double before;
    do {
      x = Math.sqrt(x);
      before = z;
      y *= 0.5;
      z -= (1 - x) * (1 - x) * y;
    } while (before != z);
    return z / 3;
  }
}
