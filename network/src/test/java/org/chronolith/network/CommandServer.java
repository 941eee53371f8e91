package org.chronolith.network;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;

/** A server of a few commands, for tests and for measuring the network alone. */
final class CommandServer implements ConnectionHandler, NetworkListener, AutoCloseable {
  final NetworkLoop loop;
  final ListenerConfig config;
  final Listener listener;
  final AtomicInteger opened = new AtomicInteger();
  final AtomicInteger closed = new AtomicInteger();
  final AtomicInteger rejected = new AtomicInteger();
  final AtomicInteger outputLimitReached = new AtomicInteger();
  final AtomicInteger queryBufferLimitReached = new AtomicInteger();
  final AtomicInteger idleTimeoutReached = new AtomicInteger();
  final AtomicLong bytesRead = new AtomicLong();
  final AtomicLong bytesWritten = new AtomicLong();
  final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
  final Map<String, BiConsumer<Connection, Request>> commands = new HashMap<>();
  final Deque<Connection> paused = new ArrayDeque<>();

  CommandServer() {
    this(true, ListenerConfig.defaults());
  }

  CommandServer(boolean preferNative, ListenerConfig config) {
    this(preferNative, config, 0);
  }

  CommandServer(boolean preferNative, ListenerConfig config, int port) {
    this.config = config;
    this.loop = new NetworkLoop("command-server", preferNative);
    loop.onUncaught(failures::add);
    commands.put("PING", CommandServer::ping);
    commands.put("ECHO", (c, r) -> c.reply().bulk(r.buffer(), r.offset(1), r.length(1)));
    commands.put("QUIT", CommandServer::quit);
    commands.put("BYTES", (c, r) -> bytes(c, Integer.parseInt(r.text(1))));
    this.listener = Listener.bind(loop, "127.0.0.1", port, config, this, this);
  }

  int port() {
    return listener.port();
  }

  void on(String name, BiConsumer<Connection, Request> command) {
    commands.put(name, command);
  }

  private static void ping(Connection connection, Request request) {
    if (request.count() > 1) {
      connection.reply().bulk(request.buffer(), request.offset(1), request.length(1));
    } else {
      connection.reply().simple("PONG");
    }
  }

  private static void quit(Connection connection, Request request) {
    connection.reply().ok();
    connection.closeAfterFlush();
  }

  private static void bytes(Connection connection, int length) {
    connection.reply().bulkHeader(length);
    ByteBuf buffer = connection.reply().buffer();
    for (int i = 0; i < length; i++) {
      buffer.writeByte('a' + i % 26);
    }
    connection.reply().endBulk();
  }

  @Override
  public void opened(Connection connection) {
    opened.incrementAndGet();
  }

  @Override
  public void request(Connection connection, Request request) {
    if (isPing(request)) {
      ping(connection, request);
      return;
    }
    BiConsumer<Connection, Request> command = commands.get(request.text(0).toUpperCase());
    if (command == null) {
      connection.reply().error("ERR unknown command '" + request.text(0) + "'");
    } else {
      command.accept(connection, request);
    }
  }

  private static boolean isPing(Request request) {
    return request.length(0) == 4 && request.buffer().getInt(request.offset(0)) == 0x50494e47;
  }

  @Override
  public void closed(Connection connection) {
    closed.incrementAndGet();
  }

  @Override
  public void rejected() {
    rejected.incrementAndGet();
  }

  @Override
  public void bytesRead(int bytes) {
    bytesRead.addAndGet(bytes);
  }

  @Override
  public void bytesWritten(long bytes) {
    bytesWritten.addAndGet(bytes);
  }

  @Override
  public void outputLimitReached(Connection connection) {
    outputLimitReached.incrementAndGet();
  }

  @Override
  public void queryBufferLimitReached(Connection connection) {
    queryBufferLimitReached.incrementAndGet();
  }

  @Override
  public void idleTimeoutReached(Connection connection) {
    idleTimeoutReached.incrementAndGet();
  }

  @Override
  public void close() {
    listener.close();
    loop.close();
  }

  /** Serves until killed, for redis-benchmark: {@code port [nio]}. */
  public static void main(String[] args) throws InterruptedException {
    CommandServer server =
        new CommandServer(args.length < 2, ListenerConfig.defaults(), Integer.parseInt(args[0]));
    System.out.println("port " + server.port() + " native " + server.loop.isNative());
    Thread.currentThread().join();
  }
}
