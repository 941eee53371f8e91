package org.chronolith.server.info;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class InfoTest {

  @Test
  void shouldChooseSectionsAsRedisDoes() {
    Info info = new Info();
    assertEquals("# Cluster\r\ncluster_enabled:0\r\n", info.render(List.of("CLUSTER")));
    assertEquals(
        "# Modules\r\n\r\n# Cluster\r\ncluster_enabled:0\r\n",
        info.render(List.of("cluster", "nothing", "modules")));
    assertEquals("", info.render(List.of("nothing")));
    String standard =
        "Server Clients Memory Persistence Stats Replication CPU Modules Errorstats Cluster"
            + " Keyspace";
    assertEquals(standard, titles(info));
    assertEquals(standard, titles(info, "default"));
    String all =
        "Server Clients Memory Persistence Stats Replication CPU Modules Commandstats Errorstats"
            + " Latencystats Cluster Keyspace";
    assertEquals(all, titles(info, "all"));
    assertEquals(all, titles(info, "EVERYTHING", "server"));
    assertEquals(all.replace("Latencystats ", ""), titles(info, "commandstats", "default"));
  }

  private static String titles(Info info, String... words) {
    return String.join(
        " ",
        info.render(List.of(words))
            .lines()
            .filter(line -> line.startsWith("# "))
            .map(line -> line.substring(2))
            .toList());
  }

  @Test
  void shouldPrintWhatPartsRegisterInTheDeclaredOrder() {
    Info info = new Info();
    info.number("total_net_output_bytes", () -> 2)
        .number("total_net_input_bytes", () -> 1)
        .decimal("instantaneous_input_kbps", 2, () -> 1.25)
        .lines(InfoSection.STATS, out -> out.value("x", "y"));
    String stats = info.render(List.of("stats"));
    assertEquals(
        List.of(
            "total_net_input_bytes:1",
            "total_net_output_bytes:2",
            "instantaneous_input_kbps:1.25",
            "evicted_keys:0",
            "x:y"),
        stats.lines().filter(line -> line.matches("(total_net|instant|evicted_k|x).*")).toList());
    assertEquals(
        Map.of(
            "total_net_input_bytes",
            1.0,
            "total_net_output_bytes",
            2.0,
            "instantaneous_input_kbps",
            1.25),
        info.numbers(List.of(InfoSection.STATS)));
  }

  @Test
  void shouldRefuseUnknownAndDoubleFields() {
    Info info = new Info().number("hz", () -> 1);
    assertThrows(IllegalArgumentException.class, () -> info.number("hz", () -> 2));
    assertThrows(IllegalArgumentException.class, () -> info.number("herz", () -> 2));
  }

  @Test
  void shouldPrintBytesForPeople() {
    Object[][] cases = {
      {0L, "0B"}, {1023L, "1023B"}, {965640L, "943.01K"}, {25276502016L, "23.54G"},
      {1L << 20, "1.00M"}, {1L << 40, "1.00T"}, {1L << 50, "1.00P"}, {1L << 60, "1024.00P"}
    };
    for (Object[] row : cases) {
      assertEquals(row[1], InfoText.human((long) row[0]));
    }
  }
}
