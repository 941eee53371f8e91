package org.chronolith.server.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A TCP proxy in front of a port, which can be cut, also in mid-frame, refused, slow, and can
 * damage what passes.
 */
public final class LinkProxy implements AutoCloseable {
  private static final byte[] NOTHING = {};
  private static final int CHUNK_BYTES = 16 << 10;
  private static final int SLICES_PER_SECOND = 50;
  private static final int CONNECT_TIMEOUT_MS = 10_000;

  /** A limit holds over this time: what was not sent earlier is not caught up with. */
  private static final long MOST_BEHIND_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final ServerSocket listening;
  private final int target;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final AtomicReference<long[]> bytesUntilCuts = new AtomicReference<>(new long[0]);
  private final AtomicLong bytesBack = new AtomicLong();
  private volatile boolean refusing;
  private volatile long bytesPerSecond;
  private final AtomicReference<byte[]> toDamage = new AtomicReference<>();

  /** Listens on a free port of the loopback address. */
  public LinkProxy(int target) {
    this.target = target;
    try {
      listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    daemon("accept", this::accept);
  }

  public int port() {
    return listening.getLocalPort();
  }

  /** Ends all connections; new ones are let through. */
  public void cut() {
    sockets.forEach(LinkProxy::closed);
  }

  /**
   * Ends all connections when so many more bytes came back from the target, then again when so many
   * more did, and so on.
   */
  public void cutAfter(long... bytes) {
    bytesUntilCuts.set(bytes.clone());
  }

  /** Bytes that the target has sent so far, over all connections. */
  public long bytesBack() {
    return bytesBack.get();
  }

  /** Ends all connections, and every new one at once, until it is called with false. */
  public void refuse(boolean value) {
    refusing = value;
    if (value) {
      cut();
    }
  }

  /**
   * Changes one bit of the last byte of the first {@code text} that comes back from the target on
   * one connection.
   */
  public void damage(String text) {
    toDamage.set(text.getBytes(StandardCharsets.US_ASCII));
  }

  /** Whether what was to be damaged has not come yet. */
  public boolean isToDamage() {
    return toDamage.get() != null;
  }

  /**
   * Looks for the text where it ends in this chunk, wherever it begins.
   *
   * @param tail the last bytes before the chunk, in which it may begin
   * @return those before the next one
   */
  private byte[] damage(byte[] tail, byte[] chunk, int length) {
    byte[] wanted = toDamage.get();
    if (wanted == null) {
      return NOTHING;
    }
    byte[] seen = Arrays.copyOf(tail, tail.length + length);
    System.arraycopy(chunk, 0, seen, tail.length, length);
    for (int end = Math.max(wanted.length, tail.length + 1); end <= seen.length; end++) {
      if (Arrays.equals(seen, end - wanted.length, end, wanted, 0, wanted.length)) {
        chunk[end - 1 - tail.length] ^= 1;
        toDamage.set(null);
        return NOTHING;
      }
    }
    return Arrays.copyOfRange(seen, Math.max(0, seen.length - wanted.length + 1), seen.length);
  }

  /** Limits what comes back from the target; 0 for no limit. */
  public void slow(long limitBytesPerSecond) {
    bytesPerSecond = limitBytesPerSecond;
  }

  /** No limit, no cut to come, nobody refused. */
  public void heal() {
    cutAfter();
    bytesPerSecond = 0;
    refusing = false;
  }

  @Override
  public void close() {
    try {
      listening.close();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    cut();
  }

  private void daemon(String what, Runnable task) {
    Thread thread = new Thread(task, "proxy-" + target + "-" + what);
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    while (!listening.isClosed()) {
      try {
        Socket near = listening.accept();
        daemon("connect", () -> connect(near));
      } catch (IOException e) {
        // Closed: the loop ends.
        continue;
      }
    }
  }

  private void connect(Socket near) {
    sockets.add(near);
    Socket far = new Socket();
    sockets.add(far);
    try {
      far.connect(
          new java.net.InetSocketAddress(InetAddress.getLoopbackAddress(), target),
          CONNECT_TIMEOUT_MS);
      near.setTcpNoDelay(true);
      far.setTcpNoDelay(true);
    } catch (IOException e) {
      end(near, far);
      return;
    }
    if (refusing || listening.isClosed()) {
      end(near, far);
      return;
    }
    daemon("there", () -> pump(near, far, false));
    daemon("back", () -> pump(far, near, true));
  }

  private void pump(Socket from, Socket to, boolean back) {
    byte[] chunk = new byte[CHUNK_BYTES];
    byte[] tail = NOTHING;
    long dueNanos = System.nanoTime();
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int read; (read = in.read(chunk, 0, most(back))) >= 0; ) {
        if (back) {
          bytesBack.addAndGet(read);
          tail = damage(tail, chunk, read);
        }
        int passed = back ? allowed(read) : read;
        out.write(chunk, 0, passed);
        if (passed < read) {
          cut();
        }
        long limit = bytesPerSecond;
        if (back && limit > 0) {
          long now = System.nanoTime();
          dueNanos = Math.max(dueNanos, now - MOST_BEHIND_NANOS);
          dueNanos += TimeUnit.SECONDS.toNanos(read) / limit;
          TimeUnit.NANOSECONDS.sleep(dueNanos - now);
        }
      }
    } catch (IOException e) {
      // Cut, here or at an end: both sides end.
      return;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    } finally {
      end(from, to);
    }
  }

  private int most(boolean back) {
    long limit = bytesPerSecond;
    return back && limit > 0
        ? (int) Math.max(1, Math.min(CHUNK_BYTES, limit / SLICES_PER_SECOND))
        : CHUNK_BYTES;
  }

  /** How many of these bytes get through before the next cut; each happens once. */
  private int allowed(int bytes) {
    long[] before = bytesUntilCuts.getAndUpdate(cuts -> next(cuts, bytes));
    return before.length == 0 || before[0] >= bytes ? bytes : (int) before[0];
  }

  private static long[] next(long[] cuts, int bytes) {
    if (cuts.length == 0) {
      return cuts;
    }
    if (cuts[0] < bytes) {
      return Arrays.copyOfRange(cuts, 1, cuts.length);
    }
    long[] left = cuts.clone();
    left[0] -= bytes;
    return left;
  }

  private void end(Socket one, Socket other) {
    closed(one);
    closed(other);
    sockets.remove(one);
    sockets.remove(other);
  }

  private static void closed(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
