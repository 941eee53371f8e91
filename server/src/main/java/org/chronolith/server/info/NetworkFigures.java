package org.chronolith.server.info;

import org.chronolith.network.Connection;
import org.chronolith.network.NetworkListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts what happens on the sockets of clients. Plain fields; engine thread. */
public final class NetworkFigures implements NetworkListener {

  private static final Logger LOG = LoggerFactory.getLogger(NetworkFigures.class);

  private final Rate inputRate = new Rate();
  private final Rate outputRate = new Rate();
  private long accepted;
  private long rejected;
  private long bytesRead;
  private long bytesWritten;
  private long reads;
  private long writes;
  private long queryBufferLimitDisconnections;
  private long outputLimitDisconnections;

  @Override
  public void accepted() {
    accepted++;
  }

  @Override
  public void rejected() {
    rejected++;
  }

  @Override
  public void bytesRead(int bytes) {
    bytesRead += bytes;
    reads++;
  }

  @Override
  public void bytesWritten(long bytes) {
    bytesWritten += bytes;
    writes++;
  }

  @Override
  public void protocolError(Connection connection, String text) {
    LOG.debug("Protocol error ({}) from client {}", text, connection.remoteAddress());
  }

  @Override
  public void queryBufferLimitReached(Connection connection) {
    queryBufferLimitDisconnections++;
    LOG.warn(
        "Closing client {}: its requests reached client-query-buffer-limit",
        connection.remoteAddress());
  }

  @Override
  public void outputLimitReached(Connection connection) {
    outputLimitDisconnections++;
    LOG.warn(
        "Closing client {}: {} bytes of unread replies reached client-output-buffer-limit",
        connection.remoteAddress(),
        connection.pendingOutputBytes());
  }

  @Override
  public void idleTimeoutReached(Connection connection) {
    LOG.debug("Closing idle client {}", connection.remoteAddress());
  }

  void register(Info info) {
    info.number("total_connections_received", () -> accepted)
        .number("rejected_connections", () -> rejected)
        .number("total_net_input_bytes", () -> bytesRead)
        .number("total_net_output_bytes", () -> bytesWritten)
        .number("total_reads_processed", () -> reads)
        .number("total_writes_processed", () -> writes)
        .decimal("instantaneous_input_kbps", 2, () -> inputRate.perSecond() / 1024)
        .decimal("instantaneous_output_kbps", 2, () -> outputRate.perSecond() / 1024)
        .number("client_query_buffer_limit_disconnections", () -> queryBufferLimitDisconnections)
        .number("client_output_buffer_limit_disconnections", () -> outputLimitDisconnections)
        .onReset(this::reset);
  }

  void sample(long nowNanos) {
    inputRate.sample(bytesRead, nowNanos);
    outputRate.sample(bytesWritten, nowNanos);
  }

  private void reset() {
    accepted = 0;
    rejected = 0;
    bytesRead = 0;
    bytesWritten = 0;
    reads = 0;
    writes = 0;
    queryBufferLimitDisconnections = 0;
    outputLimitDisconnections = 0;
    inputRate.reset();
    outputRate.reset();
  }
}
