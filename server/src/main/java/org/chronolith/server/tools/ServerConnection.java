package org.chronolith.server.tools;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A blocking RESP2 connection to a server, for the few commands that a tool sends. */
final class ServerConnection implements AutoCloseable {
  private static final int CONNECT_TIMEOUT_MS = 5_000;
  private static final int TICK_MS = 100;

  private final String address;
  private final Socket socket = new Socket();
  private final InputStream in;
  private final OutputStream out;

  ServerConnection(String host, int port) {
    address = host + ":" + port;
    try {
      socket.connect(new InetSocketAddress(host, port), CONNECT_TIMEOUT_MS);
      in = new BufferedInputStream(socket.getInputStream());
      out = socket.getOutputStream();
    } catch (IOException e) {
      close();
      throw new ToolException(
          "cannot connect to " + address + ": " + e.getMessage() + ". Is the server running there?",
          e);
    }
  }

  /**
   * Sends a command and waits for its reply, however long that takes.
   *
   * @param waiting called now and then, until the reply begins
   * @return a {@code String}, a {@code Long}, a {@code List<Object>} or null
   * @throws ToolException with the error, if the reply is one
   */
  Object call(Runnable waiting, String... words) {
    try {
      StringBuilder request = new StringBuilder("*" + words.length + "\r\n");
      for (String word : words) {
        int bytes = word.getBytes(StandardCharsets.UTF_8).length;
        request.append('$').append(bytes).append("\r\n").append(word).append("\r\n");
      }
      out.write(request.toString().getBytes(StandardCharsets.UTF_8));
      out.flush();
      await(waiting);
      return reply();
    } catch (IOException e) {
      throw new ToolException("the connection to " + address + " broke: " + e.getMessage(), e);
    }
  }

  /** A call that takes no time. */
  Object call(String... words) {
    return call(() -> {}, words);
  }

  /** Up to the first byte of the reply, which stays where it is. */
  private void await(Runnable waiting) throws IOException {
    socket.setSoTimeout(TICK_MS);
    in.mark(1);
    for (boolean begun = false; !begun; ) {
      try {
        in.read();
        begun = true;
      } catch (SocketTimeoutException e) {
        waiting.run();
      }
    }
    in.reset();
    socket.setSoTimeout(0);
  }

  private Object reply() throws IOException {
    String line = readLine();
    String rest = line.substring(1);
    switch (line.charAt(0)) {
      case '+':
        return rest;
      case ':':
        return Long.parseLong(rest);
      case '-':
        throw new ToolException(address + " answers: " + rest);
      case '$':
        return bulk(Integer.parseInt(rest));
      case '*':
        List<Object> elements = new ArrayList<>();
        for (int i = Integer.parseInt(rest); i > 0; i--) {
          elements.add(reply());
        }
        return elements;
      default:
        throw new ToolException(address + " does not speak RESP: " + line);
    }
  }

  private String bulk(int length) throws IOException {
    if (length < 0) {
      return null;
    }
    byte[] bytes = in.readNBytes(length + 2);
    if (bytes.length < length + 2) {
      throw new EOFException("in the middle of a reply");
    }
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }

  private String readLine() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int b; (b = in.read()) != '\r'; ) {
      if (b < 0) {
        throw new EOFException("the server closed it");
      }
      line.append((char) b);
    }
    in.skipNBytes(1);
    if (line.length() == 0) {
      throw new EOFException("an empty line");
    }
    return line.toString();
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new ToolException("cannot close the connection to " + address, e);
    }
  }
}
