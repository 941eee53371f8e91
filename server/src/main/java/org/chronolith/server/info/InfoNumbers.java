package org.chronolith.server.info;

import java.util.HashMap;
import java.util.Map;

/**
 * Keeps the numbers of the fields by name, and drops the texts, but for {@code ok} and {@code err}:
 * a status is 1 or 0, as redis_exporter has it.
 */
final class InfoNumbers implements InfoWriter {

  private final Map<String, Double> values = new HashMap<>();

  @Override
  public void field(String name, long value) {
    values.put(name, (double) value);
  }

  @Override
  public void field(String name, double value, int digits) {
    values.put(name, value);
  }

  @Override
  public void field(String name, String value) {
    if (value.equals("ok")) {
      values.put(name, 1.0);
    } else if (value.equals("err")) {
      values.put(name, 0.0);
    }
  }

  Map<String, Double> values() {
    return values;
  }
}
