package org.chronolith.server.simulation;

import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import org.chronolith.network.LoopClock;

/** The time of a simulation, and what is to happen when. */
final class Timeline implements LoopClock {
  private static final long FIRST_WALL_MS = 1_700_000_000_000L;

  private final PriorityQueue<Event> events =
      new PriorityQueue<>(Comparator.comparingLong(Event::nanos).thenComparingLong(Event::number));
  private final Journal journal;
  private long nowNanos;
  private long number;

  Timeline(Journal journal) {
    this.journal = journal;
  }

  private record Event(long nanos, long number, Runnable task) {}

  @Override
  public long nanos() {
    return nowNanos;
  }

  @Override
  public long wallMs() {
    return FIRST_WALL_MS + TimeUnit.NANOSECONDS.toMillis(nowNanos);
  }

  /** Milliseconds since the beginning. */
  long nowMs() {
    return TimeUnit.NANOSECONDS.toMillis(nowNanos);
  }

  /** What is due at the same time happens in the order in which it was asked for. */
  void at(long nanos, Runnable task) {
    events.add(new Event(Math.max(nanos, nowNanos), number++, task));
  }

  void after(long delayNanos, Runnable task) {
    at(nowNanos + delayNanos, task);
  }

  /** Has all happen that is due. Returns how much that was. */
  int runDue() {
    int ran = 0;
    while (!events.isEmpty() && events.peek().nanos() <= nowNanos) {
      Event event = events.poll();
      journal.add("event", event.nanos(), event.number());
      event.task().run();
      ran++;
    }
    return ran;
  }

  /** When the next thing happens; -1 if nothing will. */
  long nextNanos() {
    return events.isEmpty() ? -1 : events.peek().nanos();
  }

  void advanceTo(long nanos) {
    if (nanos < nowNanos) {
      throw new IllegalArgumentException("time does not go back");
    }
    nowNanos = nanos;
  }
}
