package org.chronolith.server.replication;

/**
 * The link cannot go on over this connection, for a reason that a redis-server logs as well. The
 * message is its log line. It carries no stack trace: it is what a master has answered.
 */
final class LinkEnd extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final boolean notice;

  private LinkEnd(String line, boolean notice) {
    super(line, null, false, false);
    this.notice = notice;
  }

  /** What a redis-server warns of. */
  static LinkEnd warning(String line) {
    return new LinkEnd(line, false);
  }

  /** What a redis-server takes for a matter of course. */
  static LinkEnd notice(String line) {
    return new LinkEnd(line, true);
  }

  boolean isNotice() {
    return notice;
  }
}
