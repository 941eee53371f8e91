package org.chronolith.server.commands;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A connection that keeps the type of each reply, RESP3's included, as readable text. */
final class RawReply implements AutoCloseable {
  private final Socket socket;
  private final BufferedInputStream in;
  private final BufferedOutputStream out;

  RawReply(int port) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(20_000);
    in = new BufferedInputStream(socket.getInputStream());
    out = new BufferedOutputStream(socket.getOutputStream());
  }

  /**
   * The reply, with its types: {@code *2[$a $b]}.
   *
   * @param sorted whether the elements' order is nobody's business
   */
  String call(boolean sorted, String... words) {
    try {
      out.write(("*" + words.length + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
      for (String word : words) {
        byte[] bytes = word.getBytes(StandardCharsets.ISO_8859_1);
        out.write(("$" + bytes.length + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
        out.write(bytes);
        out.write("\r\n".getBytes(StandardCharsets.ISO_8859_1));
      }
      out.flush();
      return read(sorted);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String read(boolean sorted) throws IOException {
    String line = line();
    char type = line.charAt(0);
    switch (type) {
      case '$':
        int length = Integer.parseInt(line.substring(1));
        if (length < 0) {
          return line;
        }
        byte[] bytes = in.readNBytes(length + 2);
        return "$" + new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
      case '*', '~', '%', '>':
        int count = Integer.parseInt(line.substring(1)) * (type == '%' ? 2 : 1);
        List<String> elements = new ArrayList<>();
        for (int i = 0; i < count; i++) {
          elements.add(read(sorted));
        }
        if (sorted) {
          Collections.sort(elements);
        }
        return line + elements;
      default:
        return line;
    }
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\r'; c = in.read()) {
      if (c < 0) {
        throw new EOFException("closed by the server");
      }
      line.append((char) c);
    }
    in.read();
    return line.toString();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
