package org.chronolith.server.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.io.TempDir;

final class RequiresRedisConditionTest {

  private static final String[] PROGRAMS = {"redis-server", "redis-cli"};

  @TempDir Path directory;

  @BeforeEach
  void createOneProgram() throws IOException {
    createProgram("redis-server");
  }

  @Test
  void shouldRunWhereEveryProgramIsFound() throws IOException {
    createProgram("redis-cli");
    assertFalse(evaluate(Map.of("PATH", "/nowhere:" + directory)).isDisabled());
  }

  @Test
  void shouldSkipAndNameTheMissingProgramWithItsPackage() {
    ConditionEvaluationResult result = evaluate(Map.of("PATH", directory.toString()));
    assertTrue(result.isDisabled());
    assertEquals(
        "not on the PATH: redis-cli (Debian package redis-tools)", result.getReason().orElse(""));
  }

  @Test
  void shouldFailWhereTheProgramsAreRequired() {
    Map<String, String> environment =
        Map.of("PATH", directory.toString(), RequiresRedisCondition.REQUIRE_VARIABLE, "1");
    String message =
        assertThrows(IllegalStateException.class, () -> evaluate(environment)).getMessage();
    assertTrue(message.contains("redis-cli (Debian package redis-tools)"), message);
  }

  @Test
  void shouldSkipWhereThereIsNoPathAtAll() {
    assertTrue(evaluate(Map.of()).isDisabled());
  }

  private static ConditionEvaluationResult evaluate(Map<String, String> environment) {
    return RequiresRedisCondition.evaluate(PROGRAMS, environment);
  }

  private void createProgram(String name) throws IOException {
    Path program = Files.createFile(directory.resolve(name));
    assertTrue(program.toFile().setExecutable(true));
  }
}
