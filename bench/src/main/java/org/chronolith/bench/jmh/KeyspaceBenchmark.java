package org.chronolith.bench.jmh;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.keyspace.ExpiryMode;
import org.chronolith.engine.keyspace.Keyspace;
import org.chronolith.engine.keyspace.KeyspaceConfig;
import org.chronolith.engine.memory.SlabSource;
import org.chronolith.engine.types.string.Strings;
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

/** What SET and GET cost in the keyspace, without a socket or a log: 16-byte keys at random. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class KeyspaceBenchmark {

  private static final long MAX_BYTES = 4L << 30;
  private static final int READY_SLABS = 64;
  private static final int KEY_BYTES = 16;
  private static final int VALUE_BYTES = 100;

  @Param({"1000", "1000000"})
  private int keys;

  private final ByteBuf buffer = Unpooled.directBuffer(KEY_BYTES + VALUE_BYTES);
  private final ByteBuf into = Unpooled.directBuffer(VALUE_BYTES);
  private final Slice key = new Slice();
  private final Slice value = new Slice();
  private SlabSource source;
  private Keyspace keyspace;
  private Database database;
  private Strings strings;
  private SplittableRandom random;

  @Setup
  public void fill() {
    random = new SplittableRandom(1);
    source = SlabSource.start(READY_SLABS, MAX_BYTES);
    keyspace = new Keyspace(KeyspaceConfig.of(1, MAX_BYTES, 7), source);
    keyspace.adopt();
    strings = new Strings(keyspace);
    database = keyspace.database(0);
    buffer.writeZero(KEY_BYTES + VALUE_BYTES);
    value.set(buffer, KEY_BYTES, VALUE_BYTES);
    keyspace.begin(1, ExpiryMode.DELETE);
    for (int i = 0; i < keys; i++) {
      strings.set(database, key(i), value, false);
    }
  }

  @TearDown
  public void close() {
    keyspace.close();
    source.close();
    buffer.release();
    into.release();
  }

  @Benchmark
  public long overwrite() {
    keyspace.begin(1, ExpiryMode.DELETE);
    return strings.set(database, key(random.nextInt(keys)), value, false);
  }

  @Benchmark
  public int get() {
    keyspace.begin(1, ExpiryMode.DELETE);
    long entry = database.find(key(random.nextInt(keys)));
    into.clear();
    strings.copyTo(database, entry, into);
    return into.readableBytes();
  }

  @Benchmark
  public long deleteAndSet() {
    keyspace.begin(1, ExpiryMode.DELETE);
    Slice chosen = key(random.nextInt(keys));
    database.delete(chosen);
    return strings.set(database, chosen, value, false);
  }

  private Slice key(long number) {
    buffer.setLong(Long.BYTES, number);
    return key.set(buffer, 0, KEY_BYTES);
  }
}
