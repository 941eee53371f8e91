package org.chronolith.server.client;

import org.chronolith.network.Connection;
import org.chronolith.server.command.CommandSpec;

/**
 * The session of one client. The replication stream and recovery run commands as a client too, one
 * without a connection.
 *
 * <p>Thread: the one that owns the keyspace.
 */
public final class Client {
  private final long id;
  private final Connection connection;
  private int db;
  private boolean authenticated;
  private String name = "";
  private String libName = "";
  private String libVersion = "";
  private boolean noEvict;
  private boolean noTouch;
  private ReplyMode replyMode = ReplyMode.ON;
  private Transaction transaction;
  private boolean watchBroken;
  private boolean wroteInTurn;
  private CommandSpec lastCommand;
  private long lastCommandMs;
  private long lastWriteOffset;
  private Object replicationState;
  private boolean subscriber;
  private long pushedTo;

  /** Whether replies are sent, {@code CLIENT REPLY}. */
  public enum ReplyMode {
    ON,
    OFF,
    /** The next command's reply is not sent, then it is on again. */
    SKIP_NEXT
  }

  public Client(long id, Connection connection) {
    this.id = id;
    this.connection = connection;
  }

  /** A client without a connection, for the replication stream and for recovery. */
  public static Client internal() {
    Client client = new Client(0, null);
    client.authenticated = true;
    return client;
  }

  public long id() {
    return id;
  }

  /** The connection, or null for an internal client. */
  public Connection connection() {
    return connection;
  }

  /** Index of the selected database. */
  public int db() {
    return db;
  }

  public void select(int index) {
    db = index;
  }

  public boolean authenticated() {
    return authenticated;
  }

  public void authenticated(boolean value) {
    authenticated = value;
  }

  public String name() {
    return name;
  }

  public void name(String value) {
    name = value;
  }

  public String libName() {
    return libName;
  }

  public void libName(String value) {
    libName = value;
  }

  public String libVersion() {
    return libVersion;
  }

  public void libVersion(String value) {
    libVersion = value;
  }

  public boolean noEvict() {
    return noEvict;
  }

  public void noEvict(boolean value) {
    noEvict = value;
  }

  public boolean noTouch() {
    return noTouch;
  }

  public void noTouch(boolean value) {
    noTouch = value;
  }

  public ReplyMode replyMode() {
    return replyMode;
  }

  public void replyMode(ReplyMode value) {
    replyMode = value;
  }

  /** The open {@code MULTI}, or null. */
  public Transaction transaction() {
    return transaction;
  }

  public void transaction(Transaction value) {
    transaction = value;
  }

  /** Whether a watched key has changed since {@code WATCH}. */
  public boolean watchBroken() {
    return watchBroken;
  }

  public void watchBroken(boolean value) {
    watchBroken = value;
  }

  /** Whether a command of this client was staged for the log in the current turn. */
  public boolean wroteInTurn() {
    return wroteInTurn;
  }

  public void wroteInTurn(boolean value) {
    wroteInTurn = value;
  }

  /** The command that ran last, or null. */
  public CommandSpec lastCommand() {
    return lastCommand;
  }

  /** Wall-clock ms of the last command; 0 when there was none. */
  public long lastCommandMs() {
    return lastCommandMs;
  }

  public void ran(CommandSpec spec, long nowMs) {
    lastCommand = spec;
    lastCommandMs = nowMs;
  }

  /** Stream offset after this client's last write, what {@code WAIT} waits for. */
  public long lastWriteOffset() {
    return lastWriteOffset;
  }

  public void lastWriteOffset(long offset) {
    lastWriteOffset = offset;
  }

  /** Whether it has subscribed to anything. */
  public boolean isSubscriber() {
    return subscriber;
  }

  void subscriber(boolean value) {
    subscriber = value;
  }

  /** What was just written to its output is no reply: {@code CLIENT REPLY OFF} leaves it there. */
  public void pushed() {
    pushedTo = connection.reply().position();
  }

  /** Position in its output behind what was pushed last; 0 for nothing. */
  public long pushedTo() {
    return pushedTo;
  }

  /** What was pushed is taken back, or need not be told from replies any more. */
  public void clearPushed() {
    pushedTo = 0;
  }

  /** What a replica has announced with {@code REPLCONF}; owned by the replication package. */
  public Object replicationState() {
    return replicationState;
  }

  public void replicationState(Object value) {
    replicationState = value;
  }
}
