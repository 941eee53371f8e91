package org.chronolith.bench.disk;

import org.chronolith.bench.process.ServerProcess;

/** A {@link FaultyServer}'s disk fails, and what is done about it when it is sound again. */
final class Faults implements Disturbance {
  private final ServerProcess server;
  private final FaultyDisk.Order order;
  private final Runnable remedy;

  private Faults(ServerProcess server, FaultyDisk.Order order, Runnable remedy) {
    this.server = server;
    this.order = order;
    this.remedy = remedy;
  }

  /** Forces fail, which is final: the server is restarted on a sound disk. */
  static Faults ofForces(ServerProcess server) {
    return new Faults(server, FaultyDisk.Order.FAIL_FORCES, () -> server.restart(false));
  }

  /** No space can be reserved, until it can again. */
  static Faults ofReservations(ServerProcess server) {
    return new Faults(
        server,
        FaultyDisk.Order.FAIL_RESERVATIONS,
        () -> server.tell(FaultyDisk.Order.HEAL.name()));
  }

  @Override
  public void begin() {
    server.tell(order.name());
  }

  @Override
  public void end() {
    remedy.run();
  }

  @Override
  public void close() {
    // The server ends, and its disk with it.
  }
}
