package org.chronolith.server.info;

import java.util.HashMap;
import java.util.Map;

/** Keeps the numbers of the fields by name, and drops the texts. */
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
    // The metrics have no texts.
  }

  Map<String, Double> values() {
    return values;
  }
}
