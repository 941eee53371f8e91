package org.chronolith.server.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Directives about sockets, clients and their limits. */
public final class NetworkDirectives {

  private static final long MIB = 1L << 20;

  public static final Directive<Integer> PORT =
      new Directive<>("port", ValueTypes.integer(0, 65535), 6379)
          .immutable()
          .doc("TCP port for clients; 0 for none.");

  public static final Directive<List<String>> BIND =
      new Directive<>(
              "bind",
              new ManyWordTypes.WordList(
                  16, "Too many bind addresses specified.", "up to 16 addresses"),
              List.of("127.0.0.1"))
          .immutable()
          .doc(
              "Addresses to listen on; `*` is every IPv4 address, `::*` every IPv6 one (and, unlike"
                  + " in Redis, every IPv4 one with it); an address with a leading `-` may be"
                  + " missing.");

  public static final Directive<Boolean> PROTECTED_MODE =
      new Directive<>("protected-mode", ValueTypes.yesNo(), true)
          .doc("Refuse clients from other machines while no password is set.");

  public static final Directive<Optional<Path>> UNIXSOCKET =
      new Directive<>("unixsocket", ValueTypes.path(), Optional.empty())
          .immutable()
          .doc("Path of a Unix domain socket for clients.");

  public static final Directive<Integer> UNIXSOCKETPERM =
      new Directive<>("unixsocketperm", ValueTypes.octal(0777), 0)
          .immutable()
          .doc("Permissions of the Unix domain socket; 0 leaves the process's default.");

  public static final Directive<Integer> TCP_BACKLOG =
      new Directive<>("tcp-backlog", ValueTypes.integer(0, Integer.MAX_VALUE), 511)
          .immutable()
          .doc("Connections that the kernel queues before they are accepted.");

  public static final Directive<Integer> TCP_KEEPALIVE =
      new Directive<>("tcp-keepalive", ValueTypes.integer(0, Integer.MAX_VALUE), 300)
          .immutable()
          .doc("Seconds of silence before the kernel probes a client; 0 for never.");

  public static final Directive<Integer> TIMEOUT =
      new Directive<>("timeout", ValueTypes.integer(0, Integer.MAX_VALUE), 0)
          .doc("Seconds after which an idle client is closed; 0 for never.");

  public static final Directive<Long> MAXCLIENTS =
      new Directive<>("maxclients", ValueTypes.number(1, 4294967295L), 10000L)
          .doc("Connections at a time; another is refused with an error.");

  public static final Directive<Long> PROTO_MAX_BULK_LEN =
      new Directive<>("proto-max-bulk-len", ValueTypes.memory(MIB, Long.MAX_VALUE), 512 * MIB)
          .doc("Longest argument of a request.");

  public static final Directive<Long> CLIENT_QUERY_BUFFER_LIMIT =
      new Directive<>(
              "client-query-buffer-limit", ValueTypes.memory(MIB, Long.MAX_VALUE), 1024 * MIB)
          .doc("Bytes of unprocessed requests per client; beyond, it is closed.");

  public static final Directive<OutputBufferLimits> CLIENT_OUTPUT_BUFFER_LIMIT =
      new Directive<>(
              "client-output-buffer-limit",
              new ManyWordTypes.BufferLimits(),
              OutputBufferLimits.DEFAULT)
          .doc("Bytes of unread replies per client; beyond, it is closed.");

  public static final Directive<Integer> IO_THREADS =
      new Directive<>("io-threads", ValueTypes.integer(1, 128), 1)
          .immutable()
          .warnIf(
              threads -> threads > 1 ? "one event loop serves all clients in this version" : null)
          .doc("Threads that read and write for clients. This version always uses 1.");

  public static final Directive<String> REQUIREPASS =
      new Directive<>("requirepass", ValueTypes.text(), "")
          .secret()
          .doc("Password of the default user; empty for none.");

  public static final Directive<AccessLevel> ENABLE_DEBUG_COMMAND =
      new Directive<>("enable-debug-command", ValueTypes.oneOf(AccessLevel.class), AccessLevel.NO)
          .immutable()
          .doc("Who may use DEBUG: nobody, everybody, or connections from this machine.");

  private NetworkDirectives() {}

  static List<Directive<?>> all() {
    return List.of(
        PORT,
        BIND,
        PROTECTED_MODE,
        UNIXSOCKET,
        UNIXSOCKETPERM,
        TCP_BACKLOG,
        TCP_KEEPALIVE,
        TIMEOUT,
        MAXCLIENTS,
        PROTO_MAX_BULK_LEN,
        CLIENT_QUERY_BUFFER_LIMIT,
        CLIENT_OUTPUT_BUFFER_LIMIT,
        IO_THREADS,
        REQUIREPASS,
        ENABLE_DEBUG_COMMAND);
  }
}
