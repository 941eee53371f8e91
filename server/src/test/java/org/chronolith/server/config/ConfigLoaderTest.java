package org.chronolith.server.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigLoaderTest {

  @TempDir Path dir;

  private Path file(String name, String text) throws IOException {
    return Files.writeString(dir.resolve(name), text);
  }

  private static ServerConfig load(Object... words) throws ConfigException {
    return ConfigLoader.load(
        List.of(words).stream().map(Object::toString).toList(), InputStream.nullInputStream());
  }

  private static String failure(Object... words) {
    return assertThrows(ConfigException.class, () -> load(words)).getMessage();
  }

  @Test
  void shouldServeOnLoopbackWithoutAnyArguments() throws ConfigException {
    ServerConfig config = load();
    assertEquals(6379, config.port());
    assertEquals(List.of("127.0.0.1"), config.bind());
    assertEquals(Path.of("data").toAbsolutePath(), config.dir());
    assertEquals(AppendFsync.EVERYSEC, config.appendFsync());
    assertEquals(Optional.empty(), config.file());
    assertEquals(List.of(), config.warnings());
  }

  @Test
  void shouldReadAFileAndLetOptionsWin() throws Exception {
    Path file =
        file(
            "a.conf",
            "# a comment\n\n  PORT 7000\nbind 127.0.0.1 -::1\nrequirepass \"a b\"\n"
                + "maxmemory 1gb\nslaveof 127.0.0.1 6380\r\nappendfsync always\n");
    ServerConfig config = load(file, "--port", "7001", "--replica-priority", 5);
    assertEquals(7001, config.port());
    assertEquals(List.of("127.0.0.1", "-::1"), config.bind());
    assertEquals("a b", config.requirePass());
    assertEquals(1L << 30, config.maxMemoryBytes());
    assertEquals(Optional.of(new HostPort("127.0.0.1", 6380)), config.replicaOf());
    assertEquals(AppendFsync.ALWAYS, config.appendFsync());
    assertEquals(5, config.replicaPriority());
    assertEquals(Optional.of(file), config.file());
  }

  @Test
  void shouldReadStandardInput() throws ConfigException {
    byte[] text = "port 7002\n".getBytes(StandardCharsets.UTF_8);
    for (List<String> arguments : List.of(List.of("-"), List.of("--hz", "20", "-"))) {
      assertEquals(
          7002,
          ConfigLoader.load(arguments, new ByteArrayInputStream(text)).port(),
          "" + arguments);
    }
  }

  @Test
  void shouldTakeOptionsInAllOfRedisShapes() throws ConfigException {
    assertEquals(List.of(), load("--save", "").saveRules());
    assertEquals(List.of(), load("--save", "--port", "7000").saveRules());
    assertEquals(List.of(new SaveRule(60, 1)), load("--save", "60", "1").saveRules());
    List<SaveRule> two = List.of(new SaveRule(60, 1), new SaveRule(5, 100));
    assertEquals(two, load("--save", "60", "1", "5", "100").saveRules());
    assertEquals(two, load("--save", "60 1 5 100").saveRules());
    assertEquals(two, load("--save", "60", "1", "--save", "5", "100").saveRules());
    assertEquals(7000, load("--port 7000").port());
    assertEquals("--x", load("--requirepass", "--x").requirePass());
    assertEquals(8, load("--hz", "7", "--hz", "8").hz());
    OutputBufferLimits limits =
        load(
                "--client-output-buffer-limit",
                "normal 1 2 3",
                "--client-output-buffer-limit",
                "pubsub",
                "4",
                "5",
                "6")
            .clientOutputBufferLimits();
    assertEquals(new OutputBufferLimits.Limit(1, 2, 3), limits.normal());
    assertEquals(new OutputBufferLimits.Limit(4, 5, 6), limits.pubsub());
    assertEquals(OutputBufferLimits.DEFAULT.replica(), limits.replica());
  }

  @Test
  void shouldFollowIncludes() throws Exception {
    Files.createDirectory(dir.resolve("d"));
    file("d/1.conf", "port 7001\nhz 11\n");
    file("d/2.conf", "port 7002\n");
    Path one = file("one.conf", "include " + dir.resolve("d/1.conf") + "\nport 7000\n");
    assertEquals(7000, load(one).port());
    assertEquals(11, load(one).hz());
    assertEquals(11, load("--include", dir.resolve("d/1.conf")).hz());
    Path all = file("all.conf", "port 7000\ninclude " + dir + "/d/*.conf\n");
    assertEquals(7002, load(all).port());
    Path bad = file("bad.conf", "prot 1\n");
    Path outer = file("outer.conf", "\ninclude " + bad + "\n");
    assertTrue(failure(outer).contains("at line 1 of " + bad), failure(outer));
    Path loop = file("loop.conf", "include " + dir.resolve("loop.conf") + "\n");
    assertTrue(failure(loop).contains("nested more than"), failure(loop));
  }

  @Test
  void shouldNameThePlaceTheLineAndTheReason() throws IOException {
    Object[][] cases = {
      {"# hi\n\nprot 6379\n", 3, "prot 6379", "Bad directive or wrong number of arguments"},
      {"port 1 2", 1, "port 1 2", "wrong number of arguments"},
      {"port", 1, "port", "wrong number of arguments"},
      {"port \"1", 1, "port \"1", "Unbalanced quotes in configuration line"},
      {"hz 1\nsave 1\n", 2, "save 1", "Invalid save parameters"},
      {"include", 1, "include", "Bad directive or wrong number of arguments"},
      {"user default on", 1, "user default on", "it is not supported"},
      {"daemonize yes", 1, "daemonize yes", "daemonize yes is not supported"},
      {"replica-read-only no", 1, "replica-read-only no", "a replica's log is its master's"},
      {"loglevel \u00e9\n", 1, "loglevel \u00e9", "argument(s) must be one of"},
    };
    for (Object[] row : cases) {
      Path file = file("a.conf", (String) row[0]);
      String report = failure(file);
      String start = "*** FATAL CONFIG FILE ERROR (Chronolith 0.1.0, Redis 7.0.15) ***\n";
      assertTrue(report.startsWith(start), report);
      String place = "Reading the configuration file, at line " + row[1] + " of " + file + "\n";
      assertTrue(report.contains(place + ">>> '" + row[2] + "'\n" + row[3]), report);
    }
  }

  @Test
  void shouldReportBadOptionsAndFiles() throws IOException {
    assertTrue(failure("--prot", "1").contains("command line\n>>> '--prot 1'\nBad directive"));
    assertTrue(failure("--port", "x").contains("'--port x'\nargument couldn't be parsed"));
    assertTrue(failure("--").contains("Bad directive or wrong number of arguments"));
    assertTrue(failure(dir.resolve("a.conf"), "b.conf").contains("Options start with '--'"));
    Path missing = dir.resolve("missing.conf");
    assertEquals(
        "Fatal error, can't open config file '" + missing + "': No such file or directory",
        failure(missing));
    Path binary = dir.resolve("binary.conf");
    Files.write(binary, new byte[] {'h', 'z', ' ', (byte) 0xff});
    assertTrue(failure(binary).contains("not valid UTF-8"));
  }

  @Test
  void shouldReadCommentsInAnyEncoding() throws Exception {
    Path file = dir.resolve("latin1.conf");
    Files.write(file, "# caf\u00e9\nhz 12\n".getBytes(StandardCharsets.ISO_8859_1));
    assertEquals(12, load(file).hz());
  }

  @Test
  void shouldWarnOnceForEachDirectiveWithoutEffect() throws Exception {
    Path file = file("a.conf", "rdbcompression yes\nrdbcompression no\nio-threads 4\nhz 10\n");
    List<String> warnings = load(file, "--appendonly", "no").warnings();
    assertEquals(3, warnings.size(), warnings::toString);
    assertEquals(
        "Directive 'rdbcompression' is accepted, but it has no effect here: snapshots are RocksDB"
            + " files",
        warnings.get(0));
    assertTrue(warnings.get(1).contains("'io-threads'"));
    assertTrue(warnings.get(2).contains("'appendonly'"));
  }

  @Test
  void shouldRefuseContradictions() {
    assertTrue(failure("--metrics-port", "6379").contains("both 6379"));
    assertTrue(failure("--masteruser", "x").contains("without 'masterauth'"));
    assertTrue(failure("--repl-log-retention-bytes", "1kb").contains("'repl-backlog-size'"));
  }
}
