package org.chronolith.bench.jmh;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.LogConfig;
import org.chronolith.replicationlog.LogListener;
import org.chronolith.replicationlog.LogReader;
import org.chronolith.replicationlog.ReplicationLog;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The log, without a force: what a turn of the engine pays for its append, and what a feed pays to
 * read. The time to append includes waiting for reserved space where the disk cannot keep up.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 1, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(1)
public class LogBenchmark {

  private static final long RETENTION_BYTES = 128L << 20;
  private static final int APPENDS_PER_TRIM = 4096;
  private static final int READ_BYTES = 64 * 1024;
  private static final int READABLE_BYTES = 32 << 20;

  @Param({"100", "2000"})
  private int turnBytes;

  private Path directory;
  private ReplicationLog log;
  private ByteBuf turn;
  private ByteBuf into;
  private LogReader reader;
  private long appends;
  private long readFrom;

  @Setup
  public void open() throws IOException {
    directory = Files.createTempDirectory("log-benchmark-");
    LogConfig config = LogConfig.of(directory.resolve("log")).withRetention(RETENTION_BYTES, 0);
    log = ReplicationLog.create(config, LogListener.none(), 0, History.fresh(), 0);
    turn = Unpooled.directBuffer(turnBytes).writeZero(turnBytes);
    into = Unpooled.directBuffer(READ_BYTES);
    while (log.endOffset() < READABLE_BYTES) {
      append();
    }
    readFrom = log.startOffset();
    reader = log.reader(readFrom);
  }

  @TearDown
  public void close() throws IOException {
    reader.close();
    log.close();
    turn.release();
    into.release();
    try (Stream<Path> paths = Files.walk(directory)) {
      List<Path> deepestFirst = paths.sorted(Comparator.reverseOrder()).toList();
      for (Path path : deepestFirst) {
        Files.delete(path);
      }
    }
  }

  @Benchmark
  public long append() {
    while (!log.canAppend(turnBytes)) {
      Thread.onSpinWait();
    }
    log.append(turn, 0, turnBytes, 0, 1);
    if (++appends % APPENDS_PER_TRIM == 0) {
      log.trim(log.endOffset(), 1);
    }
    return log.endOffset();
  }

  /** Reads 64 KiB of stream bytes; begins again at the log's start when it is at the end. */
  @Benchmark
  public int read() {
    into.clear();
    int count = reader.read(into, READ_BYTES);
    if (count == 0) {
      reader.close();
      reader = log.reader(readFrom);
    }
    return count;
  }
}
