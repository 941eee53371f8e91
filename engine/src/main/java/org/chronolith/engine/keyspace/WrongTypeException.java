package org.chronolith.engine.keyspace;

/** The key holds a value of another type. One instance without a stack trace. */
public final class WrongTypeException extends RuntimeException {
  public static final WrongTypeException INSTANCE = new WrongTypeException();

  private WrongTypeException() {
    super("the key holds a value of another type", null, false, false);
  }
}
