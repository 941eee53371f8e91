package org.chronolith.engine.keyspace;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.chronolith.engine.Slice;
import org.chronolith.engine.memory.SlabAllocator;
import org.chronolith.engine.snapshot.BatchSink;
import org.chronolith.engine.structure.HashTable;

/**
 * The walk of one snapshot: it writes the keyspace as it was when the snapshot began, a slice at a
 * time, however the keyspace changes meanwhile. What is about to change and was not yet written is
 * written first (by {@link ChangeLog}); what was detached and is still needed is walked before it
 * is freed.
 *
 * <p>The order: the spaces that the databases had at the mark, bucket by bucket; the elements of a
 * BIG value right after the bucket that holds its entry; then tombstones, then detached values.
 *
 * <p>Thread: the owner of the keyspace.
 */
public final class Snapshot {
  /** Where a walk is; the last two are final. */
  public enum State {
    WALKING,
    DONE,
    ABORTED
  }

  /** A BIG value whose elements are to be walked, found by its key since its entry may move. */
  private record BigKey(Space space, byte[] key, long collectionId) {}

  private static final int STEP = 64;
  private static final int MAX_RENAMED = 10_000;

  private final Keyspace keyspace;
  private final BatchSink sink;
  private final SlabAllocator slabs;
  private final Entries entries;
  private final HashTable table;
  private final ChangeLog changes;
  private final Marks marks;
  private final List<Space> spaces = new ArrayList<>();
  private final ArrayDeque<BigKey> bigKeys = new ArrayDeque<>();
  private final ArrayDeque<Detached> detached = new ArrayDeque<>();
  private final Slice keySlice = new Slice();
  private State state = State.WALKING;
  private String reason = "";
  private int spaceIndex;
  private long cursor;
  private long elementCursor;
  private boolean tombstonesDone;
  private int examined;
  private boolean sinkFull;
  private long itemsExamined;

  /** Inside a step: what is written is the walk's own. */
  private boolean stepping;

  /** What the step may still write before it ends. */
  private long stepBytesLeft;

  /** Bytes of the batch that were looked at by {@link #batchGrew}. */
  private int countedBytes;

  /** Bytes of the batch that changes have written, not the walk. */
  private long preImageBytes;

  Snapshot(Keyspace keyspace, BatchSink sink, Database[] databases) {
    this.keyspace = keyspace;
    this.sink = sink;
    this.slabs = keyspace.slabs();
    this.entries = keyspace.entries();
    this.table = keyspace.table();
    this.changes = keyspace.changes();
    this.marks = keyspace.marks();
    for (Database database : databases) {
      if (database.space().size() > 0) {
        spaces.add(database.space());
      }
    }
  }

  public State state() {
    return state;
  }

  /** Whether everything was written and handed over. */
  public boolean isDone() {
    return state == State.DONE;
  }

  /** Why it was aborted; empty otherwise. */
  public String reason() {
    return reason;
  }

  /** Whether the last step could not go on since the sink was full. */
  public boolean isSinkFull() {
    return sinkFull;
  }

  /** Entries and elements looked at so far. */
  public long itemsExamined() {
    return itemsExamined;
  }

  /**
   * Looks at about {@code budget} entries and elements, and writes those that are due, but no more
   * than a batch and one item, however long that is. Does nothing in a final state, or while the
   * sink is full.
   *
   * @return whether it is done
   */
  public boolean step(int budget) {
    keyspace.checkOwner();
    if (state != State.WALKING) {
      return isDone();
    }
    examined = 0;
    stepBytesLeft = keyspace.config().snapshotBatchBytes();
    stepping = true;
    try {
      walkFor(budget);
    } finally {
      stepping = false;
    }
    itemsExamined += examined;
    return isDone();
  }

  private void walkFor(int budget) {
    sinkFull = !offerIfLarge();
    while (goesOn(budget)) {
      if (!walkSome(budget)) {
        sinkFull = !marks.settling() && !offer();
        if (!sinkFull) {
          finish();
        }
        break;
      }
      sinkFull = !offerIfLarge();
    }
  }

  private boolean goesOn(int budget) {
    return examined < budget && stepBytesLeft > 0 && !sinkFull && state == State.WALKING;
  }

  /**
   * Goes on for about {@code nanos}, or until the sink is full.
   *
   * @return whether it is done
   */
  public boolean stepFor(long nanos) {
    keyspace.forNanos(nanos, () -> !step(STEP) && state == State.WALKING && !sinkFull);
    return isDone();
  }

  /**
   * Gives up. What was not yet written stays due for the next snapshot; what was handed over must
   * still be applied. Has no effect in a final state.
   */
  public void abort(String why) {
    keyspace.checkOwner();
    if (state == State.WALKING) {
      state = State.ABORTED;
      reason = why;
      marks.abort();
      end();
    }
  }

  private boolean offerIfLarge() {
    return marks.settling()
        || changes.batchBytes() < keyspace.config().snapshotBatchBytes()
        || offer();
  }

  private boolean offer() {
    boolean taken = changes.offerTo(sink);
    if (taken) {
      countedBytes = 0;
      preImageBytes = 0;
    }
    return taken;
  }

  /**
   * Called after each item, in the middle of a command perhaps. Only what changes write without an
   * end makes the snapshot give way: one item alone may be as long as a value, and the walk stops
   * by itself while the sink is full.
   */
  void batchGrew() {
    if (state != State.WALKING || marks.settling()) {
      return;
    }
    int grown = changes.batchBytes() - countedBytes;
    countedBytes += grown;
    if (stepping) {
      stepBytesLeft -= grown;
    } else {
      preImageBytes += grown;
    }
    boolean full = !offerIfLarge();
    sinkFull |= stepping && full;
    if (full && !stepping && preImageBytes - grown > keyspace.config().preImageBytes()) {
      abort("pre-images of more than " + keyspace.config().preImageBytes() + " bytes");
    }
  }

  private void finish() {
    state = State.DONE;
    marks.complete();
    end();
  }

  private void end() {
    spaces.clear();
    bigKeys.clear();
    keyspace.snapshotEnded(detached);
  }

  /** One unit of work; false if none is left. */
  private boolean walkSome(int budget) {
    if (!bigKeys.isEmpty()) {
      walkBigKey(budget);
      return true;
    }
    if (spaceIndex < spaces.size()) {
      walkBucket(spaces.get(spaceIndex));
      return true;
    }
    if (!tombstonesDone) {
      examined++;
      cursor = keyspace.tombstones().rewrite(cursor, this::writeTombstone);
      tombstonesDone = cursor == 0;
      return true;
    }
    if (!detached.isEmpty()) {
      walkDetached(budget);
      return true;
    }
    return false;
  }

  private void walkBucket(Space space) {
    examined++;
    cursor = table.scan(space.index, cursor, entry -> visit(space, entry));
    if (cursor == 0) {
      spaceIndex++;
    }
  }

  private void visit(Space space, long entry) {
    examined++;
    if (marks.isDue(slabs.getByte(entry, Entries.MARK_AT))) {
      changes.putEntry(space, entry);
      slabs.putByte(entry, Entries.MARK_AT, marks.written());
    }
    if (isBigDue(entry)) {
      remember(space, entry);
    }
  }

  /** Whether elements of the entry's value may be due. */
  private boolean isBigDue(long entry) {
    if (!keyspace.isBig(entries.kind(entry))) {
      return false;
    }
    entries.read(entry);
    return marks.isDue(slabs.getByte(entry, entries.valueAt + Entries.BIG_FIRST));
  }

  private void remember(Space space, long entry) {
    ByteBuf key = Unpooled.buffer();
    entries.copyKey(entry, key);
    byte[] bytes = new byte[key.readableBytes()];
    key.readBytes(bytes);
    long id = slabs.getLong(entry, entries.valueAt + Entries.BIG_ID);
    bigKeys.add(new BigKey(space, bytes, id));
  }

  /** An entry got another key: if its elements are still due, they are looked for there. */
  void renamed(Space space, long entry) {
    if (state == State.WALKING && isBigDue(entry)) {
      remember(space, entry);
      if (bigKeys.size() > MAX_RENAMED) {
        abort("more than " + MAX_RENAMED + " large values were renamed during the snapshot");
      }
    }
  }

  /** Takes a value that was detached, if this snapshot needs its elements. */
  boolean takesDetached(Detached value, byte first) {
    if (state != State.WALKING || marks.settling() || !marks.isDue(first)) {
      return false;
    }
    detached.add(value);
    return true;
  }

  /** Whether a detached space must not be freed yet. */
  boolean needs(Space space) {
    int at = spaces.indexOf(space);
    return at >= spaceIndex || bigKeys.stream().anyMatch(bigKey -> bigKey.space == space);
  }

  private void walkBigKey(int budget) {
    BigKey bigKey = bigKeys.peek();
    ByteBuf bytes = Unpooled.wrappedBuffer(bigKey.key);
    keySlice.set(bytes, 0, bigKey.key.length);
    long entry = table.find(bigKey.space.index, keySlice, slabs.hash(keySlice));
    examined++;
    if (entry == 0 || !isBigDue(entry) || idOf(entry) != bigKey.collectionId) {
      // Removed (then it is among the detached) or renamed (then it is listed again).
      nextBigKey();
      return;
    }
    int kind = entries.kind(entry);
    long root = slabs.getLong(entry, entries.valueAt);
    if (walkElements(kind, root, bigKey.collectionId, budget)) {
      entries.read(entry);
      boolean changedSince =
          slabs.getByte(entry, entries.valueAt + Entries.BIG_LAST) == marks.current();
      slabs.putByte(
          entry,
          entries.valueAt + Entries.BIG_FIRST,
          changedSince && !marks.settling() ? marks.current() : marks.written());
      nextBigKey();
    }
  }

  private void nextBigKey() {
    bigKeys.poll();
    elementCursor = 0;
  }

  private long idOf(long entry) {
    return slabs.getLong(entry, entries.valueAt + Entries.BIG_ID);
  }

  private void walkDetached(int budget) {
    Detached value = detached.peek();
    if (walkElements(value.kind(), value.root(), value.collectionId(), budget)) {
      keyspace.lazyFree().add(detached.poll());
    }
  }

  /**
   * Goes on in a BIG value, an element at a time, since each may be long.
   *
   * @return whether all of it was looked at
   */
  private boolean walkElements(int kind, long root, long collectionId, int budget) {
    TypeSupport type = keyspace.type(kind);
    int encoding = Entries.encoding(kind);
    do {
      elementCursor = type.walk(encoding, root, collectionId, elementCursor, 1);
      examined++;
    } while (elementCursor != 0 && goesOn(budget));
    return elementCursor == 0 && state == State.WALKING;
  }

  private long writeTombstone(long tombstone) {
    examined++;
    if (state != State.WALKING || !marks.isDue(keyspace.tombstones().mark(tombstone))) {
      return tombstone;
    }
    if (marks.settling()) {
      keyspace.tombstones().setMark(tombstone, marks.written());
      return tombstone;
    }
    changes.putTombstone(tombstone);
    keyspace.tombstones().freeOne(tombstone);
    return 0;
  }
}
