package org.chronolith.server.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.chronolith.server.recovery.DirectoryDisk;
import org.chronolith.server.work.Worker;
import org.chronolith.server.work.Workers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClaimsTest {
  private static final long MOST_BYTES = 1_000;
  private static final long MOST_AGE_MS = 60_000;

  @TempDir Path directory;

  private int most = 128;

  private record Connected(String claimId, long neededOffset, boolean hasDataSet)
      implements Claims.Holder {
    Connected(String claimId, long neededOffset) {
      this(claimId, neededOffset, true);
    }

    @Override
    public String ip() {
      return "127.0.0.1";
    }

    @Override
    public int port() {
      return 7000;
    }
  }

  private final Claims claims = new Claims(() -> MOST_BYTES, () -> MOST_AGE_MS, () -> most);

  private void update(List<Connected> connected, long endOffset, long nowMs) {
    claims.update(connected, endOffset, nowMs, id -> false);
  }

  @Test
  void shouldKeepTheLogForOneThatHasGone() {
    update(List.of(new Connected("a", 100), new Connected("b", 300)), 400, 1_000);
    assertEquals(100, claims.neededOffset());
    update(List.of(new Connected("b", 500)), 600, 11_000);
    assertEquals(100, claims.neededOffset());
    assertFalse(claims.get("a").connected());
    assertTrue(claims.get("b").connected());
    assertEquals(500, claims.get("a").bytesBehind(600));
    assertEquals(10, claims.get("a").secondsBehind(600, 11_000));
  }

  @Test
  void shouldTellTheAgeOfTheOldestByteThatIsMissing() {
    for (int second = 1; second <= 50; second++) {
      update(
          List.of(new Connected("a", Math.max(0, second - 5) * 10L)),
          second * 10L,
          second * 1_000L);
    }
    assertEquals(50, claims.get("a").bytesBehind(500));
    assertEquals(5, claims.get("a").secondsBehind(500, 50_000));
  }

  @Test
  void shouldEndAClaimAtTheHardLimits() {
    update(List.of(new Connected("a", 100), new Connected("b", 100)), 100, 1_000);
    update(List.of(new Connected("b", 1_000)), 1_100, 2_000);
    assertEquals(100, claims.neededOffset());
    update(List.of(new Connected("b", 1_000)), 1_101, 3_000);
    assertNull(claims.get("a"));
    update(List.of(), 1_101, 3_000 + MOST_AGE_MS + 1);
    assertEquals(Long.MAX_VALUE, claims.neededOffset());
  }

  @Test
  void shouldNotEndAClaimWhileItsFullSyncRuns() {
    List<Connected> all = List.of(new Connected("a", 100), new Connected("b", 100));
    claims.update(all, 5_000, 1_000, "a"::equals);
    assertEquals(100, claims.get("a").offset());
    assertNull(claims.get("b"));
    claims.update(all, 5_000, 2_000, id -> false);
    assertNull(claims.get("a"));
  }

  @Test
  void shouldEndTheClaimsThatAreInTheWayOfFreeSpace() {
    Connected slow = new Connected("slow", 150);
    update(List.of(new Connected("away", 100), slow), 900, 1_000);
    update(List.of(slow, new Connected("near", 800), new Connected("syncing", 120)), 900, 2_000);
    claims.endBelow(200, 900, "and the volume is full", "syncing"::equals);
    assertNull(claims.get("away"));
    assertNull(claims.get("slow"));
    assertEquals(800, claims.get("near").offset());
    assertEquals(120, claims.neededOffset());
    claims.forget("syncing");
    // It reads on, as far as it gets; it is not to be told of every second.
    update(List.of(slow), 950, 3_000);
    assertNull(claims.get("slow"));
    update(List.of(new Connected("slow", 200)), 950, 4_000);
    assertEquals(200, claims.get("slow").offset());
  }

  @Test
  void shouldTakeUpOneThatHasCaughtUpAgain() {
    update(List.of(new Connected("a", 100)), 2_000, 1_000);
    update(List.of(new Connected("a", 900)), 2_000, 2_000);
    assertNull(claims.get("a"));
    update(List.of(new Connected("a", 1_000)), 2_000, 3_000);
    assertEquals(1_000, claims.get("a").offset());
  }

  @Test
  void shouldKeepTheLogForThoseThatWillGoBackAsThisNodeHas() {
    update(
        List.of(new Connected("none", 50), new Connected("less", 150), new Connected("more", 500)),
        500,
        1_000);
    claims.goBack(100, 300);
    assertNull(claims.get("none"));
    assertEquals(150, claims.get("less").offset());
    assertEquals(300, claims.get("more").offset());
    claims.forget("less");
    update(List.of(), 900, 2_000);
    assertEquals(300, claims.neededOffset());
  }

  @Test
  void shouldRememberOnlyThoseThatWillBeKnown() {
    update(List.of(new Connected(null, 1), new Connected("c", 2, false)), 10, 1_000);
    assertTrue(claims.all().isEmpty());
    for (int i = 0; i <= most; i++) {
      update(List.of(new Connected("r" + i, 5)), 10, 1_000 + i);
    }
    assertEquals(most, claims.all().size());
    assertNull(claims.get("r0"));
  }

  @Test
  void shouldOutliveTheProcess() {
    claims.open(directory, DirectoryDisk.SYSTEM, Workers.THREADS);
    claims.start(0, 0, 500);
    update(List.of(new Connected("a", 100)), 400, 1_000);
    update(List.of(new Connected("a", 200), new Connected("::1:7", 300)), 400, 2_000);
    claims.close();
    Claims again = new Claims(() -> MOST_BYTES, () -> MOST_AGE_MS, () -> most);
    again.open(directory, DirectoryDisk.SYSTEM, Workers.THREADS);
    again.start(0, 450, 3_000);
    assertEquals(2, again.all().size());
    assertEquals(200, again.neededOffset());
    assertEquals(7000, again.get("a").port());
    again.forget("a");
    again.close();
    Claims third = new Claims(() -> MOST_BYTES, () -> MOST_AGE_MS, () -> most);
    third.open(directory, DirectoryDisk.SYSTEM, Workers.THREADS);
    third.start(0, 450, 4_000);
    assertEquals(300, third.neededOffset());
    third.close();
  }

  /** The process had switched to a data set that begins later, and was killed before it said so. */
  @Test
  void shouldNotClaimWhatTheLogHasNoMore() {
    claims.open(directory, DirectoryDisk.SYSTEM, Workers.THREADS);
    update(List.of(new Connected("a", 100), new Connected("b", 300)), 400, 1_000);
    claims.close();
    Claims again = new Claims(() -> MOST_BYTES, () -> MOST_AGE_MS, () -> most);
    again.open(directory, DirectoryDisk.SYSTEM, Workers.THREADS);
    again.start(300, 450, 3_000);
    assertNull(again.get("a"));
    assertEquals(300, again.neededOffset());
    again.close();
  }

  /** The master may be killed before it looks at its replicas the next time. */
  @Test
  void shouldWriteTheClaimOfOneThatComesAtOnce() {
    claims.open(directory, DirectoryDisk.SYSTEM, Workers.THREADS);
    claims.start(0, 400, 500);
    claims.online(new Connected("a", 100, false), 400, 600);
    claims.online(new Connected(null, 50), 400, 600);
    claims.close();
    Claims again = new Claims(() -> MOST_BYTES, () -> MOST_AGE_MS, () -> most);
    again.open(directory, DirectoryDisk.SYSTEM, Workers.THREADS);
    assertEquals(100, again.neededOffset());
    again.close();
  }

  @Test
  void shouldRememberNoMoreThanTheLimitWhenManyComeAtOnce() {
    for (int i = 0; i <= most; i++) {
      claims.online(new Connected("r" + i, 5), 10, 1_000 + i);
    }
    assertEquals(most, claims.all().size());
    assertNull(claims.get("r0"));
    most = 2;
    update(List.of(), 10, 2_000);
    assertEquals(2, claims.all().size());
    assertEquals(5, claims.get("r128").offset());
  }

  @Test
  void shouldStartWithoutADamagedFile() throws IOException {
    List<Claim> some = new ArrayList<>();
    some.add(new Claim("a", "::1", 5, 1, 2, 3));
    String text = ClaimFile.encode(some);
    assertEquals("::1:5", ClaimFile.decode(text).get(0).address());
    assertThrows(IllegalArgumentException.class, () -> ClaimFile.decode(text.replace("a", "b")));
    Path path = directory.resolve(ClaimFile.NAME);
    try (ClaimFile file = new ClaimFile(directory, DirectoryDisk.SYSTEM, Workers.THREADS)) {
      byte[] junk = {(byte) 0xff, 0, (byte) 0xc3, 10, 1};
      for (byte[] damaged : List.of(new byte[0], new byte[200], junk)) {
        Files.write(path, damaged);
        assertEquals(List.of(), file.read());
      }
      for (int length = 0; length < text.length(); length++) {
        Files.writeString(path, text.substring(0, length));
        assertEquals(List.of(), file.read(), "cut to " + length);
      }
    }
    Files.writeString(path, text.substring(0, text.length() - 3));
    claims.open(directory, DirectoryDisk.SYSTEM, Workers.THREADS);
    claims.start(0, 0, 0);
    assertTrue(claims.all().isEmpty());
    claims.close();
  }

  @Test
  void shouldLeaveOutALineThatIsNoClaim() {
    List<Claim> some = new ArrayList<>();
    some.add(new Claim("a", "::1", 5, 1, 2, 3));
    some.add(new Claim("two words:7", "two words", 7, 1, 2, 3));
    some.add(new Claim("one\nof two:7", "one\nof two", 7, 1, 2, 3));
    some.add(new Claim("b", "::2", 6, 4, 5, 6));
    List<Claim> read = ClaimFile.decode(ClaimFile.encode(some));
    assertEquals(List.of("a", "b"), read.stream().map(Claim::id).toList());
    assertEquals("::2:6", read.get(1).address());
  }

  /** Once a second, for as long as the disk stalls. */
  @Test
  void shouldWriteOnlyWhatCameLastAfterAStall() throws IOException {
    List<Runnable> queued = new ArrayList<>();
    Worker stalled =
        new Worker() {
          @Override
          public void execute(Runnable task) {
            queued.add(task);
          }

          @Override
          public void close() {}
        };
    ClaimFile file = new ClaimFile(directory, DirectoryDisk.SYSTEM, name -> stalled);
    for (int offset = 1; offset <= 100; offset++) {
      file.write(List.of(new Claim("a", "::1", 5, offset, 2, 3)));
    }
    assertEquals(1, queued.size());
    queued.remove(0).run();
    assertEquals(100, file.read().get(0).offset());
    file.write(List.of(new Claim("a", "::1", 5, 101, 2, 3)));
    queued.remove(0).run();
    assertEquals(101, file.read().get(0).offset());
  }

  @Test
  void shouldSayHowFarAReplicaIsAndKeepTheLogFromItsEndForOneThatHasMore() {
    claims.open(directory, DirectoryDisk.SYSTEM, Workers.THREADS);
    update(List.of(new Connected("a", 100), new Connected("b", 900)), 900, 1_000);
    claims.close();
    Claims again = new Claims(() -> MOST_BYTES, () -> MOST_AGE_MS, () -> most);
    assertEquals(900, again.open(directory, DirectoryDisk.SYSTEM, Workers.THREADS));
    again.start(0, 500, 2_000);
    assertEquals(100, again.get("a").offset());
    assertEquals(500, again.get("b").offset());
    again.update(List.of(), 500, 3_000, id -> false);
    again.close();
    Claims next = new Claims(() -> MOST_BYTES, () -> MOST_AGE_MS, () -> most);
    assertEquals(
        500, next.open(directory, DirectoryDisk.SYSTEM, Workers.THREADS), "that proof is used up");
    next.close();
  }

  @Test
  void shouldWriteNothingOnceItIsClosed() throws IOException {
    claims.open(directory, DirectoryDisk.SYSTEM, Workers.THREADS);
    update(List.of(new Connected("a", 100)), 400, 1_000);
    claims.close();
    String written = Files.readString(directory.resolve(ClaimFile.NAME));
    update(List.of(new Connected("a", 200)), 500, 2_000);
    assertEquals(200, claims.neededOffset());
    assertEquals(written, Files.readString(directory.resolve(ClaimFile.NAME)));
  }

  /** Nothing of it runs on a thread of its own, so that a simulation has it in its order. */
  @Test
  void shouldWriteWhenItsWorkerDoesAndNotIfTheProcessIsKilledBefore() {
    List<Runnable> tasks = new ArrayList<>();
    Worker worker =
        new Worker() {
          @Override
          public void execute(Runnable task) {
            tasks.add(task);
          }

          @Override
          public void close() {
            // There is no thread.
          }
        };
    claims.open(directory, DirectoryDisk.SYSTEM, name -> worker);
    update(List.of(new Connected("a", 100)), 400, 1_000);
    assertFalse(Files.exists(directory.resolve(ClaimFile.NAME)));
    tasks.forEach(Runnable::run);
    update(List.of(new Connected("a", 200)), 400, 2_000);
    Claims afterKill = new Claims(() -> MOST_BYTES, () -> MOST_AGE_MS, () -> most);
    afterKill.open(directory, DirectoryDisk.SYSTEM, name -> worker);
    assertEquals(100, afterKill.neededOffset());
  }

  @Test
  void shouldBoundTheSamples() {
    EndSamples samples = new EndSamples();
    for (int i = 1; i <= 10 * EndSamples.MOST; i++) {
      samples.add(i, i);
    }
    assertEquals(10 * EndSamples.MOST, samples.reachedMs(Long.MAX_VALUE));
    assertEquals(9_900, samples.reachedMs(9_900));
    long early = samples.reachedMs(8_000);
    assertTrue(early > 7_500 && early <= 8_000, "reached at " + early);
    assertEquals(0, samples.reachedMs(0));
  }
}
