package org.chronolith.replicationlog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConcurrentReadersTest {
  private static final int KIB = 1024;
  private static final int TOTAL = 3 * 1024 * KIB;
  @TempDir Path dir;

  /** The stream is a function of the offset, so that a reader can check it anywhere. */
  private static byte at(long offset) {
    return (byte) (offset * 31 + (offset >>> 8) * 7 + (offset >>> 16));
  }

  @Test
  void shouldGiveReadersWhatEndOffsetPromisesAndNeverPartOfAGroup()
      throws InterruptedException, ExecutionException, TimeoutException {
    long seed = System.nanoTime();
    LogConfig config = LogModel.smallConfig(dir.resolve("log"));
    AtomicBoolean done = new AtomicBoolean();
    ExecutorService threads = Executors.newFixedThreadPool(3);
    try (ReplicationLog log =
        ReplicationLog.create(config, LogListener.none(), 0, History.fresh(), 0)) {
      List<Future<Long>> readers = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        Random random = new Random(seed + i);
        boolean records = i == 2;
        Callable<Long> body = () -> records ? readRecords(log, done) : readBytes(log, done, random);
        readers.add(threads.submit(body));
      }
      append(log, new Random(seed));
      done.set(true);
      for (Future<Long> reader : readers) {
        assertEquals(log.endOffset(), reader.get(20, TimeUnit.SECONDS));
      }
    } catch (AssertionError | RuntimeException | ExecutionException e) {
      throw new AssertionError("seed " + seed, e);
    } finally {
      done.set(true);
      threads.shutdown();
      assertTrue(threads.awaitTermination(20, TimeUnit.SECONDS));
    }
  }

  private static void append(ReplicationLog log, Random random) {
    ByteBuf bytes = ByteBufAllocator.DEFAULT.directBuffer();
    try {
      while (log.endOffset() < TOTAL) {
        int length = 1 + random.nextInt(random.nextInt(20) == 0 ? 100 * KIB : 500);
        bytes.clear();
        for (int i = 0; i < length; i++) {
          bytes.writeByte(at(log.endOffset() + i));
        }
        Await.until("space", () -> log.canAppend(length));
        log.append(bytes, 0, length, 0, 1);
      }
    } finally {
      bytes.release();
    }
  }

  private static long readBytes(ReplicationLog log, AtomicBoolean done, Random random) {
    ByteBuf out = ByteBufAllocator.DEFAULT.directBuffer();
    try (LogReader reader = log.reader(0)) {
      while (true) {
        boolean last = done.get();
        long promised = log.endOffset();
        long before = reader.offset();
        int got = reader.read(out.clear(), 1 + random.nextInt(50_000));
        for (int i = 0; i < got; i++) {
          assertEquals(at(before + i), out.getByte(i));
        }
        assertEquals(before + got, reader.offset());
        if (got == 0) {
          assertTrue(reader.offset() >= promised, "the reader is behind endOffset");
          if (last) {
            return reader.offset();
          }
          Thread.onSpinWait();
        }
      }
    } finally {
      out.release();
    }
  }

  private static long readRecords(ReplicationLog log, AtomicBoolean done) {
    LogRecord record = new LogRecord();
    try (LogReader reader = log.reader(0)) {
      boolean committed = true;
      while (true) {
        boolean last = done.get();
        long promised = log.endOffset();
        if (reader.next(record)) {
          committed = record.isCommit();
          for (int i = 0; i < record.length(); i++) {
            assertEquals(
                at(record.startOffset() + i), record.buffer().getByte(record.payloadIndex() + i));
          }
        } else {
          assertTrue(committed, "the log ends within a group");
          assertTrue(reader.offset() >= promised, "the reader is behind endOffset");
          if (last) {
            return reader.offset();
          }
          Thread.onSpinWait();
        }
      }
    }
  }
}
