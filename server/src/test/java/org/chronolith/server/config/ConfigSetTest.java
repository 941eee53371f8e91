package org.chronolith.server.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ConfigSetTest {

  private ServerConfig config;

  @BeforeEach
  void conclude() throws ConfigException {
    config = ConfigLoader.of();
  }

  private Optional<String> set(String... pairs) {
    return new ConfigSet(config).set(List.of(pairs));
  }

  @Test
  void shouldSetSeveralAndTellListeners() {
    List<Object> told = new ArrayList<>();
    config.onChange(NetworkDirectives.TIMEOUT, told::add);
    config.onChange(MemoryDirectives.MAXMEMORY, told::add);
    assertEquals(Optional.empty(), set("timeout", "5", "MAXMEMORY", "1mb", "slave-priority", "7"));
    assertEquals(List.of(5, 1L << 20), told);
    assertEquals(5, config.timeoutSeconds());
    assertEquals(7, config.replicaPriority());
    assertEquals(
        Map.of("replica-priority", "7", "slave-priority", "7"),
        config.matching(List.of("*-priority")));
  }

  @Test
  void shouldSetNoneWhenOneIsWrong() {
    String[][] cases = {
      {"foo", "1", "ERR Unknown option or number of arguments for CONFIG SET - 'foo'"},
      {"databases", "3", failed("databases", "can't set immutable config")},
      {"slaveof", "a 1", failed("slaveof", "can't set immutable config")},
      {"timeout", "9", failed("timeout", "duplicate parameter")},
      {
        "appendfsync",
        "bad",
        failed("appendfsync", "argument(s) must be one of the following: everysec, always, no")
      },
    };
    for (String[] row : cases) {
      assertEquals(Optional.of(row[2]), set("timeout", "5", row[0], row[1]));
      assertEquals(0, config.timeoutSeconds());
    }
  }

  private static String failed(String name, String reason) {
    return "ERR CONFIG SET failed (possibly related to argument '" + name + "') - " + reason;
  }

  @Test
  void shouldTakeEverythingBackWhenAListenerRefuses() {
    List<Integer> timeouts = new ArrayList<>();
    config.onChange(NetworkDirectives.TIMEOUT, timeouts::add);
    config.onChange(
        GeneralDirectives.HZ,
        hz -> {
          if (hz == 77) {
            throw new BadValueException("not today");
          }
        });
    assertEquals(Optional.of(failed("hz", "not today")), set("timeout", "5", "hz", "77"));
    assertEquals(0, config.timeoutSeconds());
    assertEquals(10, config.hz());
    assertEquals(List.of(5, 0), timeouts);
  }

  @Test
  void shouldReplaceSaveRulesAndMergeBufferLimits() {
    assertEquals(Optional.empty(), set("save", "5 6", "client-output-buffer-limit", "slave 1 2 3"));
    assertEquals(List.of(new SaveRule(5, 6)), config.saveRules());
    assertEquals(
        "normal 0 0 0 slave 1 2 3 pubsub 33554432 8388608 60",
        config.format(NetworkDirectives.CLIENT_OUTPUT_BUFFER_LIMIT));
    assertEquals(Optional.empty(), set("save", ""));
    assertEquals(List.of(), config.saveRules());
  }

  @Test
  void shouldGiveNamesWithoutWildcardsAsTheyWereAsked() {
    assertEquals(Map.of("PORT", "6379"), config.matching(List.of("PORT", "nothing")));
    assertEquals(
        Directives.byNameAndAlias().keySet(), config.matching(List.of("*", "port")).keySet());
  }

  @Test
  void shouldChangeWithoutTellingWhenACommandAssigns() {
    config.onChange(
        ReplicationDirectives.REPLICAOF,
        value -> {
          throw new BadValueException("must not be told");
        });
    config.assign(ReplicationDirectives.REPLICAOF, Optional.of(new HostPort("h", 1)));
    assertEquals(Map.of("slaveof", "h 1"), config.matching(List.of("slaveof")));
    assertThrows(UnsupportedOperationException.class, () -> config.warnings().add(""));
  }
}
