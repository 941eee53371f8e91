package org.chronolith.server.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.chronolith.network.ProtocolException;
import org.chronolith.network.Request;
import org.chronolith.network.RequestDecoder;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.LogConfig;
import org.chronolith.replicationlog.LogListener;
import org.chronolith.replicationlog.LogReader;
import org.chronolith.replicationlog.ReplicationLog;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two real logs, and the acknowledgements that pass between them. */
class VerificationTest {
  private static final int BLOCK = BlockSums.BLOCK_BYTES;

  @TempDir Path directory;
  private final History history = History.fresh();
  private final Random random = new Random(7);
  private final Deque<Runnable> later = new ArrayDeque<>();
  private final List<Mismatch> found = new ArrayList<>();
  private long verified;
  private long unverified;
  private ReplicationLog master;
  private ReplicationLog replica;

  @BeforeEach
  void open() {
    master = log("master", 0);
  }

  @AfterEach
  void close() {
    master.close();
    if (replica != null) {
      replica.close();
    }
  }

  private ReplicationLog log(String name, long start) {
    LogConfig config = LogConfig.of(directory.resolve(name));
    return ReplicationLog.create(config, LogListener.none(), start, history, 0);
  }

  private byte[] write(ReplicationLog to, int bytes) {
    byte[] written = new byte[bytes];
    random.nextBytes(written);
    append(to, written);
    return written;
  }

  private static void append(ReplicationLog to, byte[] bytes) {
    ByteBuf buffer = Unpooled.directBuffer(bytes.length).writeBytes(bytes);
    long deadline = System.nanoTime() + 30_000_000_000L;
    while (!to.canAppend(bytes.length)) {
      assertTrue(System.nanoTime() < deadline, "no space is reserved");
      Thread.onSpinWait();
    }
    to.append(buffer, 0, bytes.length, 0, 1);
    buffer.release();
  }

  private BlockCheck check() {
    return new BlockCheck(
        master,
        new BlockCheck.Listener() {
          @Override
          public void verified(int blocks, int skipped) {
            verified += blocks;
            unverified += skipped;
          }

          @Override
          public void differs(Mismatch mismatch) {
            found.add(mismatch);
          }
        },
        later::add);
  }

  /** Has the check see what a feed sends, from {@code offset} on. */
  private void send(BlockCheck check, long offset) {
    ByteBuf bytes = Unpooled.directBuffer(1 << 20);
    check.begin(offset);
    try (LogReader reader = master.reader(offset)) {
      for (int read; (read = reader.read(bytes.clear(), 40_000)) > 0; ) {
        check.passed(bytes, 0, read);
      }
    }
    bytes.release();
  }

  /** Tells all that the report has; returns the number of acknowledgements. */
  private int tell(BlockReport report, BlockCheck check) {
    int count = 0;
    boolean more;
    do {
      more = report.collect(100);
      ByteBuf out = Unpooled.directBuffer(256, Acknowledgement.MOST_BYTES);
      Acknowledgement.write(out, replica.endOffset(), 5, report);
      Request request = new Request();
      assertEquals(
          RequestDecoder.Result.REQUEST, new RequestDecoder(64 << 10).decode(out, request));
      assertTrue(Acknowledgement.is(request));
      assertEquals(replica.endOffset(), Acknowledgement.offset(request));
      assertEquals(5, Acknowledgement.onDisk(request));
      if (Acknowledgement.hasSums(request)) {
        check.told(request);
      }
      out.release();
      count++;
    } while (more || report.collect(0));
    while (!later.isEmpty()) {
      later.poll().run();
    }
    return count;
  }

  @Test
  void shouldFindEveryBlockTheSameAndThenTheOneThatIsNot() {
    replica = log("replica", 0);
    append(replica, write(master, 40 * BLOCK + 99));
    byte[] wrong = write(master, 3 * BLOCK);
    wrong[BLOCK] ^= 1;
    append(replica, wrong);
    append(replica, write(master, 2 * BLOCK));
    try (BlockReport report = new BlockReport(replica, Long.MAX_VALUE);
        BlockCheck check = check()) {
      send(check, 0);
      tell(report, check);
      assertEquals(0, report.count());
      assertEquals(45L * BLOCK, report.untold());
    }
    assertEquals(44, verified);
    assertEquals(1, found.size());
    assertEquals(41L * BLOCK, found.get(0).block());
    assertEquals(42L * BLOCK, found.get(0).end());
    assertEquals(history.currentId(), found.get(0).replicationId());
  }

  @Test
  void shouldVerifyTheBlockInWhoseMiddleALinkBeganAndWhatWasNotTold() {
    replica = log("replica", 0);
    byte[] before = write(master, 10 * BLOCK + 500);
    before[9 * BLOCK + 3] ^= 1;
    before[10 * BLOCK + 3] ^= 1;
    append(replica, before);
    long cutAt = replica.endOffset();
    append(replica, write(master, BLOCK));
    try (BlockReport report = new BlockReport(replica, Long.MAX_VALUE);
        BlockCheck check = check()) {
      send(check, cutAt);
      tell(report, check);
    }
    assertEquals(9, verified);
    assertEquals(
        List.of(9L * BLOCK, 10L * BLOCK), found.stream().map(Mismatch::block).toList(), "" + found);
  }

  @Test
  void shouldBeginWithTheFirstWholeBlockOfALogThatBeginsLater() {
    long start = 3L * BLOCK + 17;
    byte[] all = write(master, 6 * BLOCK);
    replica = log("replica", start);
    append(replica, java.util.Arrays.copyOfRange(all, (int) start, all.length));
    try (BlockReport report = new BlockReport(replica, Long.MAX_VALUE);
        BlockCheck check = check()) {
      assertEquals(4L * BLOCK, report.untold());
      send(check, start);
      tell(report, check);
    }
    assertEquals(2, verified);
    assertEquals(List.of(), found);
  }

  @Test
  void shouldLeaveOutWhatTheMasterDoesNotHave() {
    replica = log("replica", 0);
    byte[] all = write(replica, 6 * BLOCK);
    long start = 2L * BLOCK + 1;
    master.close();
    master = log("promoted", start);
    append(master, java.util.Arrays.copyOfRange(all, (int) start, all.length));
    try (BlockReport report = new BlockReport(replica, Long.MAX_VALUE);
        BlockCheck check = check()) {
      send(check, start);
      tell(report, check);
    }
    assertEquals(3, verified);
    assertEquals(3, unverified);
    assertEquals(List.of(), found);
  }

  @Test
  void shouldTellNoMoreThanFitsAndBeginWithWhatWasLeft() {
    replica = log("replica", 0);
    int blocks = BlockReport.MOST_BLOCKS + 300;
    for (int i = 0; i < blocks; i += 10) {
      append(replica, write(master, 10 * BLOCK));
    }
    int all = (blocks + 9) / 10 * 10;
    try (BlockReport report = new BlockReport(replica, 0);
        BlockCheck check = check()) {
      send(check, 0);
      assertTrue(tell(report, check) > 1);
    }
    assertEquals(all, verified);
    assertEquals(0, unverified);
    verified = 0;
    // A new link repeats the last ones, and goes further back if they were not told.
    for (long untold : new long[] {Long.MAX_VALUE, 10L * BLOCK}) {
      try (BlockReport report = new BlockReport(replica, untold)) {
        long expected = Math.min(untold, (all - 256L) * BLOCK);
        assertEquals(expected, report.untold());
      }
    }
    assertEquals(List.of(), found);
  }

  @Test
  void shouldRefuseChecksumsOfWhatWasNotSent() {
    replica = log("replica", 0);
    append(replica, write(master, 2 * BLOCK));
    write(replica, BLOCK);
    try (BlockReport report = new BlockReport(replica, Long.MAX_VALUE);
        BlockCheck check = check()) {
      send(check, 0);
      assertThrows(ProtocolException.class, () -> tell(report, check));
    }
  }

  private static Request decoded(String text) {
    Request request = new Request();
    ByteBuf in = Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1);
    assertEquals(RequestDecoder.Result.REQUEST, new RequestDecoder(64 << 10).decode(in, request));
    return request;
  }

  @Test
  void shouldReadWhatStockReplicasSay() {
    Request old = decoded("*3\r\n$8\r\nreplconf\r\n$3\r\nAck\r\n$19\r\n9223372036854775807\r\n");
    assertTrue(Acknowledgement.is(old));
    assertEquals(Long.MAX_VALUE, Acknowledgement.offset(old));
    assertEquals(-1, Acknowledgement.onDisk(old));
    assertFalse(Acknowledgement.hasSums(old));
    Request seven = decoded("REPLCONF ACK 12 FACK 7\r\n");
    assertEquals(12, Acknowledgement.offset(seven));
    assertEquals(7, Acknowledgement.onDisk(seven));
    assertFalse(Acknowledgement.is(decoded("REPLCONF GETACK *\r\n")));
    assertFalse(Acknowledgement.is(decoded("PING\r\n")));
    for (String wrong : new String[] {"x", "1x", "99999999999999999999", "9223372036854775808"}) {
      Request request = decoded("REPLCONF ACK " + wrong + "\r\n");
      assertThrows(ProtocolException.class, () -> Acknowledgement.offset(request), wrong);
    }
    assertThrows(
        ProtocolException.class,
        () -> Acknowledgement.firstBlock(decoded("REPLCONF ACK 1 FACK 1 SUMS 5 abcd\r\n")));
    assertThrows(
        ProtocolException.class,
        () -> Acknowledgement.blocks(decoded("REPLCONF ACK 1 FACK 1 SUMS 0 abc\r\n")));
  }
}
