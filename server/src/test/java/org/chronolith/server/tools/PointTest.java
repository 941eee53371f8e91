package org.chronolith.server.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.LocalDateTime;
import java.time.ZoneId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PointTest {
  private static final long NOW = 1_800_000_000_000L;

  @ParameterizedTest
  @CsvSource({
    "0,OFFSET,0",
    "1234,OFFSET,1234",
    "999999999999,OFFSET,999999999999",
    "offset:1700000000000,OFFSET,1700000000000",
    "ms:5,TIME,5",
    "1700000000000,NUMBER,1700000000000",
    "-10s,TIME,1799999990000",
    "-500ms,TIME,1799999999500",
    "-5m,TIME,1799999700000",
    "-2h,TIME,1799992800000",
    "-1d,TIME,1799913600000",
    "2026-01-31T12:00:00Z,TIME,1769860800000",
    "2026-01-31T12:00:00.250Z,TIME,1769860800250",
    "2026-01-31T13:00:00+01:00,TIME,1769860800000",
    "2026-01-31T12:00:00+0000,TIME,1769860800000",
    "2026-01-31T06:30:00.250-0530,TIME,1769860800250",
    "2026-01-31T13:00+0100,TIME,1769860800000",
    "2026-01-31T13:00:00+01,TIME,1769860800000",
    "2026-01-31 12:00:00Z,TIME,1769860800000",
    "END,END,9223372036854775807"
  })
  void shouldUnderstandOffsetsAndTimes(String text, Point.Kind kind, long value) {
    Point point = Point.parse(text, NOW);
    assertEquals(kind, point.kind());
    assertEquals(value, point.value());
  }

  @Test
  void shouldTakeTheLocalZoneWhereNoneIsGiven() {
    long expected =
        LocalDateTime.of(2026, 1, 31, 12, 0)
            .atZone(ZoneId.systemDefault())
            .toInstant()
            .toEpochMilli();
    assertEquals(expected, Point.parse("2026-01-31T12:00:00", NOW).value());
    assertEquals(expected - 12 * 3_600_000L, Point.parse("2026-01-31", NOW).value());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "x",
        "-10",
        "-10y",
        "+5s",
        "12.5",
        "2026-13-01",
        "offset:-1",
        "ms:",
        "-s",
        "99999999999999999999",
        "2026-01-31T25:00:00Z"
      })
  void shouldSayWhatItTakes(String text) {
    ToolException refused = assertThrows(ToolException.class, () -> Point.parse(text, NOW));
    assertTrue(refused.getMessage().contains("'" + text + "' is no offset"), refused.getMessage());
    assertTrue(refused.getMessage().contains("2026-01-31T12:00:00Z"), refused.getMessage());
  }

  @Test
  void shouldAskWhereANumberMayBeEither() {
    Point number = Point.parse("1700000000000", NOW);
    assertEquals(Point.Kind.TIME, number.resolve(5_000).kind());
    ToolException either =
        assertThrows(ToolException.class, () -> number.resolve(1_800_000_000_000L));
    assertTrue(either.getMessage().contains("offset:1700000000000"), either.getMessage());
  }

  @Test
  void shouldWriteTimesAsItReadsThem() {
    assertEquals("2026-01-31T12:00:00.250Z", Point.time(1769860800250L));
  }
}
