package org.chronolith.engine.keyspace;

import io.netty.buffer.ByteBuf;
import org.chronolith.engine.Slice;

/**
 * What the keyspace asks of a value type. A value is named by its type, its encoding (0 to 3) and,
 * unless it is inline, by its root reference.
 *
 * <p><b>Before a type changes a value</b>, and before it changes, moves or frees anything the value
 * consists of, it calls {@code Database.willChange}: the entry (with a SMALL or INLINE value) may
 * have to be serialised for the running snapshot first. For a BIG value that covers the entry only;
 * then, for each element:
 *
 * <ul>
 *   <li>about to change or to be removed, with mark {@code m}: if {@link ElementChanges#isDue
 *       isDue(m)}, it writes the element as it still is ({@link ElementChanges#beginPut}); after
 *       the change, it sets the mark to {@link ElementChanges#current};
 *   <li>removed: it reports the element's item key ({@link ElementChanges#beginRemoved});
 *   <li>added: it sets the mark to {@link ElementChanges#current} and reports the item key ({@link
 *       ElementChanges#beginAdded}), since an item of that key may have been removed before.
 * </ul>
 *
 * An element's mark is one byte of its own; only {@link ElementChanges} knows what it means.
 *
 * <p>A root may change with the value: the type tells by {@code Database.setRoot}. Thread: the
 * owner of the keyspace.
 */
public interface TypeSupport {
  /** How values of this encoding hang on their entry. */
  ValueForm form(int encoding);

  /** Appends a SMALL value, so that {@link #loadSmall} can rebuild it. */
  void writeSmall(int encoding, long root, ByteBuf out);

  /** Builds a SMALL value from what {@link #writeSmall} wrote; returns its root. */
  long loadSmall(int encoding, Slice bytes);

  /** Frees a SMALL value. */
  void freeSmall(int encoding, long root);

  /** An empty BIG value into which elements will be loaded; returns its root. */
  long createBig(int encoding, long collectionId);

  /**
   * Adds a loaded element, in ascending order of item keys (unsigned bytes), with mark {@link
   * ElementChanges#clean}; returns the root.
   *
   * @throws org.chronolith.engine.EngineException CORRUPTION if it cannot be read
   */
  long loadElement(int encoding, long root, Slice itemKey, Slice value);

  /** Called once after the last element. */
  void loaded(int encoding, long root);

  /**
   * One step of the snapshot's walk over a BIG value: looks at about {@code budget} elements from
   * {@code cursor} on (0 at first, opaque otherwise), and for each whose mark {@link
   * ElementChanges#isDue is due} writes it and sets its mark to {@link ElementChanges#clean}.
   * Between two steps the value may have changed; an element that exists from the first step to the
   * last must have been looked at.
   *
   * @return the next cursor, or 0 when each element was looked at
   */
  long walk(int encoding, long root, long collectionId, long cursor, int budget);

  /**
   * Frees about {@code budget} blocks of a BIG value that no entry names any more. Nothing is
   * reported to {@link ElementChanges}.
   *
   * @return the root if more is left (it may have changed), or 0 when all is freed, the root too
   */
  long freeBig(int encoding, long root, int budget);

  /** A rough number of blocks of a BIG value, to decide whether freeing it needs slices. */
  long blocks(int encoding, long root);

  /**
   * Bytes of a SMALL or BIG value's blocks, for {@code MEMORY USAGE}. Of a large collection some
   * elements are looked at, and the others are taken to be like them.
   */
  long bytes(int encoding, long root);

  /**
   * As {@link #bytes}, but each element is looked at, until there are at least {@code upTo} bytes.
   */
  long exactBytes(int encoding, long root, long upTo);

  /**
   * A copy of a SMALL or BIG value; returns its root. Elements of the copy are current ({@link
   * ElementChanges#current}); {@code collectionId} is 0 for SMALL. Nothing is reported.
   */
  long copy(int encoding, long root, long collectionId);

  /**
   * Moves blocks out of sparse slabs ({@link org.chronolith.engine.memory.SlabAllocator#relocate}):
   * all of a SMALL value, about {@code budget} blocks of a BIG one from {@code cursor} on. The
   * root's new reference, unless it stays, goes to {@link Relocation#root}.
   *
   * @return the next cursor, 0 at the end
   */
  long compact(int encoding, long root, long cursor, int budget, Relocation relocation);

  /** Adds what {@code DEBUG DIGEST} of redis-server adds for a value of this type. */
  void digest(int encoding, long root, ValueDigest digest);

  /** Where {@link TypeSupport#compact} leaves the root that the value has afterwards. */
  final class Relocation {
    /** Set before the call to the present root. */
    public long root;
  }
}
