package org.chronolith.server.testing;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A small blocking client of RESP2 that pipelines: {@link #send}, {@link #flush}, {@link #receive}.
 * Text is ISO-8859-1, so that every byte survives.
 */
public final class RespClient implements AutoCloseable {
  private static final int TIMEOUT_MS = 60_000;

  private final Socket socket;
  private final BufferedInputStream in;
  private final BufferedOutputStream out;

  /** The connection is gone, or never came about. */
  public static final class Disconnected extends RuntimeException {
    private static final long serialVersionUID = 1;

    Disconnected(IOException cause) {
      super(cause);
    }
  }

  /** An error reply, code word first. */
  public static final class ErrorReply extends RuntimeException {
    private static final long serialVersionUID = 1;

    ErrorReply(String message) {
      super(message);
    }
  }

  public RespClient(int port) {
    try {
      socket = new Socket(InetAddress.getLoopbackAddress(), port);
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(TIMEOUT_MS);
      in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
      out = new BufferedOutputStream(socket.getOutputStream(), 1 << 16);
    } catch (IOException e) {
      throw new Disconnected(e);
    }
  }

  /**
   * One command and its reply: a {@code String}, a {@code Long}, a {@code List<Object>} or null.
   *
   * @throws ErrorReply if the reply is an error
   */
  public Object call(String... words) {
    send(words);
    flush();
    return receive();
  }

  /** The reply to one command as text, or the text of the error. */
  public String said(String... words) {
    try {
      return String.valueOf(call(words));
    } catch (ErrorReply e) {
      return e.getMessage();
    }
  }

  /** Writes a command into the buffer. */
  public void send(String... words) {
    try {
      line('*', words.length);
      for (String word : words) {
        byte[] bytes = word.getBytes(StandardCharsets.ISO_8859_1);
        line('$', bytes.length);
        out.write(bytes);
        out.write('\r');
        out.write('\n');
      }
    } catch (IOException e) {
      throw new Disconnected(e);
    }
  }

  public void flush() {
    try {
      out.flush();
    } catch (IOException e) {
      throw new Disconnected(e);
    }
  }

  /** The next reply. */
  public Object receive() {
    try {
      String line = readLine();
      String rest = line.substring(1);
      switch (line.charAt(0)) {
        case '+':
          return rest;
        case '-':
          throw new ErrorReply(rest);
        case ':':
          return Long.parseLong(rest);
        case '$':
          return bulk(Integer.parseInt(rest));
        case '*':
          return array(Integer.parseInt(rest));
        default:
          throw new AssertionError("not RESP2: " + line);
      }
    } catch (IOException e) {
      throw new Disconnected(e);
    }
  }

  /** A field of {@code INFO section}. */
  public String info(String section, String field) {
    for (String line : ((String) call("INFO", section)).split("\r\n")) {
      if (line.startsWith(field + ":")) {
        return line.substring(field.length() + 1);
      }
    }
    throw new AssertionError("INFO " + section + " has no field " + field);
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new Disconnected(e);
    }
  }

  private String bulk(int length) throws IOException {
    if (length < 0) {
      return null;
    }
    byte[] bytes = in.readNBytes(length + 2);
    if (bytes.length < length + 2) {
      throw new EOFException("inside a bulk of " + length + " bytes");
    }
    return new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
  }

  private List<Object> array(int count) {
    if (count < 0) {
      return null;
    }
    List<Object> elements = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      elements.add(receive());
    }
    return elements;
  }

  private String readLine() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int b; (b = in.read()) != '\r'; ) {
      if (b < 0) {
        throw new EOFException("the server closed the connection");
      }
      line.append((char) b);
    }
    in.skipNBytes(1);
    return line.toString();
  }

  private void line(char type, int value) throws IOException {
    out.write(type);
    out.write(Integer.toString(value).getBytes(StandardCharsets.US_ASCII));
    out.write('\r');
    out.write('\n');
  }
}
