package org.chronolith.bench.resp;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.chronolith.bench.BenchException;

/**
 * One blocking RESP2 connection to a server on the loopback. Belongs to one thread. An error reply,
 * a closed connection and a reply that does not come in time are {@link BenchException}s.
 */
public final class RespConnection implements AutoCloseable {

  private static final int CONNECT_TIMEOUT_MS = 5_000;
  private static final int REPLY_TIMEOUT_MS = 120_000;
  private static final int BUFFER_BYTES = 64 * 1024;

  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int position;
  private int limit;

  private RespConnection(Socket socket) throws IOException {
    this.socket = socket;
    this.in = socket.getInputStream();
    this.out = socket.getOutputStream();
  }

  public static RespConnection open(int port) {
    try {
      return connect(port);
    } catch (IOException e) {
      throw new BenchException("cannot connect to port " + port + ": " + e.getMessage(), e);
    }
  }

  /** Whether a server at {@code port} accepts commands by now. */
  public static boolean answersPing(int port) {
    try (RespConnection connection = connect(port)) {
      return "PONG".equals(connection.call("PING"));
    } catch (IOException | BenchException e) {
      return false;
    }
  }

  private static RespConnection connect(int port) throws IOException {
    Socket socket = new Socket();
    try {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(REPLY_TIMEOUT_MS);
      socket.connect(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), port), CONNECT_TIMEOUT_MS);
      return new RespConnection(socket);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /**
   * Sends one command and waits for its reply: a String (simple or bulk), a Long, a List, or null.
   */
  public Object call(String... words) {
    byte[] request = request(words);
    send(request, 0, request.length);
    return readReply();
  }

  /** The value of one field of {@code INFO section}. */
  public String info(String section, String field) {
    String text = String.valueOf(call("INFO", section));
    for (String line : text.split("\r\n")) {
      if (line.startsWith(field + ":")) {
        return line.substring(field.length() + 1);
      }
    }
    throw new BenchException("INFO " + section + " has no field " + field);
  }

  /** The bytes of one command. */
  public static byte[] request(String... words) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(ascii(String.format(Locale.ROOT, "*%d\r\n", words.length)));
    for (String word : words) {
      byte[] content = word.getBytes(StandardCharsets.UTF_8);
      bytes.writeBytes(ascii(String.format(Locale.ROOT, "$%d\r\n", content.length)));
      bytes.writeBytes(content);
      bytes.writeBytes(ascii("\r\n"));
    }
    return bytes.toByteArray();
  }

  /** Sends bytes that are already whole commands. */
  public void send(byte[] bytes, int offset, int length) {
    try {
      out.write(bytes, offset, length);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** Reads {@code count} replies and throws them away, without an object per reply if simple. */
  public void skipReplies(int count) {
    try {
      for (int i = 0; i < count; i++) {
        if (peek() == '+' || peek() == ':') {
          skipLine();
        } else {
          readReply();
        }
      }
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** Reads a reply and throws it away; gives the text of an error, or null if it is none. */
  public String errorOfReply() {
    try {
      if (peek() == '-') {
        read();
        return readLine();
      }
      skipReplies(1);
      return null;
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** The next reply, as in {@link #call}. */
  public Object readReply() {
    try {
      int type = read();
      String line = readLine();
      return switch (type) {
        case '+' -> line;
        case '-' -> throw new BenchException("the server replied with an error: " + line);
        case ':' -> Long.valueOf(line);
        case '$' -> readBulk(Integer.parseInt(line));
        case '*' -> readArray(Integer.parseInt(line));
        default -> throw new BenchException("not a RESP2 reply: " + (char) type + line);
      };
    } catch (IOException e) {
      throw failed(e);
    }
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private String readBulk(int length) throws IOException {
    if (length < 0) {
      return null;
    }
    byte[] content = new byte[length];
    for (int i = 0; i < length; i++) {
      content[i] = (byte) read();
    }
    readLine();
    return new String(content, StandardCharsets.UTF_8);
  }

  private List<Object> readArray(int length) {
    if (length < 0) {
      return null;
    }
    List<Object> elements = new ArrayList<>();
    for (int i = 0; i < length; i++) {
      elements.add(readReply());
    }
    return elements;
  }

  private String readLine() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int next = read(); next != '\r'; next = read()) {
      line.append((char) next);
    }
    read();
    return line.toString();
  }

  private void skipLine() throws IOException {
    while (read() != '\n') {
      continue;
    }
  }

  private int peek() throws IOException {
    fill();
    return buffer[position] & 0xff;
  }

  private int read() throws IOException {
    fill();
    return buffer[position++] & 0xff;
  }

  private void fill() throws IOException {
    if (position < limit) {
      return;
    }
    int count = in.read(buffer);
    if (count < 0) {
      throw new EOFException("the server closed the connection");
    }
    position = 0;
    limit = count;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static BenchException failed(IOException cause) {
    return new BenchException("the connection failed: " + cause.getMessage(), cause);
  }
}
