package org.chronolith.server.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class DirectivesTest {

  /** Where a default differs from Redis's on purpose. */
  private static final Map<String, String> OWN_DEFAULTS =
      Map.of(
          "appendonly", "yes",
          "bind", "127.0.0.1",
          "dir", Path.of("data").toAbsolutePath().toString());

  @Test
  void shouldKnowEveryDirectiveOfRedisWithItsDefault() throws IOException {
    Map<String, String> expected = redisDefaults();
    expected.putAll(OWN_DEFAULTS);
    expected.put("port", "6379");
    Map<String, String> ours = new TreeMap<>();
    Directives.byNameAndAlias()
        .forEach(
            (name, directive) -> {
              if (!directive.isOurs()) {
                ours.put(name, defaultText(directive));
              }
            });
    assertEquals(expected, ours);
  }

  private static Map<String, String> redisDefaults() throws IOException {
    Map<String, String> defaults = new TreeMap<>();
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(
                DirectivesTest.class.getResourceAsStream("redis-7.0.15-config-get.tsv"),
                StandardCharsets.UTF_8))) {
      in.lines()
          .map(line -> line.split("\t", -1))
          .forEach(cells -> defaults.put(cells[0], cells[1]));
    }
    return defaults;
  }

  private static <T> String defaultText(Directive<T> directive) {
    return directive.type().format(directive.defaultValue());
  }

  @Test
  void shouldExplainEveryDirective() {
    for (Directive<?> directive : Directives.all()) {
      assertFalse(directive.doc().isBlank(), directive.name());
      assertEquals(directive.name(), Directives.find(directive.name()).orElseThrow().name());
      for (String alias : directive.aliases()) {
        assertEquals(directive, Directives.find(alias.toUpperCase()).orElseThrow());
      }
    }
  }

  @Test
  void shouldReadBackEveryDefaultAsItIsWrittenToAFile() throws BadValueException {
    for (Directive<?> directive : Directives.all()) {
      assertReadsBackDefault(directive);
    }
  }

  private static <T> void assertReadsBackDefault(Directive<T> directive) throws BadValueException {
    T value = directive.defaultValue();
    boolean append = false;
    for (String line : directive.type().fileLines(directive.defaultValue())) {
      List<String> words = Words.split(line);
      value = directive.parse(value, append, words);
      append = true;
    }
    assertEquals(directive.defaultValue(), value, directive.name());
  }

  @Test
  void shouldTakeMemoryUnitsAsRedisDoes() throws BadValueException {
    Object[][] cases = {
      {"0", 0L},
      {"7b", 7L},
      {"1k", 1000L},
      {"1kb", 1024L},
      {"2M", 2_000_000L},
      {"2mb", 2L << 20},
      {"3g", 3_000_000_000L},
      {"3GB", 3L << 30}
    };
    for (Object[] row : cases) {
      assertEquals(row[1], MemorySize.parse((String) row[0]), (String) row[0]);
    }
    for (String bad : List.of("", "b", "-1", "1x", "1 kb", "1.5gb", "99999999999gb", "0x10")) {
      assertThrows(BadValueException.class, () -> MemorySize.parse(bad), bad);
    }
    assertEquals("3gb", MemorySize.formatForFile(3L << 30));
    assertEquals("1536kb", MemorySize.formatForFile(1536L << 10));
    assertEquals("1000", MemorySize.formatForFile(1000));
    assertEquals("0", MemorySize.formatForFile(0));
  }

  @Test
  void shouldRefuseBadValuesWithRedisTexts() {
    String[][] cases = {
      {"port", "abc", "argument couldn't be parsed into an integer"},
      {"port", "99999999", "argument must be between 0 and 65535 inclusive"},
      {"appendonly", "maybe", "argument must be 'yes' or 'no'"},
      {
        "loglevel", "x", "argument(s) must be one of the following: debug, verbose, notice, warning"
      },
      {"maxmemory", "abc", "argument must be a memory value"},
      {"maxmemory-clients", "101%", "percentage argument must be less or equal to 100"},
      {"maxclients", "0", "argument must be between 1 and 4294967295 inclusive"},
      {
        "proto-max-bulk-len",
        "1",
        "argument must be between 1048576 and 9223372036854775807 inclusive"
      },
      {"unixsocketperm", "999", "argument couldn't be parsed as an octal number"},
      {"save", "a b", "Invalid save parameters"},
      {"save", "1", "Invalid save parameters"},
      {"save", "0 1", "Invalid save parameters"},
      {
        "client-output-buffer-limit",
        "normal 1",
        "Wrong number of arguments in buffer limit configuration."
      },
      {
        "client-output-buffer-limit",
        "nobody 1 1 1",
        "Invalid client class specified in buffer limit configuration."
      },
      {
        "client-output-buffer-limit",
        "normal x 1 1",
        "Error in hard, soft or soft_seconds setting in buffer limit configuration."
      },
      {"bind", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", "Too many bind addresses specified."},
      {"replicaof", "a", "wrong number of arguments"},
      {"replicaof", "a b", "Invalid master port"},
      {"replicaof", "a 0", "Invalid master port"},
      {"notify-keyspace-events", "KQ", "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."},
      {
        "shutdown-on-sigterm",
        "nosave bad",
        "argument(s) must be one of the following: default, save, nosave, now, force"
      },
      {
        "latency-tracking-info-percentiles",
        "50 101",
        "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]"
      },
      {
        "maxmemory-policy",
        "allkeys-lru",
        "only noeviction is supported: this version does not evict keys"
      },
      {"tls-port", "6380", "it is not supported: there is no TLS in this version"},
      {"cluster-enabled", "yes", "it is not supported: there is no cluster mode"},
    };
    for (String[] row : cases) {
      Directive<?> directive = Directives.find(row[0]).orElseThrow();
      BadValueException e =
          assertThrows(BadValueException.class, () -> parse(directive, row[1]), row[0]);
      assertEquals(row[2], e.getMessage(), row[0] + " " + row[1]);
    }
  }

  private static <T> T parse(Directive<T> directive, String word) throws BadValueException {
    return directive.parse(
        directive.defaultValue(), false, directive.splitIfOneWord(List.of(word)));
  }

  @Test
  void shouldPrintValuesAsRedisDoes() throws BadValueException {
    String[][] cases = {
      {"save", "3600 1 300 100", "3600 1 300 100"},
      {"save", "", ""},
      {
        "client-output-buffer-limit",
        "slave 1mb 2k 3 pubsub 1gb 0 0",
        "normal 0 0 0 slave 1048576 2000 3 pubsub 1073741824 0 0"
      },
      {"notify-keyspace-events", "KEA", "AKE"},
      {"notify-keyspace-events", "xeK", "xeK"},
      {"hz", "1000", "500"},
      {"shutdown-on-sigterm", "now nosave", "nosave now"},
      {"latency-tracking-info-percentiles", "50.0 99.99", "50 99.99"},
      {"maxmemory-clients", "10%", "10%"},
      {"unixsocketperm", "0770", "770"},
      {"replicaof", "no one", ""},
      {"replicaof", "10.0.0.1 6379", "10.0.0.1 6379"},
      {"loglevel", "WARNING", "warning"},
    };
    for (String[] row : cases) {
      Directive<?> directive = Directives.find(row[0]).orElseThrow();
      assertEquals(row[2], printed(directive, row[1]), row[0] + " " + row[1]);
    }
  }

  private static <T> String printed(Directive<T> directive, String word) throws BadValueException {
    return directive.type().format(parse(directive, word));
  }

  @Test
  void shouldMatchGlobPatternsInAnyCase() {
    String[][] matching = {
      {"*", "port"}, {"PO?T", "port"}, {"*port", "tls-port"}, {"p[n-p]rt", "port"},
      {"p[^a]rt", "port"}, {"\\port", "port"}, {"*a*b*", "xxaxxbxx"}, {"p[o", "po"}
    };
    for (String[] row : matching) {
      assertTrue(new Glob(row[0]).matches(row[1]), row[0]);
    }
    String[][] others = {{"", "p"}, {"por", "port"}, {"p[^o]rt", "port"}, {"*x", "port"}};
    for (String[] row : others) {
      assertFalse(new Glob(row[0]).matches(row[1]), row[0]);
    }
  }
}
