package org.chronolith.server.info;

import java.security.SecureRandom;
import java.util.HexFormat;
import org.chronolith.server.config.ServerConfig;
import org.chronolith.server.config.ServerVersion;

/** {@code INFO server}, and CPU. Engine thread. */
public final class ServerSection {

  private static final int RUN_ID_BYTES = 20;
  private static final long LRU_CLOCK_MASK = (1 << 24) - 1;

  private final String runId;
  private final long startNanos = System.nanoTime();

  public ServerSection() {
    byte[] random = new byte[RUN_ID_BYTES];
    new SecureRandom().nextBytes(random);
    runId = HexFormat.of().formatHex(random);
  }

  /** 40 hexadecimal digits that name this run of the process. */
  public String runId() {
    return runId;
  }

  /** Seconds since the start. */
  public long uptimeSeconds() {
    return (System.nanoTime() - startNanos) / 1_000_000_000L;
  }

  /**
   * @param nativeTransport whether sockets are served by epoll
   */
  public void register(Info info, ServerConfig config, boolean nativeTransport) {
    String os =
        System.getProperty("os.name")
            + " "
            + System.getProperty("os.version")
            + " "
            + machine(System.getProperty("os.arch"));
    String build = HexFormat.of().toHexDigits(ServerVersion.CHRONOLITH.hashCode() & 0xffffffffL);
    String executable = System.getProperty("chronolith.home", "") + "/bin/chronolith";
    info.text("redis_version", () -> ServerVersion.REDIS)
        .text("redis_build_id", () -> build)
        .text("os", () -> os)
        .text("multiplexing_api", () -> nativeTransport ? "epoll" : "nio")
        .number("process_id", () -> ProcessHandle.current().pid())
        .text("run_id", () -> runId)
        .number("tcp_port", config::port)
        .number("server_time_usec", () -> System.currentTimeMillis() * 1000)
        .number("uptime_in_seconds", this::uptimeSeconds)
        .number("uptime_in_days", () -> uptimeSeconds() / 86400)
        .number("hz", config::hz)
        .number("configured_hz", config::hz)
        .number("lru_clock", () -> System.currentTimeMillis() / 1000 & LRU_CLOCK_MASK)
        .text("executable", () -> executable)
        .text("config_file", () -> config.file().map(Object::toString).orElse(""))
        .text("chronolith_version", () -> ServerVersion.CHRONOLITH)
        .text("java_version", () -> System.getProperty("java.version"));
    info.decimal("used_cpu_sys", 6, () -> ProcessFigures.processCpu().system())
        .decimal("used_cpu_user", 6, () -> ProcessFigures.processCpu().user())
        .decimal("used_cpu_sys_main_thread", 6, () -> ProcessFigures.threadCpu().system())
        .decimal("used_cpu_user_main_thread", 6, () -> ProcessFigures.threadCpu().user());
  }

  private static String machine(String arch) {
    return arch.equals("amd64") ? "x86_64" : arch;
  }
}
