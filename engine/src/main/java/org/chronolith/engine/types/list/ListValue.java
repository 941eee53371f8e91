package org.chronolith.engine.types.list;

import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.ValueType;
import org.chronolith.engine.structure.BlockList;
import org.chronolith.engine.structure.CompactList;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.engine.types.CollectionMemory;
import org.chronolith.engine.types.CollectionValue;
import org.chronolith.engine.types.Encoding;

/**
 * One list at a time. A list that fits in one block is a {@link CompactList}; then it becomes a
 * {@link BlockList}. Thread: the owner of the keyspace.
 */
public final class ListValue extends CollectionValue {
  private final CollectionMemory memory;
  private final int blockBytes;
  private final CompactList compact;
  private final BlockList blocks;
  private final BlockList.Cursor cursor;

  /** Place of the cursor in a compact list. */
  private int position;

  public ListValue(CollectionMemory memory, ListType type) {
    super(ValueType.LIST);
    this.memory = memory;
    this.compact = type.compact();
    this.blocks = type.blocks();
    this.blockBytes = memory.limits().listBlockBytes();
    this.cursor = blocks.cursor();
  }

  /** Turns to a list that no key is known of; root 0 is an empty one. */
  public ListValue open(int encoding, long root) {
    turnTo(encoding, root);
    return this;
  }

  @Override
  protected long collectionId() {
    return blocks.collectionId(root);
  }

  @Override
  public long size() {
    if (root == 0) {
      return 0;
    }
    return isLarge() ? blocks.count(root) : compact.count(root);
  }

  /** Adds an element before the first. */
  public void pushFirst(Slice value) {
    willChange();
    if (isLarge() || !staysCompact(value.length())) {
      blocks.pushFirst(largeRoot(), value);
    } else {
      root = compact.insert(compactRoot(value), compact.start(root), value);
    }
  }

  /** Adds an element after the last. */
  public void pushLast(Slice value) {
    willChange();
    if (isLarge() || !staysCompact(value.length())) {
      blocks.pushLast(largeRoot(), value);
    } else {
      root = compact.insert(compactRoot(value), compact.end(root), value);
    }
  }

  private boolean staysCompact(int length) {
    if (!blocks.isSmall(length)) {
      return false;
    }
    int bytes = CompactList.elementBytes(length);
    return root == 0 || compact.usedBytes(root) + bytes <= blockBytes && compact.fits(root, bytes);
  }

  private long compactRoot(Slice first) {
    if (root == 0) {
      root = compact.create(CompactList.elementBytes(first.length()));
    }
    return root;
  }

  /** The list's root after it became large, if it was not. */
  private long largeRoot() {
    if (!isLarge()) {
      long large = blocks.create(memory.ids().getAsLong());
      if (root != 0) {
        blocks.adopt(large, compact, root);
        memory.slabs().free(root);
      }
      root = large;
      encoding = Encoding.LARGE;
    }
    return root;
  }

  /**
   * Removes the first {@code howMany} elements, or all. An empty list is the caller's to remove.
   */
  public void removeFirst(long howMany) {
    willChange();
    if (isLarge()) {
      blocks.removeFirst(root, howMany);
      return;
    }
    int elements = (int) Math.min(howMany, size());
    if (elements > 0) {
      root = compact.remove(root, compact.start(root), elements);
    }
  }

  /** Removes the last {@code howMany} elements, or all. An empty list is the caller's to remove. */
  public void removeLast(long howMany) {
    willChange();
    if (isLarge()) {
      blocks.removeLast(root, howMany);
      return;
    }
    int elements = (int) Math.min(howMany, size());
    if (elements > 0) {
      root = compact.remove(root, compact.at(root, compact.count(root) - elements), elements);
    }
  }

  /** Moves the cursor to the element with this index; false beyond the ends. */
  public boolean seek(long index) {
    if (index < 0 || index >= size()) {
      return false;
    }
    if (isLarge()) {
      return cursor.seek(root, index);
    }
    position = compact.at(root, (int) index);
    return true;
  }

  /** Moves the cursor to the next element; false after the last. */
  public boolean next() {
    if (isLarge()) {
      return cursor.next();
    }
    position = compact.next(root, position);
    return position != CompactList.NONE;
  }

  /** Moves the cursor to the element before; false before the first. */
  public boolean previous() {
    if (isLarge()) {
      return cursor.previous();
    }
    position = compact.previous(root, position);
    return position != CompactList.NONE;
  }

  /** Points {@code out} at the element at the cursor. */
  public void element(StoredBytes out) {
    if (isLarge()) {
      cursor.element(out);
    } else {
      compact.element(root, position, out);
    }
  }

  /** Whether the element at the cursor has these bytes. */
  public boolean matches(Slice value) {
    return isLarge() ? cursor.equals(value) : compact.equals(root, position, value);
  }

  /** Puts {@code value} in the place of the element at the cursor, and stays on it. */
  public void replace(Slice value) {
    willChange();
    if (!isLarge()) {
      int old = CompactList.elementBytes(compact.length(root, position));
      if (takes(value.length(), old)) {
        root = compact.replace(root, position, value);
        position = compact.inserted();
        return;
      }
      becomeLarge();
    }
    cursor.replace(value);
  }

  /** Puts {@code value} before the element at the cursor, and moves to it. */
  public void insertBefore(Slice value) {
    willChange();
    if (!isLarge()) {
      if (takes(value.length(), 0)) {
        root = compact.insert(root, position, value);
        position = compact.inserted();
        return;
      }
      becomeLarge();
    }
    cursor.insertBefore(value);
  }

  /** Puts {@code value} after the element at the cursor, and moves to it. */
  public void insertAfter(Slice value) {
    willChange();
    if (!isLarge()) {
      if (takes(value.length(), 0)) {
        root = compact.insert(root, compact.behind(root, position), value);
        position = compact.inserted();
        return;
      }
      becomeLarge();
    }
    cursor.insertAfter(value);
  }

  /**
   * Removes the element at the cursor and moves to the one after it; false, and no place any more,
   * if it was the last. An empty list is the caller's to remove.
   */
  public boolean remove() {
    willChange();
    if (isLarge()) {
      return cursor.remove();
    }
    root = compact.remove(root, position, 1);
    position = compact.inserted();
    return position != compact.end(root);
  }

  /** Whether the compact list takes an element once {@code freed} bytes of others are gone. */
  private boolean takes(int length, int freed) {
    int growth = CompactList.elementBytes(length) - freed;
    return blocks.isSmall(length)
        && compact.usedBytes(root) + growth <= blockBytes
        && compact.fits(root, growth);
  }

  /** Makes the list large, with the cursor on the same element. */
  private void becomeLarge() {
    int index = 0;
    for (int at = compact.start(root); at != position; at = compact.next(root, at)) {
      index++;
    }
    cursor.seek(largeRoot(), index);
  }
}
