package org.chronolith.server.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class RunningSyncsTest {
  private static final long MOST_BEHIND = 1_000;
  private static final long MOST_CUT_MS = 60_000;
  private static final long NONE = Long.MAX_VALUE;

  private static final class Connected implements RunningSyncs.Replica {
    private final String claimId;
    private long neededOffset;
    private boolean hasDataSet;
    private boolean closed;

    Connected(String claimId, long neededOffset) {
      this.claimId = claimId;
      this.neededOffset = neededOffset;
    }

    @Override
    public String name() {
      return "127.0.0.1:7000";
    }

    @Override
    public void close() {
      closed = true;
    }

    @Override
    public String claimId() {
      return claimId;
    }

    @Override
    public String ip() {
      return "127.0.0.1";
    }

    @Override
    public int port() {
      return 7000;
    }

    @Override
    public boolean hasDataSet() {
      return hasDataSet;
    }

    @Override
    public long neededOffset() {
      return neededOffset;
    }
  }

  private final RunningSyncs syncs = new RunningSyncs();

  private void update(long endOffset, long nowMs) {
    syncs.update(endOffset, MOST_BEHIND, nowMs, MOST_CUT_MS);
  }

  @Test
  void shouldNeedTheLogFromTheDataSetOnHoweverFarThatIsBehind() {
    Connected replica = new Connected("a", 100);
    syncs.sendingRdb(replica, 100);
    update(1_000_000, 1_000);
    assertEquals(100, syncs.neededOffset());
    assertTrue(syncs.isRunning("a"));
    assertTrue(syncs.isRunning(replica));
  }

  @Test
  void shouldNeedTheLogUntilTheReplicaHasCaughtUpSoFarThatItsClaimWillDo() {
    Connected replica = new Connected("a", 100);
    syncs.sendingRdb(replica, 100);
    replica.hasDataSet = true;
    syncs.synced(replica);
    update(5_000, 1_000);
    assertEquals(100, syncs.neededOffset());
    replica.neededOffset = 3_999;
    update(5_000, 2_000);
    assertEquals(3_999, syncs.neededOffset());
    replica.neededOffset = 4_000;
    update(5_000, 3_000);
    assertEquals(NONE, syncs.neededOffset());
    assertFalse(syncs.isRunning("a"));
  }

  /** Its link ended while it loaded: it has adopted the data set, and asks for what follows. */
  @Test
  void shouldWaitForOneThatWasSentAllAndWasCutOffBeforeItSaidSo() {
    Connected replica = new Connected("a", 100);
    syncs.sendingRdb(replica, 100);
    replica.hasDataSet = true;
    syncs.closed(replica, 1_000);
    update(5_000, 1_000 + MOST_CUT_MS);
    assertEquals(100, syncs.neededOffset());
    Connected back = new Connected("a", 100);
    syncs.continued(back);
    update(6_000, 1_000 + 2 * MOST_CUT_MS);
    assertEquals(100, syncs.neededOffset());
    back.neededOffset = 5_500;
    syncs.closed(back, 200_000);
    assertEquals(5_500, syncs.neededOffset());
    update(6_600, 200_000);
    assertEquals(5_500, syncs.neededOffset());
    update(6_600, 200_001 + MOST_CUT_MS);
    assertEquals(NONE, syncs.neededOffset());
  }

  @Test
  void shouldForgetOneThatWasCutOffWhenItIsDropped() {
    Connected replica = new Connected("a", 100);
    syncs.sendingRdb(replica, 100);
    replica.hasDataSet = true;
    assertFalse(syncs.forgetCut("a"), "it is connected");
    syncs.closed(replica, 1_000);
    assertFalse(syncs.forgetCut("b"));
    assertTrue(syncs.forgetCut("a"));
    assertEquals(NONE, syncs.neededOffset());
    assertFalse(syncs.forgetCut("a"));
  }

  @Test
  void shouldNotWaitForOneThatCannotGoOnWhereItWas() {
    Connected replica = new Connected("a", 100);
    syncs.sendingRdb(replica, 100);
    syncs.closed(replica, 1_000);
    assertEquals(NONE, syncs.neededOffset());
    Connected nameless = new Connected(null, 200);
    syncs.sendingRdb(nameless, 200);
    assertEquals(200, syncs.neededOffset());
    nameless.hasDataSet = true;
    syncs.closed(nameless, 1_000);
    assertEquals(NONE, syncs.neededOffset());
  }

  @Test
  void shouldForgetAConnectionWhoseReplicaHasBegunAnewOverAnother() {
    Connected first = new Connected("a", 100);
    syncs.sendingRdb(first, 100);
    Connected second = new Connected("a", 500);
    syncs.sendingRdb(second, 500);
    assertEquals(500, syncs.neededOffset());
    assertFalse(syncs.isRunning(first));
    syncs.closed(first, 1_000);
    assertEquals(500, syncs.neededOffset());
  }

  @Test
  void shouldGiveUpOnlyThoseBelowTheLimit() {
    Connected low = new Connected("a", 100);
    Connected high = new Connected("b", 200);
    syncs.sendingRdb(low, 100);
    syncs.sendingRdb(high, 200);
    syncs.endBelow(200, 1_000, "more than is kept");
    assertTrue(low.closed);
    assertFalse(high.closed);
    assertEquals(200, syncs.neededOffset());
    assertFalse(syncs.isRunning("a"));
  }
}
