package org.chronolith.bench.load;

import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import org.chronolith.bench.resp.RespConnection;

/**
 * A batch of GET or SET requests in one array, whose keys and values are patched in place: the load
 * generator must not spend its core on making requests. Keys are {@code key:} and 12 digits.
 */
public final class KeyRequests {

  private static final int KEY_DIGITS = 12;
  private static final String KEY_ZERO = "key:" + "0".repeat(KEY_DIGITS);

  private final byte[] batch;
  private final int requestBytes;
  private final int digitsEnd;
  private final int valueStart;
  private final int valueBytes;

  private KeyRequests(byte[] request, int count, int valueBytes) {
    this.requestBytes = request.length;
    this.valueBytes = valueBytes;
    String text = new String(request, StandardCharsets.US_ASCII);
    this.digitsEnd = text.indexOf(KEY_ZERO) + KEY_ZERO.length();
    this.valueStart = requestBytes - 2 - valueBytes;
    this.batch = new byte[requestBytes * count];
    for (int i = 0; i < count; i++) {
      System.arraycopy(request, 0, batch, i * requestBytes, requestBytes);
    }
  }

  /** One GET. */
  public static KeyRequests get() {
    return new KeyRequests(RespConnection.request("GET", KEY_ZERO), 1, 0);
  }

  /** {@code count} SETs of {@code valueBytes} each. */
  public static KeyRequests sets(int count, int valueBytes) {
    byte[] request = RespConnection.request("SET", KEY_ZERO, "x".repeat(valueBytes));
    return new KeyRequests(request, count, valueBytes);
  }

  /** How many requests the batch holds. */
  public int count() {
    return batch.length / requestBytes;
  }

  /** Makes the request at {@code index} one for the key with this number. */
  public void setKey(int index, int number) {
    int end = index * requestBytes + digitsEnd;
    int rest = number;
    for (int i = 1; i <= KEY_DIGITS; i++) {
      batch[end - i] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
  }

  /**
   * Fills the value at {@code index} with random letters, so that no server can share or pack it.
   */
  public void setValue(int index, SplittableRandom random) {
    int start = index * requestBytes + valueStart;
    long bits = 0;
    for (int i = 0; i < valueBytes; i++) {
      if (i % 8 == 0) {
        bits = random.nextLong();
      }
      batch[start + i] = (byte) ('a' + (bits & 15));
      bits >>>= 8;
    }
  }

  /** Sends the first {@code count} requests. */
  public void send(RespConnection connection, int count) {
    connection.send(batch, 0, count * requestBytes);
  }
}
