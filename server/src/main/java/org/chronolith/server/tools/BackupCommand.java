package org.chronolith.server.tools;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code chronolith backup PATH}: asks a running server for a backup and waits for it. */
@Command(
    name = "backup",
    description =
        "Has a running server make a backup of itself: a data directory of its own that shares the"
            + " files that never change by hard links. 'restore' and a server accept it.",
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {"0:the backup is whole and on disk", "2:there is none"},
    mixinStandardHelpOptions = true)
final class BackupCommand implements Callable<Integer> {
  /** As redis-cli. */
  private static final String PASSWORD_VARIABLE = "REDISCLI_AUTH";

  @Parameters(
      paramLabel = "PATH",
      description =
          "the directory to make, on the server's machine; for hard links, on the file system of its"
              + " data")
  private Path path;

  @Option(
      names = {"-p", "--port"},
      paramLabel = "P",
      defaultValue = "6379",
      description = "the server's port; by default ${DEFAULT-VALUE}")
  private int port;

  @Option(
      names = "--host",
      paramLabel = "H",
      defaultValue = "127.0.0.1",
      description = "the server's host; by default ${DEFAULT-VALUE}")
  private String host;

  @Option(
      names = {"-a", "--pass"},
      paramLabel = "PASSWORD",
      description = "password; better in the environment, as " + PASSWORD_VARIABLE)
  private String password;

  @Option(names = "--user", paramLabel = "NAME", description = "user of the password")
  private String user;

  @Mixin private CommonOptions common;

  @Override
  public Integer call() {
    if (port < 1 || port > 65_535) {
      throw new ToolException("--port " + port + ": ports are numbered from 1 to 65535");
    }
    Map<String, Object> made = new LinkedHashMap<>();
    try (ServerConnection server = new ServerConnection(host, port)) {
      authenticate(server);
      Object reply = backup(server);
      if (!(reply instanceof List<?> words) || words.size() % 2 != 0) {
        throw new ToolException("the server's answer is not that of BACKUP: " + reply);
      }
      for (int i = 0; i < words.size(); i += 2) {
        made.put(String.valueOf(words.get(i)), words.get(i + 1));
      }
    }
    if (common.json()) {
      common.print(made);
    } else {
      made.forEach((name, value) -> common.line(name + " " + value));
    }
    return 0;
  }

  private Object backup(ServerConnection server) {
    Progress progress = common.progress();
    progress.beginWaiting("the server makes the backup");
    try {
      String target = path.toAbsolutePath().normalize().toString();
      return server.call(progress::waiting, "BACKUP", target);
    } finally {
      progress.end();
    }
  }

  private void authenticate(ServerConnection server) {
    String secret = password != null ? password : System.getenv(PASSWORD_VARIABLE);
    if (secret == null) {
      return;
    }
    if (user == null) {
      server.call("AUTH", secret);
    } else {
      server.call("AUTH", user, secret);
    }
  }
}
