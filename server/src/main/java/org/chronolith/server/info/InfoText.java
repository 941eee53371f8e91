package org.chronolith.server.info;

import java.util.Locale;

/** Writes {@code name:value} lines. */
final class InfoText implements InfoWriter {

  private final StringBuilder out = new StringBuilder(4096);

  void section(String title) {
    if (out.length() > 0) {
      out.append("\r\n");
    }
    out.append("# ").append(title).append("\r\n");
  }

  @Override
  public void field(String name, long value) {
    out.append(name).append(':').append(value).append("\r\n");
  }

  @Override
  public void field(String name, double value, int digits) {
    field(name, decimal(value, digits));
  }

  @Override
  public void field(String name, String value) {
    out.append(name).append(':').append(value).append("\r\n");
  }

  static String decimal(double value, int digits) {
    return String.format(Locale.ROOT, "%." + digits + "f", value);
  }

  /** Bytes as Redis prints them for people: {@code 943.01K}. */
  static String human(long bytes) {
    if (bytes < 1024) {
      return bytes + "B";
    }
    double value = bytes;
    int unit = -1;
    do {
      value /= 1024;
      unit++;
    } while (value >= 1024 && unit < 4);
    return decimal(value, 2) + "KMGTP".charAt(unit);
  }

  @Override
  public String toString() {
    return out.toString();
  }
}
