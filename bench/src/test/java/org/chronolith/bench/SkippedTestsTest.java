package org.chronolith.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SkippedTestsTest {

  @TempDir Path root;

  @Test
  void shouldNameSkippedTestsOfAllModulesWithTheirReasons() throws IOException {
    report(
        "server/target/failsafe-reports",
        "<testcase name=\"\" classname=\"a.TutorialIT\">"
            + "<skipped message=\"no redis-cli\"/></testcase>");
    report(
        "bench/target/surefire-reports",
        "<testcase name=\"runs\" classname=\"a.FineTest\"/>"
            + "<testcase name=\"waits\" classname=\"a.OddTest\"><skipped/></testcase>");
    assertEquals(
        List.of("OddTest.waits: no reason was given", "TutorialIT: no redis-cli"),
        SkippedTests.find(root));
  }

  @Test
  void shouldRefuseADamagedReport() throws IOException {
    report("server/target/failsafe-reports", "<testcase");
    assertThrows(IOException.class, () -> SkippedTests.find(root));
  }

  @Test
  void shouldSaySoWhenNothingWasSkipped() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    SkippedTests.print(SkippedTests.find(root), new PrintStream(out, true, StandardCharsets.UTF_8));
    assertEquals("No test was skipped.", out.toString(StandardCharsets.UTF_8).trim());
  }

  private void report(String directory, String tests) throws IOException {
    Path reports = Files.createDirectories(root.resolve(directory));
    Files.writeString(
        reports.resolve("TEST-a.xml"), "<testsuite name=\"a\">" + tests + "</testsuite>");
  }
}
