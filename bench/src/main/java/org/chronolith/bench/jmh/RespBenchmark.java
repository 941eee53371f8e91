package org.chronolith.bench.jmh;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.chronolith.bench.resp.RespConnection;
import org.chronolith.network.Request;
import org.chronolith.network.RequestDecoder;
import org.chronolith.network.RespWriter;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Decoding SETs of 100 bytes from a read of 16, and encoding replies. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class RespBenchmark {

  private static final int PIPELINE = 16;
  private static final long MAX_BULK_BYTES = 512L << 20;

  private final RequestDecoder decoder = new RequestDecoder(MAX_BULK_BYTES);
  private final Request request = new Request();
  private final RespWriter writer = RespWriter.inMemory(2);
  private final byte[] value = "x".repeat(100).getBytes(StandardCharsets.US_ASCII);
  private ByteBuf requests;

  @Setup
  public void makeRequests() {
    requests = Unpooled.directBuffer();
    byte[] set = RespConnection.request("SET", "key:000000000001", "x".repeat(100));
    for (int i = 0; i < PIPELINE; i++) {
      requests.writeBytes(set);
    }
  }

  @TearDown
  public void release() {
    requests.release();
    writer.take().release();
  }

  @Benchmark
  @OperationsPerInvocation(PIPELINE)
  public int decodeSet() {
    requests.readerIndex(0);
    int arguments = 0;
    while (decoder.decode(requests, request) == RequestDecoder.Result.REQUEST) {
      arguments += request.count();
    }
    return arguments;
  }

  @Benchmark
  @OperationsPerInvocation(PIPELINE)
  public long encodeBulk() {
    long start = writer.position();
    for (int i = 0; i < PIPELINE; i++) {
      writer.bulk(value);
    }
    writer.rewind(start);
    return start;
  }

  @Benchmark
  @OperationsPerInvocation(PIPELINE)
  public long encodeInteger() {
    long start = writer.position();
    for (int i = 0; i < PIPELINE; i++) {
      writer.integer(start + i);
    }
    writer.rewind(start);
    return start;
  }
}
