package org.chronolith.engine.keyspace;

import io.netty.buffer.ByteBuf;

/**
 * What a type tells about the elements of BIG values, and how it writes them. See {@link
 * TypeSupport} for when to call what.
 *
 * <p>Item keys and values are written straight into the returned buffer, by appending only; calls
 * come in the order {@code begin…}, ({@link #beginValue}), {@link #end}, and nothing of the
 * keyspace is called in between. Thread: the owner of the keyspace.
 */
public interface ElementChanges {
  /** The mark of an element that has just been added or changed. */
  byte current();

  /** The mark of an element that was loaded, or that the walk has just written. */
  byte clean();

  /** Whether an element with this mark must be written before it may change. */
  boolean isDue(byte mark);

  /** Starts to write an element: append its item key, unique within the collection. */
  ByteBuf beginPut(long collectionId);

  /** After the item key of {@link #beginPut}: append the value. */
  ByteBuf beginValue();

  /** Starts to report an added element: append its item key. */
  ByteBuf beginAdded(long collectionId);

  /** Starts to report a removed element: append its item key. */
  ByteBuf beginRemoved(long collectionId);

  /**
   * Whether removed (and added) elements of this collection need to be reported at all; for a
   * collection that no snapshot can hold they need not, and the item key need not be built.
   */
  boolean isReported(long collectionId);

  /** Ends what was begun. */
  void end();
}
