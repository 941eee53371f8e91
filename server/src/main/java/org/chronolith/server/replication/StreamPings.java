package org.chronolith.server.replication;

import java.nio.charset.StandardCharsets;
import java.util.function.BooleanSupplier;
import org.chronolith.network.NetworkLoop;
import org.chronolith.replicationlog.ReplicationLog;
import org.chronolith.server.config.ServerConfig;
import org.chronolith.server.write.WritePath;

/**
 * What a master writes into its stream of itself: {@code PING}, so that replicas do not take
 * silence for an outage, and {@code REPLCONF GETACK}, so that they acknowledge at once.
 *
 * <p>Thread: engine.
 */
final class StreamPings {
  private static final byte[] PING = "*1\r\n$4\r\nPING\r\n".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] GETACK =
      "*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n".getBytes(StandardCharsets.US_ASCII);
  private static final long INTERNAL_BYTES = 256;
  private static final long FROZEN_NANOS = 3_000_000_000L;

  private final NetworkLoop engine;
  private final ServerConfig config;
  private final WritePath writePath;
  private final ReplicationHost host;
  private final Replicas replicas;
  private final BooleanSupplier isReplica;
  private final BooleanSupplier isHandingOver;

  private long secondsSincePing;
  private long lastSecondNanos;

  /**
   * @param isHandingOver whether replicas are to get what there is, and no more
   */
  StreamPings(
      NetworkLoop engine,
      ServerConfig config,
      WritePath writePath,
      ReplicationHost host,
      Replicas replicas,
      BooleanSupplier isReplica,
      BooleanSupplier isHandingOver) {
    this.engine = engine;
    lastSecondNanos = engine.clock().nanos();
    this.config = config;
    this.writePath = writePath;
    this.host = host;
    this.replicas = replicas;
    this.isReplica = isReplica;
    this.isHandingOver = isHandingOver;
  }

  /**
   * @param evenPaused whether the offset may move although writes are paused; else replicas
   *     acknowledge by themselves, which they do once a second, as with Redis
   */
  void requestAcknowledgements(boolean evenPaused) {
    // Only between units: the bytes belong to no command.
    engine.execute(
        () -> {
          if (evenPaused || !host.isPaused()) {
            internal(GETACK);
          }
          if (config.replSendDurableOnly()) {
            // Else the wait lasts until the force that is due anyway.
            writePath.append();
            writePath.log().requestSync();
          }
        });
  }

  /** Once a second. */
  void everySecond() {
    long nowNanos = engine.clock().nanos();
    boolean frozen = nowNanos - lastSecondNanos > FROZEN_NANOS;
    lastSecondNanos = nowNanos;
    // Whoever was stopped and goes on may have been replaced meanwhile, and not know it yet: a ping
    // would take its log past where its replicas went on without it.
    secondsSincePing = frozen ? 0 : secondsSincePing + 1;
    if (secondsSincePing >= pingPeriodSeconds()) {
      secondsSincePing = 0;
      if (!replicas.feeds().isEmpty()) {
        internal(PING);
      }
    }
  }

  private void internal(byte[] bytes) {
    ReplicationLog log = writePath.log();
    if (!isReplica.getAsBoolean()
        && log.canAppendInternal(writePath.effects().stagedBytes() + INTERNAL_BYTES)) {
      writePath.effects().raw(bytes);
      writePath.staged();
    }
  }

  /**
   * Not while writes are paused: whoever hands the role over by hand compares offsets, and a
   * replica may be a master before the pause ends. But replicas must not take a long pause for an
   * outage.
   */
  private long pingPeriodSeconds() {
    if (isHandingOver.getAsBoolean()) {
      return Long.MAX_VALUE;
    }
    long periodSeconds = config.replPingReplicaPeriodSeconds();
    return host.isPaused()
        ? Math.max(periodSeconds, config.replTimeoutSeconds() / 2)
        : periodSeconds;
  }
}
