package org.chronolith.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

final class MainTest {

  @Test
  void shouldAskForASubcommand() {
    assertFails(2, "a subcommand is needed");
  }

  @Test
  void shouldRefuseCountsThatAreNotPositive() {
    assertFails(2, "must be positive", "throughput", "--rounds", "0");
    assertFails(2, "must be positive", "memory", "--keys", "-1");
    assertFails(2, "must be positive", "resync", "--lag", "4,0");
    assertFails(2, "must be positive", "recovery", "--keys", "0");
    assertFails(2, "must be positive", "disk-failure", "--seconds", "-1");
  }

  @Test
  void shouldNameTheRemedyWhereAProgramIsMissing() {
    assertFails(1, "apt-get install redis-server", "throughput", "--benchmark", "no-such-program");
    assertFails(1, "/no/such/server does not exist", "memory", "--reference", "/no/such/server");
  }

  @Test
  void shouldSayThatAServerDoesNotComeUp() {
    assertFails(
        1,
        "reference ended with code 1",
        "throughput",
        "--reference",
        "false",
        "--benchmark",
        "true",
        "--subject",
        "true");
  }

  private static void assertFails(int exitCode, String message, String... arguments) {
    StringWriter errors = new StringWriter();
    int actual =
        Main.execute(new PrintWriter(new StringWriter()), new PrintWriter(errors), arguments);
    assertEquals(exitCode, actual, errors.toString());
    assertTrue(errors.toString().contains(message), errors.toString());
  }
}
