package org.chronolith.server.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.chronolith.server.config.ServerVersion;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code bin/chronolith} does before it becomes the JVM. */
class LauncherTest {

  private static final Path HOME = Path.of("..").toAbsolutePath().normalize();
  private static final Path LAUNCHER = HOME.resolve("bin/chronolith");

  @TempDir Path dir;

  private String javaOptions = "";

  private record Result(int status, String output) {}

  private Result run(Path launcher, Path javaHome, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(launcher.toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(dir.toFile()).redirectErrorStream(true);
    builder.environment().put("JAVA_HOME", javaHome.toString());
    builder.environment().put("CHRONOLITH_JAVA_OPTS", javaOptions);
    Process process = builder.start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(20, TimeUnit.SECONDS));
    return new Result(process.exitValue(), output);
  }

  private Path fakeJava(String name, String release) throws IOException {
    Path home = Files.createDirectories(dir.resolve(name));
    Files.createDirectory(home.resolve("bin"));
    Path java = home.resolve("bin/java");
    Files.writeString(java, "#!/bin/sh\nprintf '%s\\n' \"$@\"\n");
    assertTrue(java.toFile().setExecutable(true));
    Files.writeString(home.resolve("release"), "JAVA_VERSION=\"" + release + "\"\n");
    return home;
  }

  /** A home in which the server counts as built, reached through two links. */
  private Path builtHome() throws IOException {
    Path home = Files.createDirectories(dir.resolve("a home"));
    Files.createDirectories(home.resolve("bin"));
    for (String name : List.of("chronolith", "jvm-flags", "jvm-flags-24")) {
      Files.copy(HOME.resolve("bin").resolve(name), home.resolve("bin").resolve(name));
    }
    assertTrue(home.resolve("bin/chronolith").toFile().setExecutable(true));
    Path target = Files.createDirectories(home.resolve("server/target/lib"));
    Files.writeString(target.resolve("class-path"), "lib/a.jar:lib/b.jar");
    Files.writeString(home.resolve("server/target/server-1.jar"), "");
    Files.createDirectories(home.resolve("server/src/main"));
    Path first = Files.createSymbolicLink(dir.resolve("first"), home.resolve("bin/chronolith"));
    return Files.createSymbolicLink(dir.resolve("second"), Path.of(first.getFileName().toString()));
  }

  @Test
  void shouldBecomeTheJvmWithAllOptions() throws Exception {
    Path launcher = builtHome();
    Path home = dir.toRealPath().resolve("a home");
    Result result =
        run(launcher, fakeJava("jdk17", "17.0.15"), "server", "--save", "", "--port", "7 8");
    assertEquals(0, result.status(), result.output());
    List<String> words = result.output().lines().toList();
    assertEquals("@" + home + "/bin/jvm-flags", words.get(0));
    assertTrue(words.contains("-XX:+ExitOnOutOfMemoryError"), result.output());
    assertTrue(
        words.stream().anyMatch(word -> word.matches("-XX:MaxDirectMemorySize=[1-9][0-9]+m")));
    int classPath = words.indexOf("-cp");
    String target = home + "/server/target/";
    assertEquals(
        List.of(
            target + "server-1.jar:" + target + "lib/a.jar:" + target + "lib/b.jar",
            "org.chronolith.server.Main",
            "--save",
            "",
            "--port",
            "7 8"),
        words.subList(classPath + 1, words.size()));
  }

  /** The JVM's own exit code would be none of 0, 1 and 2. */
  @Test
  void shouldLeaveItToTheToolsToEndWithoutMemory() throws Exception {
    Path java = fakeJava("jdk17", "17.0.15");
    Path launcher = builtHome();
    for (String tool : List.of("check", "log", "repair", "restore", "backup", "import", "export")) {
      Result result = run(launcher, java, tool, "data");
      assertEquals(0, result.status(), result.output());
      assertFalse(result.output().contains("OutOfMemory"), result.output());
    }
  }

  @Test
  void shouldLetTheUsersJvmOptionsWin() throws Exception {
    Path launcher = builtHome();
    Path java = fakeJava("jdk17", "17.0.15");
    assertTrue(run(launcher, java, "server").output().contains("-XX:+UseSerialGC"));
    javaOptions = "-Xmx2g -XX:+UseG1GC";
    List<String> words = run(launcher, java, "server").output().lines().toList();
    assertTrue(!words.contains("-XX:+UseSerialGC"));
    assertTrue(words.indexOf("-Xmx2g") > words.indexOf("-Xmx512m"));
    assertTrue(words.contains("-XX:+UseG1GC"));
  }

  @Test
  void shouldPassMoreFlagsToANewerJvm() throws Exception {
    Path launcher = builtHome();
    Path home = dir.toRealPath().resolve("a home");
    String flags = "@" + home + "/bin/jvm-flags-24";
    assertTrue(run(launcher, fakeJava("25", "25.0.3"), "server").output().contains(flags));
    assertTrue(!run(launcher, fakeJava("23", "23"), "server").output().contains(flags));
  }

  @Test
  void shouldRefuseAnOldOrMissingJava() throws Exception {
    for (String old : List.of("11.0.2", "1.8.0_402", "16")) {
      Result result = run(LAUNCHER, fakeJava("jdk" + old, old), "server");
      assertEquals(1, result.status());
      assertTrue(result.output().contains("is Java " + old + ", and this needs 17 or newer"));
    }
    Result result = run(LAUNCHER, dir.resolve("none"), "server");
    assertEquals(1, result.status());
    assertTrue(result.output().contains("JAVA_HOME is " + dir.resolve("none")), result.output());
  }

  @Test
  void shouldSayWhatItNeedsToBuild() throws Exception {
    Path launcher = builtHome();
    Files.delete(dir.resolve("a home/server/target/lib/class-path"));
    Result result = run(launcher, fakeJava("jre", "17.0.1"), "server");
    assertEquals(1, result.status());
    assertTrue(
        result.output().contains("has no compiler") || result.output().contains("no mvn"),
        result.output());
    assertTrue(Files.notExists(dir.resolve("a home/.build-lock")));
  }

  @Test
  void shouldTellItsVersionAndUsage() throws Exception {
    Path javaHome = Path.of(System.getProperty("java.home"));
    assertEquals(
        "Chronolith " + ServerVersion.CHRONOLITH + "\n",
        run(LAUNCHER, javaHome, "--version").output());
    assertTrue(run(LAUNCHER, javaHome, "--help").output().contains("chronolith server [file.conf"));
    Result result = run(LAUNCHER, javaHome, "serve");
    assertEquals(2, result.status());
    assertTrue(result.output().contains("no such command: serve"));
    assertEquals(2, run(LAUNCHER, javaHome).status());
  }
}
