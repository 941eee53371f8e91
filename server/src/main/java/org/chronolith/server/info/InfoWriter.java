package org.chronolith.server.info;

/** Where the fields of a section go. */
public interface InfoWriter {

  void field(String name, long value);

  /**
   * @param digits after the decimal point
   */
  void field(String name, double value, int digits);

  void field(String name, String value);

  /** For parts that give any object: a whole number, or else its text. */
  default void value(String name, Object value) {
    if (value instanceof Long || value instanceof Integer) {
      field(name, ((Number) value).longValue());
    } else {
      field(name, value.toString());
    }
  }
}
