package org.chronolith.engine.types;

import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.keyspace.Keyspace;
import org.chronolith.engine.keyspace.WrongTypeException;

/**
 * A way to look at one collection at a time, reused from command to command. {@link #find} turns it
 * to the value of a key; after changes {@link #store} tells the key what became of its value.
 *
 * <p>The keyspace hears of a change before the first one is made, and only if one is made. Thread:
 * the owner of the keyspace.
 */
public abstract class CollectionValue {
  private final int type;
  private Database db;
  private Slice key;
  private long entry;
  private boolean willChange;

  /** Form of the value at hand: see {@link Encoding}. */
  protected int encoding;

  /** Reference of the value at hand; 0 is an empty one, for which nothing is allocated yet. */
  protected long root;

  /**
   * @param type one of {@link org.chronolith.engine.keyspace.ValueType}
   */
  protected CollectionValue(int type) {
    this.type = type;
  }

  /**
   * Turns to the value of a key, or to an empty one if there is no such key.
   *
   * @param key must stay as it is until {@link #store}
   * @return whether the key is there
   * @throws WrongTypeException if it holds another type
   */
  public final boolean find(Database db, Slice key) {
    this.db = db;
    this.key = key;
    willChange = false;
    entry = db.find(key);
    if (entry == 0) {
      encoding = Encoding.COMPACT;
      root = 0;
      return false;
    }
    if (db.type(entry) != type) {
      throw WrongTypeException.INSTANCE;
    }
    encoding = db.encoding(entry);
    root = db.root(entry);
    return true;
  }

  /**
   * After the last change: a key is made, or its value's new reference is kept, or a key whose
   * collection became empty is removed. Does nothing if nothing was changed.
   *
   * @return false if the key was removed
   */
  public final boolean store() {
    if (entry == 0) {
      create();
      return true;
    }
    if (!willChange) {
      return true;
    }
    willChange = false;
    if (encoding != db.encoding(entry)) {
      entry = db.becomeBig(entry, encoding, root, collectionId());
    } else if (root != db.root(entry)) {
      db.setRoot(entry, root);
    }
    if (size() > 0) {
      return true;
    }
    db.delete(entry);
    root = 0;
    entry = 0;
    encoding = Encoding.COMPACT;
    return false;
  }

  private void create() {
    if (root == 0) {
      return;
    }
    entry =
        encoding == Encoding.LARGE
            ? db.putBig(key, type, encoding, root, collectionId(), false)
            : db.putSmall(key, type, encoding, root, false);
  }

  /**
   * Gives a value that no key was known of to a key, in place of what is there, its expiry
   * included; an empty one removes the key. The value is the key's from here on.
   *
   * @return whether the key was made, changed or removed
   */
  public final boolean storeAs(Database db, Slice key) {
    if (size() == 0) {
      discard(db.keyspace());
      return db.delete(key);
    }
    this.db = db;
    this.key = key;
    create();
    turnTo(Encoding.COMPACT, 0);
    return true;
  }

  /** Frees a value that no key is known of: a large one in slices. */
  public final void discard(Keyspace keyspace) {
    if (root != 0) {
      keyspace.discard(type, encoding, root, isLarge() ? collectionId() : 0);
    }
    turnTo(Encoding.COMPACT, 0);
  }

  /** Turns to a value that no key is known of; nothing is told to a keyspace, nothing is stored. */
  protected final void turnTo(int encoding, long root) {
    this.db = null;
    this.entry = 0;
    this.encoding = encoding;
    this.root = root;
  }

  /** Must be called before each change. */
  protected final void willChange() {
    if (!willChange && entry != 0) {
      db.willChange(entry);
    }
    willChange = true;
  }

  /** The encoding, which changes may have changed. */
  public final int encoding() {
    return encoding;
  }

  /** The reference, which changes may have changed. */
  public final long root() {
    return root;
  }

  /** Whether the value is in its large form. */
  public final boolean isLarge() {
    return encoding == Encoding.LARGE;
  }

  /** Number of elements. */
  public abstract long size();

  /** Id of a large value. */
  protected abstract long collectionId();
}
