package org.chronolith.engine.rdb;

/**
 * The versions of the format that are written, newest first. Newer ones than these only have other
 * encodings of the same values: who reads one reads these.
 */
public enum RdbVersion {
  V9(9, 5, 0),
  V8(8, 4, 0),
  V7(7, 3, 2),
  V6(6, 2, 6);

  /** For whom nothing is known: what every server since Redis 5.0 reads. */
  public static final RdbVersion DEFAULT = V9;

  private final int number;
  private final int major;
  private final int minor;

  /**
   * @param major of the first redis-server that reads it
   * @param minor likewise
   */
  RdbVersion(int number, int major, int minor) {
    this.number = number;
    this.major = major;
    this.minor = minor;
  }

  /** As in the file's first nine bytes. */
  public int number() {
    return number;
  }

  /**
   * The newest that a server of this version reads; null if it reads none of them.
   *
   * @param major of a Redis, or of a Valkey, which goes on from Redis 7.2
   */
  public static RdbVersion readBy(int major, int minor) {
    for (RdbVersion version : values()) {
      if (major > version.major || (major == version.major && minor >= version.minor)) {
        return version;
      }
    }
    return null;
  }
}
