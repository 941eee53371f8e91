package org.chronolith.server.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.chronolith.engine.rdb.RdbVersion;
import org.chronolith.engine.snapshot.Checkpoint;
import org.chronolith.server.recovery.DataDirectory;
import org.chronolith.server.recovery.MadeCheckpoint;
import org.chronolith.server.recovery.SpaceFloor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class RdbMakerTest {
  private static final int PIECE_BYTES = 1 << 20;
  private static final long FLOOR_BYTES = 4L * PIECE_BYTES;

  @TempDir Path directory;

  private final LinkedBlockingQueue<Object> outcomes = new LinkedBlockingQueue<>();
  private final AtomicInteger written = new AtomicInteger();
  private final CountDownLatch goOn = new CountDownLatch(1);
  private final CountDownLatch busy = new CountDownLatch(1);
  private volatile long freeBytes = Long.MAX_VALUE / 2;
  private volatile boolean gone;
  private DataDirectory data;
  private MadeCheckpoint made;
  private RdbMaker maker;

  /** Writes pieces, and waits before the first one. */
  private interface Writing {
    long write(WritableByteChannel out) throws Exception;
  }

  private Writing writing = out -> out.write(ByteBuffer.allocate(9));

  @BeforeEach
  void open() {
    data = DataDirectory.open(directory.resolve("data"));
    made = new MadeCheckpoint(directory.resolve("snapshot"));
    ReplicationHost host =
        (ReplicationHost)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {ReplicationHost.class},
                (proxy, method, arguments) ->
                    switch (method.getName()) {
                      case "data" -> data;
                      case "spaceFloor" -> new SpaceFloor(() -> freeBytes, () -> FLOOR_BYTES);
                      case "writeRdb" -> {
                        written.incrementAndGet();
                        yield writing.write((WritableByteChannel) arguments[3]);
                      }
                      default -> throw new AssertionError(method);
                    });
    maker = new RdbMaker(host, 1);
  }

  @AfterEach
  void close() {
    goOn.countDown();
    maker.close();
    made.close();
    data.close();
  }

  private RdbMaker.Wanted wanted(boolean goes) {
    return new RdbMaker.Wanted(
        made.retained(), "a".repeat(40), RdbVersion.DEFAULT, true, () -> goes && gone);
  }

  private void file(boolean goes) {
    maker.file(wanted(goes), outcomes::add, outcomes::add);
  }

  private String failure() throws InterruptedException {
    Object outcome = outcomes.poll(30, TimeUnit.SECONDS);
    assertTrue(outcome instanceof Throwable, "outcome: " + outcome);
    return ((Throwable) outcome).getMessage();
  }

  private void awaitRetains(int count) throws Exception {
    Checkpoint checkpoint = made.store().newest().orElseThrow();
    long begun = System.nanoTime();
    while (MadeCheckpoint.retains(checkpoint) != count) {
      assertTrue(
          System.nanoTime() - begun < TimeUnit.SECONDS.toNanos(30),
          "retained " + MadeCheckpoint.retains(checkpoint) + " times");
      Thread.onSpinWait();
    }
  }

  private void keepBusy() throws InterruptedException {
    writing =
        out -> {
          busy.countDown();
          goOn.await();
          return out.write(ByteBuffer.allocate(9));
        };
    file(false);
    assertTrue(busy.await(30, TimeUnit.SECONDS));
  }

  @Test
  void shouldNotBeginWithoutRoomForTheData() throws Exception {
    freeBytes = FLOOR_BYTES;
    file(false);
    String failure = failure();
    assertTrue(failure.contains("does not leave the " + FLOOR_BYTES), failure);
    assertEquals(0, written.get());
    awaitRetains(0);
  }

  @Test
  void shouldStopAtTheFloor() throws Exception {
    freeBytes = 20L * PIECE_BYTES;
    writing =
        out -> {
          for (int i = 0; i < 20; i++) {
            freeBytes -= out.write(ByteBuffer.allocate(PIECE_BYTES));
          }
          return 0;
        };
    file(false);
    String failure = failure();
    assertTrue(failure.contains("bytes that the log needs"), failure);
    assertTrue(freeBytes >= FLOOR_BYTES, "left: " + freeBytes);
    awaitRetains(0);
  }

  @Test
  void shouldLetGoOfWhatWaitsForNobody() throws Exception {
    keepBusy();
    for (int i = 0; i < 10; i++) {
      file(true);
    }
    awaitRetains(11);
    gone = true;
    maker.forgetGone();
    awaitRetains(1);
    goOn.countDown();
    awaitRetains(0);
    assertEquals(1, written.get());
  }

  @Test
  void shouldStopWritingWhenTheReplicaHasGone() throws Exception {
    writing =
        out -> {
          out.write(ByteBuffer.allocate(9));
          gone = true;
          return out.write(ByteBuffer.allocate(9));
        };
    file(true);
    String failure = failure();
    assertTrue(failure.contains("has gone"), failure);
    awaitRetains(0);
  }

  @Test
  void shouldRefuseWhoComesWhenTooManyWait() throws Exception {
    keepBusy();
    for (int i = 0; i < RdbMaker.MOST_WAITING; i++) {
      file(false);
    }
    assertEquals(List.of(), new ArrayList<>(outcomes));
    file(false);
    String failure = failure();
    assertTrue(failure.contains("wait for an RDB already"), failure);
    awaitRetains(RdbMaker.MOST_WAITING + 1);
  }
}
