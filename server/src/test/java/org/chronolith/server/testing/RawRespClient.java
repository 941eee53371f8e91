package org.chronolith.server.testing;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Sends commands and returns replies as the bytes that came, to compare them with another's. */
public final class RawRespClient implements AutoCloseable {
  private static final int TIMEOUT_MS = 30_000;

  private final Socket socket;
  private final BufferedInputStream in;
  private final OutputStream out;

  public RawRespClient(int port) {
    try {
      socket = new Socket(InetAddress.getLoopbackAddress(), port);
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(TIMEOUT_MS);
      in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
      out = socket.getOutputStream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One command as a multi-bulk; its reply in ISO-8859-1, one character a byte. */
  public String call(List<String> words) {
    ByteArrayOutputStream request = new ByteArrayOutputStream();
    request.writeBytes(latin1("*" + words.size() + "\r\n"));
    for (String word : words) {
      byte[] bytes = latin1(word);
      request.writeBytes(latin1("$" + bytes.length + "\r\n"));
      request.writeBytes(bytes);
      request.writeBytes(latin1("\r\n"));
    }
    try {
      out.write(request.toByteArray());
      StringBuilder reply = new StringBuilder();
      read(reply);
      return reply.toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void read(StringBuilder reply) throws IOException {
    String line = line();
    reply.append(line).append("\r\n");
    switch (line.charAt(0)) {
      case '$', '=' -> {
        int length = Integer.parseInt(line.substring(1));
        if (length >= 0) {
          byte[] bytes = in.readNBytes(length + 2);
          reply.append(new String(bytes, StandardCharsets.ISO_8859_1));
        }
      }
      case '*', '~', '>', '%' -> {
        int count = Integer.parseInt(line.substring(1));
        int parts = line.charAt(0) == '%' ? 2 * count : count;
        for (int i = 0; i < parts; i++) {
          read(reply);
        }
      }
      default -> {}
    }
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int b; (b = in.read()) != '\r'; ) {
      if (b < 0) {
        throw new EOFException("the connection was closed after '" + line + "'");
      }
      line.append((char) b);
    }
    in.read();
    return line.toString();
  }

  private static byte[] latin1(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
