package org.chronolith.engine.memory;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Where slabs come from and where they go. A fresh mebibyte costs up to a millisecond (its pages
 * are faulted in and zeroed by whoever touches them first), so the {@code slab-prepare} thread
 * keeps a few ready and also gives returned ones back to the system.
 *
 * <p>How many are ready adapts: each time a taker finds none, the target doubles up to the bound;
 * each quiet interval halves it down to {@value #MIN_READY}. Those that are ready and those that
 * were taken are together no more than the limit: the rest of the process's memory is others'.
 *
 * <p>Thread: {@link #take} and {@link #giveBack} may be called by any thread and never block.
 */
public final class SlabSource implements AutoCloseable {
  static final int MIN_READY = 2;
  private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final int PAGE_BYTES = 4096;

  /** Without leak detection: a slab lives as long as its keyspace, and each is accounted for. */
  private static final UnpooledByteBufAllocator SLABS = new UnpooledByteBufAllocator(true, true);

  private final ArrayBlockingQueue<ByteBuf> ready;
  private final ConcurrentLinkedQueue<ByteBuf> returned = new ConcurrentLinkedQueue<>();
  private final int maxReady;
  private final Thread thread;
  private final AtomicLong allocatedInline = new AtomicLong();

  /** Slabs that keyspaces have. */
  private final AtomicLong taken = new AtomicLong();

  private final long maxSlabs;
  private volatile int target;
  private volatile boolean closed;

  private SlabSource(int maxReady, long maxSlabs) {
    this.maxReady = maxReady;
    this.maxSlabs = maxSlabs;
    this.ready = new ArrayBlockingQueue<>(Math.max(1, maxReady));
    this.target = Math.min(MIN_READY, maxReady);
    this.thread = maxReady == 0 ? null : new Thread(this::run, "slab-prepare");
  }

  /**
   * A source with its own {@code slab-prepare} thread that keeps at most {@code maxReady} slabs.
   *
   * @param maxBytes the most that all keyspaces together may take, those being loaded included
   */
  public static SlabSource start(int maxReady, long maxBytes) {
    if (maxReady < MIN_READY) {
      throw new IllegalArgumentException("maxReady " + maxReady + " is less than " + MIN_READY);
    }
    SlabSource source = new SlabSource(maxReady, maxBytes / SlabAllocator.SLAB_BYTES);
    source.thread.setDaemon(true);
    source.thread.start();
    return source;
  }

  /** A source without a thread: each slab is made by whoever takes it (tests, tools). */
  public static SlabSource inline() {
    return new SlabSource(0, Long.MAX_VALUE / SlabAllocator.SLAB_BYTES);
  }

  /** Bytes that may still be taken, by all takers together. */
  long leftBytes() {
    return (maxSlabs - taken.get()) * SlabAllocator.SLAB_BYTES;
  }

  /**
   * A slab of {@link SlabAllocator#SLAB_BYTES}; its content is undefined.
   *
   * @param spareBytes what must be left to the other takers
   * @return null if there is none left
   */
  ByteBuf take(long spareBytes) {
    if ((maxSlabs - taken.incrementAndGet()) * SlabAllocator.SLAB_BYTES < spareBytes) {
      taken.decrementAndGet();
      return null;
    }
    try {
      return take();
    } catch (RuntimeException | Error e) {
      taken.decrementAndGet();
      throw e;
    }
  }

  private ByteBuf take() {
    ByteBuf slab = ready.poll();
    if (slab == null) {
      // Else both would be there for a moment: the old one, and the new one.
      slab = returned.poll();
    }
    if (slab == null) {
      allocatedInline.incrementAndGet();
      target = Math.min(maxReady, Math.max(MIN_READY, target * 2));
      slab = newSlab();
    }
    if (thread != null) {
      LockSupport.unpark(thread);
    }
    return slab;
  }

  void giveBack(ByteBuf slab) {
    taken.decrementAndGet();
    if (thread == null || closed) {
      slab.release();
      return;
    }
    if (ready.size() >= target || !ready.offer(slab)) {
      returned.add(slab);
      LockSupport.unpark(thread);
    }
  }

  /** How many slabs had to be made by their taker since none was ready. */
  public long allocatedInline() {
    return allocatedInline.get();
  }

  /** Slabs ready now. */
  public int readySlabs() {
    return ready.size();
  }

  private void run() {
    long lastInline = 0;
    long quietSince = System.nanoTime();
    while (!closed) {
      for (ByteBuf slab = returned.poll(); slab != null; slab = returned.poll()) {
        slab.release();
      }
      if (ready.size() < target && taken.get() + ready.size() < maxSlabs && prepareOne()) {
        continue;
      }
      long now = System.nanoTime();
      if (allocatedInline.get() != lastInline) {
        lastInline = allocatedInline.get();
        quietSince = now;
      } else if (now - quietSince > QUIET_NANOS) {
        quietSince = now;
        target = Math.max(MIN_READY, target / 2);
        while (ready.size() > target) {
          ByteBuf surplus = ready.poll();
          if (surplus != null) {
            surplus.release();
          }
        }
      }
      LockSupport.parkNanos(this, QUIET_NANOS);
    }
    releaseAll();
  }

  private boolean prepareOne() {
    ByteBuf slab;
    try {
      slab = newSlab();
      touch(slab);
    } catch (OutOfMemoryError e) {
      // Preparing ahead is a courtesy. Whoever needs the slab meets the same error, and reports it.
      return false;
    }
    if (!ready.offer(slab)) {
      slab.release();
    }
    return true;
  }

  private void releaseAll() {
    for (ByteBuf slab = ready.poll(); slab != null; slab = ready.poll()) {
      slab.release();
    }
    for (ByteBuf slab = returned.poll(); slab != null; slab = returned.poll()) {
      slab.release();
    }
  }

  /** Its pages are faulted in one by one, as they are used, unless it is {@link #touch}ed. */
  private static ByteBuf newSlab() {
    return SLABS.directBuffer(SlabAllocator.SLAB_BYTES, SlabAllocator.SLAB_BYTES);
  }

  private static void touch(ByteBuf slab) {
    for (int at = 0; at < SlabAllocator.SLAB_BYTES; at += PAGE_BYTES) {
      slab.setByte(at, 0);
    }
  }

  /**
   * Ends the thread and gives the ready slabs back; slabs still taken are their takers' business.
   */
  @Override
  public void close() {
    closed = true;
    if (thread == null) {
      return;
    }
    LockSupport.unpark(thread);
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    releaseAll();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
