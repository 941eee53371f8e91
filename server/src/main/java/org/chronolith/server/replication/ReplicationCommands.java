package org.chronolith.server.replication;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.chronolith.engine.rdb.RdbVersion;
import org.chronolith.replicationlog.History;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandFlag;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.config.HostPort;

/** {@code REPLICAOF SLAVEOF ROLE WAIT PSYNC SYNC REPLCONF}. Thread: engine. */
final class ReplicationCommands {
  private static final Pattern SERVER_VERSION =
      Pattern.compile("(\\d{1,4})\\.(\\d{1,4})(\\.\\d{1,4})?");

  private static final CommandException OUT_OF_0_AND_1 =
      new CommandException("ERR value is out of range, value must between 0 and 1");

  private static final CommandException WAIT_ON_REPLICA =
      new CommandException(
          "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if"
              + " a replica is configured to be writable (which is not the default) writes to"
              + " replicas are just local and are not propagated.");
  private static final CommandException WAITAOF_ON_REPLICA =
      new CommandException(
          "ERR WAITAOF cannot be used with replica instances. Please also note that writes to"
              + " replicas are just local and are not propagated.");

  /** What a replica says of itself if it takes the files of a checkpoint. */
  static final String CAPA_FILES = "chronolith-files";

  /** What a replica says of itself if it can go back to where histories diverge. */
  static final String CAPA_REWIND = "chronolith-rewind";

  /** What a replica says of itself if it can go on where a full sync was cut off. */
  static final String CAPA_RESUME = "chronolith-resume";

  /** How it says where: a {@link ResumeRequest}. */
  static final String RESUME = "chronolith-resume";

  /** How a Chronolith replica tells who it is, whatever its address. */
  static final String NODE_ID = "chronolith-id";

  /** How a Chronolith replica asks to be verified; its word is the size of a block. */
  static final String VERIFY = "chronolith-verify";

  private static final int MOST_PORT = 65535;

  /** As of a name in the DNS, and as in Redis. */
  private static final int LONGEST_IP_BYTES = 255;

  private final Replication replication;

  private ReplicationCommands(Replication replication) {
    this.replication = replication;
  }

  static List<CommandSpec> all(Replication replication) {
    ReplicationCommands commands = new ReplicationCommands(replication);
    return List.of(
        commands.replicaOf("replicaof", "5.0.0"),
        commands.replicaOf("slaveof", "1.0.0"),
        CommandSpec.named("role")
            .arity(1)
            .flags(CommandFlag.NOSCRIPT, CommandFlag.LOADING, CommandFlag.STALE, CommandFlag.FAST)
            .group(CommandGroup.SERVER)
            .since("2.8.12")
            .summary("Return the role of the instance in the context of replication")
            .handler(commands::role)
            .build(),
        CommandSpec.named("wait")
            .arity(3)
            .flags(CommandFlag.NOSCRIPT)
            .group(CommandGroup.GENERIC)
            .since("3.0.0")
            .arguments("numreplicas timeout")
            .summary("Wait until replicas have acknowledged the client's writes")
            .handler(commands::await)
            .build(),
        CommandSpec.named("waitaof")
            .arity(4)
            .flags(CommandFlag.NOSCRIPT)
            .group(CommandGroup.GENERIC)
            .since("7.2.0")
            .arguments("numlocal numreplicas timeout")
            .summary("Wait until the client's writes are on disk here and on replicas")
            .handler(commands::awaitOnDisk)
            .build(),
        CommandSpec.named("failover")
            .arity(-1)
            .flags(CommandFlag.ADMIN, CommandFlag.NOSCRIPT, CommandFlag.STALE)
            .group(CommandGroup.SERVER)
            .since("6.2.0")
            .arguments("[TO host port [FORCE]] [ABORT] [TIMEOUT milliseconds]")
            .summary("Hand the role of the master over to a replica that has everything")
            .handler(replication::failover)
            .build(),
        commands.sync("psync", -3, "2.8.0", "replicationid offset"),
        commands.sync("sync", 1, "1.0.0", ""),
        CommandSpec.named("replconf")
            .arity(-1)
            .flags(
                CommandFlag.ADMIN,
                CommandFlag.NOSCRIPT,
                CommandFlag.LOADING,
                CommandFlag.STALE,
                CommandFlag.ALLOW_BUSY)
            .group(CommandGroup.SERVER)
            .since("3.0.0")
            .summary("An internal command for configuring the replication stream")
            .handler(commands::replconf)
            .build(),
        ClaimCommands.replication(replication));
  }

  private CommandSpec replicaOf(String name, String since) {
    return CommandSpec.named(name)
        .arity(3)
        .flags(
            CommandFlag.ADMIN,
            CommandFlag.NOSCRIPT,
            CommandFlag.STALE,
            CommandFlag.NO_ASYNC_LOADING)
        .group(CommandGroup.SERVER)
        .since(since)
        .arguments("host port")
        .summary("Make the server a replica of another instance, or promote it as master")
        .handler(this::replicaOf)
        .build();
  }

  private CommandSpec sync(String name, int arity, String since, String arguments) {
    return CommandSpec.named(name)
        .arity(arity)
        .flags(
            CommandFlag.NO_ASYNC_LOADING,
            CommandFlag.ADMIN,
            CommandFlag.NO_MULTI,
            CommandFlag.NOSCRIPT)
        .group(CommandGroup.SERVER)
        .since(since)
        .arguments(arguments)
        .summary("Internal command used for replication")
        .handler(this::sync)
        .build();
  }

  private void replicaOf(Call call) {
    if (replication.logFailure() != null) {
      call.error("MISCONF Errors writing to the AOF file: " + replication.logFailure());
      return;
    }
    if (call.is(1, "no") && call.is(2, "one")) {
      replication.roles().promote(call.client());
      call.reply().ok();
      return;
    }
    CommandException invalid = new CommandException("ERR Invalid master port");
    long port = call.integer(2, invalid);
    if (port < 0 || port > MOST_PORT) {
      throw invalid;
    }
    HostPort master = new HostPort(call.text(1), (int) port);
    if (replication.roles().follows(master)) {
      call.reply().simple("OK Already connected to specified master");
      return;
    }
    replication.roles().replicaOf(master, call.client());
    call.reply().ok();
  }

  private void role(Call call) {
    ReplicationInfo.role(replication, call.reply());
  }

  private void await(Call call) {
    // Before it looks at its words, other than WAITAOF: as in Redis.
    if (replication.isReplica()) {
      throw WAIT_ON_REPLICA;
    }
    replication.await(call, -1, call.integer(1), timeoutMs(call, 2));
  }

  private void awaitOnDisk(Call call) {
    long locals = call.integer(1);
    if (locals < 0 || locals > 1) {
      throw OUT_OF_0_AND_1;
    }
    long replicas = call.integer(2);
    if (replicas < 0) {
      throw new CommandException("ERR value is out of range, must be positive");
    }
    long timeoutMs = timeoutMs(call, 3);
    if (replication.isReplica()) {
      throw WAITAOF_ON_REPLICA;
    }
    replication.await(call, locals, replicas, timeoutMs);
  }

  private static long timeoutMs(Call call, int argument) {
    CommandException invalid =
        new CommandException("ERR timeout is not an integer or out of range");
    long timeoutMs = call.integer(argument, invalid);
    if (timeoutMs < 0) {
      throw new CommandException("ERR timeout is negative");
    }
    return timeoutMs;
  }

  private static boolean flag(Call call, int argument) {
    long value = call.integer(argument);
    if (value < 0 || value > 1) {
      throw OUT_OF_0_AND_1;
    }
    return value == 1;
  }

  private void sync(Call call) {
    if (call.is(0, "sync")) {
      replication.psync(call, null, 0);
    } else {
      replication.psync(call, call.text(1), call.integer(2));
    }
  }

  private void replconf(Call call) {
    if (call.argc() % 2 == 0) {
      throw new CommandException("ERR syntax error");
    }
    Announcement announced = Announcement.of(call.client());
    for (int i = 1; i < call.argc(); i += 2) {
      String option = call.text(i).toLowerCase(Locale.ROOT);
      switch (option) {
        case "listening-port" -> announced.port = port(call, i + 1);
        case "ip-address" -> announced.ip = ip(call, i + 1);
        case NODE_ID -> announced.nodeId = nodeId(call.text(i + 1));
        case "version" -> announced.rdbVersion = rdbVersion(call.text(i + 1));
        case "capa" -> capability(announced, call.text(i + 1).toLowerCase(Locale.ROOT));
        case VERIFY -> {
          verify(call, announced, call.integer(i + 1));
          return;
        }
        case RESUME -> announced.resume = ResumeRequest.parse(call.text(i + 1));
        case "rdb-only" -> announced.rdbOnly = flag(call, i + 1);
        case "rdb-filter-only" -> {
          filter(call.text(i + 1));
          announced.wantsKeys = false;
        }
        case "ack", "getack" -> {
          // Only of replicas, whose connections are the feeds'; no reply, as in Redis.
          return;
        }
        default -> throw new CommandException("ERR Unrecognized REPLCONF option: " + call.text(i));
      }
    }
    call.reply().ok();
  }

  private static int port(Call call, int argument) {
    long port = call.integer(argument);
    if (port < 0 || port > MOST_PORT) {
      throw new CommandException("ERR value is out of range, must be between 0 and " + MOST_PORT);
    }
    return (int) port;
  }

  /** An address or a name. It stands in lines of the log, of {@code INFO} and of a file. */
  private static String ip(Call call, int argument) {
    if (call.arg(argument).length() > LONGEST_IP_BYTES) {
      throw new CommandException(
          "ERR REPLCONF ip-address provided by replica instance is too long: "
              + call.arg(argument).length()
              + " bytes");
    }
    String ip = call.text(argument);
    if (ip.codePoints().anyMatch(ReplicationCommands::breaksLine)) {
      throw new CommandException(
          "ERR REPLCONF ip-address provided by replica instance has spaces, newlines or special"
              + " characters");
    }
    return ip;
  }

  private static boolean breaksLine(int c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || Character.isISOControl(c);
  }

  /** Of the server that a replica says it is, such as {@code 8.0.1}. */
  private static RdbVersion rdbVersion(String server) {
    Matcher words = SERVER_VERSION.matcher(server);
    if (!words.matches()) {
      throw new CommandException("ERR Unrecognized version format: " + server);
    }
    RdbVersion version =
        RdbVersion.readBy(Integer.parseInt(words.group(1)), Integer.parseInt(words.group(2)));
    if (version == null) {
      throw new CommandException("ERR no RDB is written that a server " + server + " reads");
    }
    return version;
  }

  /** What is let through: nothing, or functions, which there are none of. */
  private static void filter(String included) {
    for (String word : included.strip().split("\\s+")) {
      if (!word.isEmpty() && !word.equalsIgnoreCase("functions")) {
        throw new CommandException("ERR Unsupported rdb-filter-only option: " + word);
      }
    }
  }

  private void verify(Call call, Announcement announced, long blockBytes) {
    if (!replication.config().replVerify()) {
      throw new CommandException("ERR replicas are not verified here: repl-verify is no");
    }
    if (blockBytes != BlockSums.BLOCK_BYTES || announced.nodeId == null) {
      throw new CommandException("ERR blocks of " + BlockSums.BLOCK_BYTES + " bytes are verified");
    }
    announced.verify = true;
    call.reply().simple(replication.verifyAnswer(announced));
  }

  private static String nodeId(String id) {
    if (!History.isId(id)) {
      throw new CommandException("ERR a node id is 40 hex digits");
    }
    return id.toLowerCase(Locale.ROOT);
  }

  /** Unknown ones are ignored, as in Redis. */
  private static void capability(Announcement announced, String name) {
    switch (name) {
      case "eof" -> announced.capaEof = true;
      case "psync2" -> announced.capaPsync2 = true;
      case CAPA_FILES -> announced.capaFiles = true;
      case CAPA_REWIND -> announced.capaRewind = true;
      case CAPA_RESUME -> announced.capaResume = true;
      default -> {
        return;
      }
    }
  }
}
