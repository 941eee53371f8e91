package org.chronolith.server.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The annotated test runs real Redis programs. Where one is not on the {@code PATH} the test is
 * skipped and the reason names the program and its package; where the environment says {@code
 * CHRONOLITH_REQUIRE_REDIS=1} it fails instead, so that a build which promises the comparison
 * cannot pass without it.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@ExtendWith(RequiresRedisCondition.class)
public @interface RequiresRedis {

  /** The names of the programs that must be on the {@code PATH}. */
  String[] value() default {"redis-server", "redis-cli", "redis-benchmark"};
}
