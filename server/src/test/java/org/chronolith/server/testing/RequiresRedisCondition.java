package org.chronolith.server.testing;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/** Decides for {@link RequiresRedis}: run, skip with a reason, or fail. */
final class RequiresRedisCondition implements ExecutionCondition {

  static final String REQUIRE_VARIABLE = "CHRONOLITH_REQUIRE_REDIS";

  private static final Map<String, String> DEBIAN_PACKAGES =
      Map.of(
          "redis-server", "redis-server",
          "redis-cli", "redis-tools",
          "redis-benchmark", "redis-tools",
          "redis-sentinel", "redis-sentinel");

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    return AnnotationSupport.findAnnotation(context.getElement(), RequiresRedis.class)
        .map(required -> evaluate(required.value(), System.getenv()))
        .orElseGet(() -> ConditionEvaluationResult.enabled("no Redis program is needed"));
  }

  /**
   * @throws IllegalStateException if a program is missing and the environment requires it
   */
  static ConditionEvaluationResult evaluate(String[] programs, Map<String, String> environment) {
    List<String> missing = new ArrayList<>();
    for (String program : programs) {
      if (!isOnPath(program, environment.getOrDefault("PATH", ""))) {
        missing.add(
            program + " (Debian package " + DEBIAN_PACKAGES.getOrDefault(program, "unknown") + ")");
      }
    }
    if (missing.isEmpty()) {
      return ConditionEvaluationResult.enabled("found " + String.join(", ", programs));
    }
    String reason = "not on the PATH: " + String.join(", ", missing);
    if ("1".equals(environment.get(REQUIRE_VARIABLE))) {
      throw new IllegalStateException(
          reason + "; " + REQUIRE_VARIABLE + "=1 makes this a failure instead of a skipped test");
    }
    return ConditionEvaluationResult.disabled(reason);
  }

  private static boolean isOnPath(String program, String path) {
    for (String directory : path.split(File.pathSeparator)) {
      if (!directory.isEmpty() && Files.isExecutable(Path.of(directory, program))) {
        return true;
      }
    }
    return false;
  }
}
