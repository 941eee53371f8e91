package org.chronolith.server.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.chronolith.network.ProtocolException;
import org.junit.jupiter.api.Test;

class MismatchesTest {
  private static final String ID = "0123456789abcdef0123456789abcdef01234567";

  private final ReplicationCounters counters = new ReplicationCounters();
  private final Mismatches mismatches = new Mismatches(counters);
  private final Link link = new Link("one");

  private static final class Link implements Mismatches.Link {
    private final String id;
    private int closed;

    Link(String id) {
      this.id = id;
    }

    @Override
    public String claimId() {
      return id;
    }

    @Override
    public String name() {
      return "127.0.0.1:1";
    }

    @Override
    public void close() {
      closed++;
    }
  }

  private static Mismatch at(long block) {
    return new Mismatch(ID, block * BlockSums.BLOCK_BYTES, 0xfedcba98, (int) block);
  }

  @Test
  void shouldCutOnceAndTellUntilTheReplicaIsReplaced() {
    mismatches.cutUntold(List.of(link), 1);
    assertEquals(0, link.closed);
    assertNull(mismatches.toTell("one", true));
    mismatches.found(link, at(1));
    mismatches.found(link, at(2));
    mismatches.found(link, at(1));
    assertEquals(2, counters.mismatchedBlocks());
    mismatches.cutUntold(List.of(link, new Link("two"), new Link(null)), 1000);
    assertEquals(1, link.closed);
    Mismatch.Told told = mismatches.toTell("one", false);
    assertEquals(new Mismatch.Told(at(1), 2, false), told);
    // One more is found while it goes on.
    mismatches.found(link, at(3));
    mismatches.told("one", told);
    mismatches.cutUntold(List.of(link), 61_001);
    assertEquals(2, link.closed);
    assertEquals(new Mismatch.Told(at(1), 3, true), mismatches.toTell("one", true));
    mismatches.told("one", mismatches.toTell("one", true));
    mismatches.told("one", told);
    mismatches.told("one", null);
    mismatches.told("two", told);
    // Told again after a cut, a known block is no news.
    mismatches.found(link, at(3));
    assertEquals(3, counters.mismatchedBlocks());
    mismatches.cutUntold(List.of(link), 1_000_000);
    assertEquals(2, link.closed);
  }

  @Test
  void shouldCutNoMoreOftenThanOnceAMinuteHoweverManyBlocksDiffer() {
    for (int second = 0; second < 121; second++) {
      mismatches.found(link, at(second));
      mismatches.cutUntold(List.of(link), second * 1000L);
      mismatches.told("one", mismatches.toTell("one", false));
      mismatches.found(link, at(1000 + second));
    }
    assertEquals(2, link.closed);
    assertEquals(242, counters.mismatchedBlocks());
  }

  @Test
  void shouldForgetWhoWasSentTheWholeDataSet() {
    mismatches.found(link, at(1));
    mismatches.distrust(List.of("one", "two"));
    assertTrue(mismatches.isDistrusted("one"));
    mismatches.synced("one");
    assertFalse(mismatches.isDistrusted("one"));
    assertTrue(mismatches.isDistrusted("two"));
    assertFalse(mismatches.isDistrusted(null));
    assertNull(mismatches.toTell("one", true));
    // After that the same block is news.
    mismatches.found(link, at(1));
    assertEquals(2, counters.mismatchedBlocks());
  }

  @Test
  void shouldPassTheWire() {
    for (boolean resync : new boolean[] {true, false}) {
      Mismatch.Told told = new Mismatch.Told(at(77), 3, resync);
      assertEquals(told, Mismatch.Told.parse("+" + told.line()));
    }
    for (String wrong :
        new String[] {
          "+MISMATCH",
          "+MISMATCH 1 " + ID + " 0 0 0",
          "+MISMATCH 1 x 0 0 0 resync",
          "+MISMATCH 1 " + ID + " 0 0 zz resync",
          "+MISMATCH one " + ID + " 0 0 0 resync"
        }) {
      assertThrows(ProtocolException.class, () -> Mismatch.Told.parse(wrong), wrong);
    }
  }

  @Test
  void shouldTakeAResyncOnlyOnceAnHour() {
    LinkVerification replica = new LinkVerification(counters);
    long hour = TimeUnit.HOURS.toNanos(1);
    replica.mismatch(new Mismatch.Told(at(1), 2, false), false, 0);
    assertFalse(replica.isUntrusted());
    assertEquals(2, counters.mismatchedBlocks());
    replica.mismatch(new Mismatch.Told(at(1), 3, false), false, 0);
    assertEquals(3, counters.mismatchedBlocks());
    // Nothing new, but now it is to be resolved.
    replica.mismatch(new Mismatch.Told(at(1), 3, false), true, 0);
    assertEquals(3, counters.mismatchedBlocks());
    assertTrue(replica.isUntrusted());
    replica.mismatch(new Mismatch.Told(at(1), 3, false), true, 0);
    assertTrue(replica.isUntrusted());
    replica.replaced(10);
    assertFalse(replica.isUntrusted());
    assertEquals(1, counters.mismatchResyncs());
    replica.mismatch(new Mismatch.Told(at(3), 1, true), false, 10 + hour - 1);
    assertFalse(replica.isUntrusted());
    replica.mismatch(new Mismatch.Told(at(3), 1, true), false, 10 + hour);
    assertTrue(replica.isUntrusted());
    replica.promoted();
    assertFalse(replica.isUntrusted());
    // A stream that cannot be read on.
    assertFalse(replica.stuck(7, "why", false, 10 + hour));
    assertFalse(replica.stuck(7, "why", true, 9 + hour));
    assertTrue(replica.stuck(7, "why", true, 10 + hour));
    assertTrue(replica.stuck(7, "why", false, 10 + hour));
    assertTrue(replica.isUntrusted());
    replica.promoted();
    // What the master had to replace itself is replaced here in any case.
    replica.replaced(hour);
    replica.untrusted();
    replica.untrusted();
    assertTrue(replica.isUntrusted());
    replica.replaced(2 * hour);
    assertEquals(2, counters.mismatchResyncs());
  }
}
