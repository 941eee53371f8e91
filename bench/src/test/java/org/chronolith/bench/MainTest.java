package org.chronolith.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

final class MainTest {

  @Test
  void shouldAskForASubcommand() {
    assertEquals(2, Main.execute());
  }

  @Test
  void shouldRefuseCountsThatAreNotPositive() {
    assertEquals(2, Main.execute("throughput", "--rounds", "0"));
    assertEquals(2, Main.execute("memory", "--keys", "-1"));
  }

  @Test
  void shouldEndWithAnErrorWhereAProgramIsMissing() {
    assertEquals(1, Main.execute("throughput", "--benchmark", "no-such-program"));
    assertEquals(1, Main.execute("memory", "--reference", "/no/such/server"));
  }

  @Test
  void shouldEndWithAnErrorWhereAServerDoesNotComeUp() {
    assertEquals(
        1,
        Main.execute(
            "throughput", "--reference", "false", "--benchmark", "true", "--subject", "true"));
  }
}
