package org.chronolith.network;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.function.BooleanSupplier;

/** A blocking client that reads exactly what it is told to expect. */
final class TestClient implements AutoCloseable {
  static final int DEADLINE_MS = 20_000;

  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;

  TestClient(int port) throws IOException {
    this(port, 0);
  }

  TestClient(int port, int receiveBufferBytes) throws IOException {
    socket = new Socket();
    if (receiveBufferBytes > 0) {
      socket.setReceiveBufferSize(receiveBufferBytes);
    }
    socket.connect(new InetSocketAddress("127.0.0.1", port), DEADLINE_MS);
    socket.setSoTimeout(DEADLINE_MS);
    socket.setTcpNoDelay(true);
    in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
    out = socket.getOutputStream();
  }

  TestClient send(String text) throws IOException {
    return send(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  TestClient send(byte[] bytes) throws IOException {
    out.write(bytes);
    return this;
  }

  /** The next {@code length} bytes. */
  String read(int length) throws IOException {
    byte[] bytes = in.readNBytes(length);
    if (bytes.length < length) {
      throw new EOFException("closed after " + new String(bytes, StandardCharsets.ISO_8859_1));
    }
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  /** The next line without its end. */
  String line() throws IOException {
    StringBuilder line = new StringBuilder();
    int b;
    while ((b = in.read()) != '\n') {
      if (b < 0) {
        throw new EOFException("closed after " + line);
      }
      if (b != '\r') {
        line.append((char) b);
      }
    }
    return line.toString();
  }

  /** Everything until the other side closes; a reset counts as closing. */
  String readToEnd() throws IOException {
    StringBuilder all = new StringBuilder();
    byte[] bytes = new byte[1 << 16];
    try {
      int count;
      while ((count = in.read(bytes)) >= 0) {
        all.append(new String(bytes, 0, count, StandardCharsets.ISO_8859_1));
      }
    } catch (java.net.SocketException reset) {
      all.append("");
    }
    return all.toString();
  }

  /** Whether something can be read without waiting. */
  boolean hasInput() throws IOException {
    return in.available() > 0;
  }

  InputStream in() {
    return in;
  }

  void shutdownOutput() throws IOException {
    socket.shutdownOutput();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }

  /** Waits until {@code condition} holds. */
  static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + DEADLINE_MS * 1_000_000L;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("still not: " + what);
      }
      Thread.onSpinWait();
      Thread.yield();
    }
  }
}
