package org.chronolith.server.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.chronolith.network.ProtocolException;
import org.chronolith.server.command.CommandException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointHeaderTest {

  @Test
  void shouldWriteAndReadBothForms() {
    CheckpointHeader plain = CheckpointHeader.plain(3, 1_000);
    assertEquals("$FILES:3 1000", plain.line());
    assertEquals(plain, CheckpointHeader.parse(plain.line()));
    assertFalse(plain.goesOn());
    CheckpointHeader named = new CheckpointHeader(3, 1_000, "77-0badcafe", 2, 9);
    assertEquals("$FILES:3 1000 77-0badcafe 2 9", named.line());
    assertEquals(named, CheckpointHeader.parse(named.line()));
    assertTrue(named.goesOn());
    assertEquals(
        named, CheckpointHeader.parse(named.line() + " later"), "what a later version may add");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "$FILES:",
        "$FILES:3",
        "$FILES:0 10",
        "$FILES:-1 10",
        "$FILES:1000001 10",
        "$FILES:3 -1",
        "$FILES:3 x",
        "$FILES:3 10 id",
        "$FILES:3 10 id 1",
        "$FILES:3 10 id 3 0",
        "$FILES:3 10 id -1 0",
        "$FILES:3 10 id 1 -1",
        "$FILES:3 10 id 1 11"
      })
  void shouldRefuseWhatIsMalformed(String line) {
    assertThrows(ProtocolException.class, () -> CheckpointHeader.parse(line));
  }

  @Test
  void shouldReadWhereAReplicaIs() {
    ResumeRequest request = new ResumeRequest("77-0badcafe", 2, 9);
    assertEquals("77-0badcafe:2:9", request.word());
    assertEquals(request, ResumeRequest.parse(request.word()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "id", "id:1", ":1:2", "id:x:2", "id:1:x", "id:-1:0", "id:1:-1"})
  void shouldRefuseAPlaceThatIsMalformed(String word) {
    assertThrows(CommandException.class, () -> ResumeRequest.parse(word));
  }
}
