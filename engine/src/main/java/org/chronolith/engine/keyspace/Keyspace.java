package org.chronolith.engine.keyspace;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayDeque;
import java.util.function.BooleanSupplier;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.Slice;
import org.chronolith.engine.memory.SlabAllocator;
import org.chronolith.engine.memory.SlabSource;
import org.chronolith.engine.snapshot.BatchSink;
import org.chronolith.engine.structure.HashTable;

/**
 * All databases, with the memory they live in. It has one owner: the thread that made it, until
 * another calls {@link #adopt}; every entry point refuses any other thread.
 *
 * <p>The owner calls {@link #begin} before each command, and between commands, in slices: {@link
 * #expireSlice}, {@link #freeSlice}, {@link #compactSlice} and the step of a {@link Snapshot}.
 */
public final class Keyspace implements AutoCloseable {
  private static final KeyspaceListener NO_LISTENER =
      new KeyspaceListener() {
        @Override
        public void expired(int database, Slice key) {}

        @Override
        public void touched(int database, Slice key) {}
      };

  /** Units of work between two looks at the clock: some 10 µs. */
  private static final int CHECKED_EVERY = 64;

  private final KeyspaceConfig config;
  private final SlabAllocator slabs;
  private final Entries entries;
  private final HashTable table;
  private final Marks marks = new Marks();
  private final Tombstones tombstones;
  private final ChangeLog changes;
  private final Compaction compaction;
  private final LazyFree lazyFree;
  private final TypeSupport[] types = new TypeSupport[ValueType.LIMIT];
  private final Database[] databases;
  private final ByteBuf scratch = Unpooled.directBuffer(256);
  private final Slice scratchKey = new Slice();
  private volatile Thread owner = Thread.currentThread();
  private KeyspaceListener listener = NO_LISTENER;
  private boolean watching;
  private long lookupsFound;
  private long lookupsMissed;
  private ExpiryMode expiryMode = ExpiryMode.IGNORE;
  private long nowMs;
  private long nextCollectionId = 1;
  private int nextSpaceId = 1;

  /** The running walk: of a snapshot, or one that settles the marks. */
  private Snapshot snapshot;

  private boolean snapshotsBegun;

  public Keyspace(KeyspaceConfig config, SlabSource source) {
    this.config = config;
    this.slabs = new SlabAllocator(source, config.maxBytes(), config.hashSeed());
    this.entries = new Entries(slabs);
    this.table = new HashTable(slabs, entries);
    this.tombstones = new Tombstones(slabs);
    this.changes = new ChangeLog(this, marks, tombstones);
    this.compaction = new Compaction(this);
    this.lazyFree = new LazyFree(this);
    this.databases = new Database[config.databases()];
    for (int i = 0; i < databases.length; i++) {
      databases[i] = new Database(this, i, new Space(this, nextSpaceId++, i));
    }
  }

  /** Joins a type. REQUIRES: before the first value of the type. */
  public void register(int type, TypeSupport support) {
    types[type] = support;
  }

  public void listener(KeyspaceListener newListener) {
    checkOwner();
    this.listener = newListener;
  }

  /** Whether {@link KeyspaceListener#touched} is called: while some client watches a key. */
  public void watching(boolean on) {
    checkOwner();
    this.watching = on;
  }

  // ---------------------------------------------------------------- owner, time

  /** Makes the calling thread the owner. REQUIRES: the previous one is done with it. */
  public void adopt() {
    owner = Thread.currentThread();
  }

  void checkOwner() {
    if (Thread.currentThread() != owner) {
      throw new EngineException(
          EngineException.Severity.FATAL,
          "the keyspace belongs to thread "
              + owner.getName()
              + ", not to "
              + Thread.currentThread().getName());
    }
  }

  /** Before each command: the time, and what becomes of expired keys. */
  public void begin(long timeMs, ExpiryMode mode) {
    checkOwner();
    this.nowMs = timeMs;
    this.expiryMode = mode;
  }

  /** The time that {@link #begin} gave. */
  public long nowMs() {
    return nowMs;
  }

  ExpiryMode expiryMode() {
    return expiryMode;
  }

  /** As redis-server has it: a key expires when the clock has passed its time. */
  boolean isExpired(long expireAtMs) {
    return expireAtMs >= 0 && nowMs > expireAtMs && expiryMode != ExpiryMode.IGNORE;
  }

  // ---------------------------------------------------------------- parts

  public KeyspaceConfig config() {
    return config;
  }

  /** The memory that values are built in. */
  public SlabAllocator slabs() {
    return slabs;
  }

  /** What types tell about elements. */
  public ElementChanges elementChanges() {
    return changes;
  }

  void lookedUp(boolean found) {
    if (found) {
      lookupsFound++;
    } else {
      lookupsMissed++;
    }
  }

  /** Look-ups of keys by {@link Database#find} that found one, since the start. */
  public long lookupsFound() {
    return lookupsFound;
  }

  /** Look-ups of keys by {@link Database#find} that found none, since the start. */
  public long lookupsMissed() {
    return lookupsMissed;
  }

  public int databases() {
    return databases.length;
  }

  /** The database of this number, {@code 0 <= number < databases()}. */
  public Database database(int number) {
    return databases[number];
  }

  /** A new id for a BIG value, never used before. */
  public long newCollectionId() {
    return nextCollectionId++;
  }

  /** Bytes in live blocks: keys, values, tables and what waits to be freed. */
  public long usedMemoryBytes() {
    return slabs.usedBytes();
  }

  /** Whether a command that stores about {@code bytes} may run. */
  public boolean canAllocate(long bytes) {
    return slabs.canAllocate(bytes);
  }

  /**
   * For a data set that is made beside the one that serves: so many bytes of the process's memory
   * are left to that one. 0 when it serves itself.
   */
  public void leaveMemory(long bytes) {
    slabs.leave(bytes);
  }

  Entries entries() {
    return entries;
  }

  HashTable table() {
    return table;
  }

  Marks marks() {
    return marks;
  }

  Tombstones tombstones() {
    return tombstones;
  }

  ChangeLog changes() {
    return changes;
  }

  LazyFree lazyFree() {
    return lazyFree;
  }

  /** The running walk, of a snapshot or one that settles the marks, or null. */
  Snapshot walk() {
    return snapshot;
  }

  TypeSupport type(int kind) {
    return types[Entries.type(kind)];
  }

  ValueForm form(int kind) {
    return types[Entries.type(kind)].form(Entries.encoding(kind));
  }

  /** Strings with encoding 0 are inline; the rest is asked of the type. */
  boolean isBig(int kind) {
    return (kind & 0x1F) != 0 && form(kind) == ValueForm.BIG;
  }

  // ---------------------------------------------------------------- events

  void touch(Space space, long entry) {
    if (watching && space.database >= 0) {
      listener.touched(space.database, keyOf(entry));
    }
  }

  void touch(Database database, Slice key) {
    if (watching) {
      listener.touched(database.number(), key);
    }
  }

  boolean mayExpire(Slice key) {
    return listener.mayExpire(key);
  }

  void expired(int database, Slice key) {
    listener.expired(database, key);
  }

  private Slice keyOf(long entry) {
    entries.copyKey(entry, scratch.clear());
    return scratchKey.set(scratch, 0, scratch.readableBytes());
  }

  // ---------------------------------------------------------------- slices

  /**
   * Removes and reports keys whose time has passed, for about {@code nanos}. REQUIRES: mode DELETE.
   *
   * @return whether more are due
   */
  public boolean expireSlice(long nanos) {
    return forNanos(nanos, () -> expireSome(CHECKED_EVERY) == CHECKED_EVERY);
  }

  int expireSome(int budget) {
    checkOwner();
    int removed = 0;
    for (Database database : databases) {
      Space space = database.space();
      while (removed < budget
          && space.expiries.size() > 0
          && isExpired(space.expiries.firstMs())
          && expiryMode == ExpiryMode.DELETE) {
        long entry = space.expiries.first();
        entries.copyKey(entry, scratch.clear());
        ByteBuf copy = scratch.copy();
        Slice key = scratchKey.set(copy, 0, copy.readableBytes());
        boolean allowed = mayExpire(key);
        if (allowed) {
          space.remove(entry);
          expired(database.number(), key);
          removed++;
        }
        copy.release();
        if (!allowed) {
          return removed;
        }
      }
    }
    return removed;
  }

  /**
   * Frees what was detached, for about {@code nanos}, and goes on with indexes that are being
   * resized.
   *
   * @return whether more waits
   */
  public boolean freeSlice(long nanos) {
    return forNanos(nanos, () -> freeSome(CHECKED_EVERY) | rehashSome(CHECKED_EVERY));
  }

  /** Frees about {@code budget} blocks of what was detached; true if more may wait. */
  boolean freeSome(int budget) {
    checkOwner();
    return lazyFree.step(budget);
  }

  private boolean rehashSome(int buckets) {
    boolean more = false;
    for (Database database : databases) {
      more |= table.rehash(database.space().index, buckets);
    }
    return more;
  }

  /**
   * Moves blocks out of sparse slabs, for about {@code nanos}.
   *
   * @return whether there is more to do; false if there was nothing to gain
   */
  public boolean compactSlice(long nanos) {
    return forNanos(nanos, () -> compactSome(CHECKED_EVERY));
  }

  /** Looks at about {@code budget} blocks; true if a pass is under way. */
  boolean compactSome(int budget) {
    checkOwner();
    return compaction.step(budget);
  }

  boolean forNanos(long nanos, BooleanSupplier moreAfterStep) {
    long start = config.nanos().getAsLong();
    while (moreAfterStep.getAsBoolean()) {
      if (config.nanos().getAsLong() - start >= nanos) {
        return true;
      }
    }
    return false;
  }

  // ---------------------------------------------------------------- detaching

  /**
   * Frees a SMALL or BIG value that no entry has ever named, a large one in slices.
   *
   * @param collectionId that of a BIG value; else ignored
   */
  public void discard(int type, int encoding, long root, long collectionId) {
    checkOwner();
    if (types[type].form(encoding) == ValueForm.BIG) {
      lazyFree.add(new Detached(Entries.kind(type, encoding), root, collectionId));
    } else {
      types[type].freeSmall(encoding, root);
    }
  }

  void detach(Database database) {
    Space old = database.space();
    if (snapshotsBegun) {
      changes.burySpace(old);
    }
    old.database = -1;
    old.expiries.free();
    lazyFree.add(old);
    database.point(new Space(this, nextSpaceId++, database.number()));
  }

  /** Swaps the keys of two databases. */
  public void swap(int a, int b) {
    checkOwner();
    Space spaceA = databases[a].space();
    databases[a].point(databases[b].space());
    databases[b].point(spaceA);
  }

  /** Removes all keys of all databases. */
  public void flushAll() {
    for (Database database : databases) {
      database.flush();
    }
  }

  // ---------------------------------------------------------------- snapshots

  /** Removed items that the next snapshot will delete from what is stored. */
  public long tombstoneCount() {
    return tombstones.count();
  }

  /**
   * Whether {@link #snapshot} can be called now: none is running, and fewer than some 250 were
   * aborted in a row. After those, {@link #settleSlice} has to come first.
   */
  public boolean canSnapshot() {
    return snapshot == null && marks.canBegin();
  }

  /** The running snapshot, or null. */
  public Snapshot snapshot() {
    return marks.settling() ? null : snapshot;
  }

  /**
   * Begins a snapshot of the keyspace as it is now.
   *
   * @param full whether everything is to be written, since nothing (reliable) is stored; otherwise
   *     only what has changed since the last one that was done
   * @throws EngineException RETRYABLE if one is running, or 250 were aborted in a row since the
   *     last one that was done (then a full one must be preceded by a new keyspace)
   */
  public Snapshot snapshot(BatchSink sink, boolean full) {
    checkOwner();
    if (!canSnapshot()) {
      throw new EngineException(
          EngineException.Severity.RETRYABLE,
          snapshot != null ? "a snapshot is running" : "too many snapshots were aborted in a row");
    }
    marks.begin(full);
    if (full) {
      changes.dropBatch();
      changes.deleteAll();
      lazyFree.addTombstones(tombstones.detach());
    }
    snapshotsBegun = true;
    changes.storedFrom(nextCollectionId);
    changes.putHeader(databases, nextCollectionId, nextSpaceId);
    snapshot = new Snapshot(this, sink, databases);
    return snapshot;
  }

  /**
   * Makes a new snapshot possible after hundreds were aborted in a row; else it does nothing.
   *
   * @return whether more slices are needed
   */
  public boolean settleSlice(long nanos) {
    return forNanos(nanos, () -> settleSome(CHECKED_EVERY));
  }

  boolean settleSome(int budget) {
    checkOwner();
    if (snapshot == null && !marks.canBegin()) {
      marks.beginSettling();
      snapshot = new Snapshot(this, null, databases);
    }
    return snapshot != null && marks.settling() && !snapshot.step(budget);
  }

  void batchGrew() {
    if (snapshot != null) {
      snapshot.batchGrew();
    }
  }

  void renamed(Space space, long entry) {
    if (snapshot != null) {
      snapshot.renamed(space, entry);
    }
  }

  void snapshotEnded(ArrayDeque<Detached> detached) {
    snapshot = null;
    lazyFree.addAll(detached);
  }

  /** Reads the items of a checkpoint back into this keyspace. REQUIRES: nothing was stored yet. */
  public KeyspaceLoader loader() {
    checkOwner();
    return new KeyspaceLoader(this);
  }

  void loadedHeader(long collectionId, int spaceId, int[] spaceIds) {
    nextCollectionId = collectionId;
    nextSpaceId = spaceId;
    snapshotsBegun = true;
    changes.storedFrom(collectionId);
    for (int i = 0; i < spaceIds.length; i++) {
      Space empty = databases[i].space();
      while (!table.drain(empty.index, 1, lazyFree::freeEntry)) {
        // An empty table is freed in a few steps.
      }
      databases[i].point(new Space(this, spaceIds[i], i));
    }
  }

  // ---------------------------------------------------------------- the rest

  /** The dataset's digest, as redis-server's {@code DEBUG DIGEST} gives it, in 20 bytes. */
  public byte[] digest() {
    checkOwner();
    return new KeyspaceDigest(this).compute();
  }

  /** Checks all invariants; for tests. */
  public void validate() {
    for (Database database : databases) {
      database.space().validate();
    }
    tombstones.validate();
    slabs.validate();
  }

  /** Gives all memory back. REQUIRES: no snapshot is running. */
  @Override
  public void close() {
    changes.close();
    scratch.release();
    slabs.close();
  }
}
