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
   * Looks at about {@code budget} entries and elements, and writes those that are due. Does nothing
   * in a final state, or while the sink is full.
   *
   * @return whether it is done
   */
  public boolean step(int budget) {
    keyspace.checkOwner();
    if (state != State.WALKING) {
      return isDone();
    }
    examined = 0;
    sinkFull = !offerIfLarge();
    while (examined < budget && !sinkFull && state == State.WALKING) {
      if (!walkSome(budget - examined)) {
        sinkFull = !marks.settling() && !changes.offerTo(sink);
        if (!sinkFull) {
          finish();
        }
        break;
      }
      sinkFull = !offerIfLarge();
    }
    itemsExamined += examined;
    return isDone();
  }

  /**
   * Goes on for about {@code nanos}, or until the sink is full.
   *
   * @return whether it is done
   */
  public boolean stepFor(long nanos) {
    Keyspace.forNanos(nanos, () -> !step(STEP) && state == State.WALKING && !sinkFull);
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
        || changes.offerTo(sink);
  }

  /** Called after each item, in the middle of a command perhaps. */
  void batchGrew() {
    if (state == State.WALKING
        && !offerIfLarge()
        && changes.batchBytes() > keyspace.config().preImageBytes()) {
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
    int slice = Math.max(1, budget);
    elementCursor =
        keyspace
            .type(kind)
            .walk(Entries.encoding(kind), root, bigKey.collectionId, elementCursor, slice);
    examined += slice;
    if (elementCursor == 0 && state == State.WALKING) {
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
    int slice = Math.max(1, budget);
    elementCursor =
        keyspace
            .type(value.kind())
            .walk(
                Entries.encoding(value.kind()),
                value.root(),
                value.collectionId(),
                elementCursor,
                slice);
    examined += slice;
    if (elementCursor == 0 && state == State.WALKING) {
      keyspace.lazyFree().add(detached.poll());
    }
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
