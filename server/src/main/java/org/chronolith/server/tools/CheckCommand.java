package org.chronolith.server.tools;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.chronolith.server.recovery.StoredDirectory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code chronolith check DIR}. */
@Command(
    name = "check",
    description =
        "Verifies snapshots and log from end to end, and says what a start would do. Changes"
            + " nothing; may run beside the server.",
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {"0:all is sound", "1:damage was found", "2:it cannot be checked"},
    mixinStandardHelpOptions = true)
final class CheckCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "DIR",
      description = "a data directory or a backup; also a generation, a log, or a segment")
  private Path path;

  @Mixin private CommonOptions common;

  @Override
  public Integer call() {
    StoredDirectory directory = StoredDirectory.withDamage(path.toAbsolutePath().normalize());
    CheckReport report = DirectoryCheck.run(directory, common.progress());
    if (common.json()) {
      common.print(report.json());
    } else {
      report.text().forEach(common::line);
    }
    return report.sound() ? 0 : Main.DAMAGE;
  }
}
