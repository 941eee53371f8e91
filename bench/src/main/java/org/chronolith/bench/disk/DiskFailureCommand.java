package org.chronolith.bench.disk;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.chronolith.bench.process.Candidates;
import org.chronolith.bench.process.ServerProcess;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bench disk-failure}: the servers are measured one after the other, never side by side. */
@Command(
    name = "disk-failure",
    description =
        "Prints what clients of redis-server and Chronolith see while the disk becomes full and is"
            + " freed again, and while it is slow, since others write and force on it. And what"
            + " clients of Chronolith see when forcing its log begins to fail, until it is"
            + " restarted, and while no more space can be reserved for it: there the disk of this"
            + " project's server fails at a word of the measurement.",
    showDefaultValues = true,
    mixinStandardHelpOptions = true)
public final class DiskFailureCommand implements Callable<Integer> {

  private static final List<String> DIRECTIVES =
      List.of("--appendonly", "yes", "--appendfsync", "everysec", "--save", "");

  /** What is acknowledged is on disk: so it can be held against the data. */
  private static final List<String> ALWAYS_DIRECTIVES =
      List.of("--appendfsync", "always", "--save", "");

  private static final int TICK_MS = 1;

  /** Each batch waits for the disk. */
  private static final int ALWAYS_TICK_MS = 10;

  /** What is done to the disk. */
  private enum Only {
    full,
    slow,
    failing,
    refusing,
    all
  }

  @Option(
      names = "--only",
      paramLabel = "KIND",
      defaultValue = "all",
      description =
          "${COMPLETION-CANDIDATES}; full mounts a tmpfs, which takes root; failing and refusing"
              + " have no reference")
  private Only only;

  @Option(
      names = "--volume",
      paramLabel = "MIB",
      defaultValue = "128",
      description = "size of the volume that becomes full")
  private int volumeMib;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "10000",
      description = "SETs a second; GETs are 1000 a second")
  private int setsPerSecond;

  @Option(
      names = "--value-bytes",
      paramLabel = "N",
      defaultValue = "1000",
      description = "size of a value")
  private int valueBytes;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "6",
      description = "how long before, during and after")
  private double seconds;

  @Option(names = "--plot", paramLabel = "FILE", description = "draw the figures there, as PNG")
  private Path plot;

  @Mixin private Candidates candidates;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    if (setsPerSecond <= 0 || valueBytes <= 0 || seconds <= 0 || volumeMib <= 0) {
      throw new ParameterException(spec.commandLine(), "counts and sizes must be positive");
    }
    Map<String, String> facts = candidates.facts();
    PrintWriter out = candidates.out(spec);
    facts.forEach((name, value) -> out.println(name + ": " + value));
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("value bytes", Integer.toString(valueBytes));
    settings.put("SET/s", Integer.toString(setsPerSecond));
    settings.put("volume that becomes full, MiB", Integer.toString(volumeMib));
    settings.forEach((name, value) -> out.println(name + ": " + value));
    List<DiskRun> runs = new ArrayList<>();
    if (isWanted(Only.full)) {
      out.println("full");
      runs.add(full(true));
      runs.add(full(false));
    }
    if (isWanted(Only.slow)) {
      out.println("slow");
      runs.add(slow(candidates.startReference(DIRECTIVES)));
      runs.add(slow(candidates.startSubject(DIRECTIVES)));
    }
    if (isWanted(Only.failing)) {
      out.println("failing");
      runs.add(failing());
    }
    if (isWanted(Only.refusing)) {
      out.println("refusing");
      runs.add(refusing());
    }
    out.println();
    out.println(DiskReport.table(runs));
    candidates.writeJson(DiskReport.json(facts, settings, runs));
    if (plot != null) {
      DiskPlot.write(plot, runs);
    }
    return runs.stream().allMatch(DiskRun::isSound) ? 0 : 1;
  }

  private boolean isWanted(Only kind) {
    return only == kind || only == Only.all;
  }

  private DiskRun full(boolean reference) {
    try (FullVolume volume = FullVolume.mount(volumeMib);
        ServerProcess server =
            reference
                ? candidates.startReference(volume.directory(), DIRECTIVES)
                : candidates.startSubject(volume.directory(), DIRECTIVES)) {
      return measure(Only.full, server, volume);
    }
  }

  private DiskRun slow(ServerProcess started) {
    try (ServerProcess server = started;
        DiskHog hog = new DiskHog(server.directory())) {
      return measure(Only.slow, server, hog);
    }
  }

  private DiskRun failing() {
    try (ServerProcess server = candidates.startSubject(FaultyServer.command(), ALWAYS_DIRECTIVES);
        Disturbance faults = Faults.ofForces(server)) {
      Keys.Once keys = new Keys.Once();
      DiskRun run =
          DiskRun.measure(Only.failing.name(), server, faults, sets(ALWAYS_TICK_MS), keys, seconds);
      // Once more: what was acknowledged since the first restart is looked for, too.
      server.restart(true);
      return run.with(Acknowledged.check(server, keys, valueBytes));
    }
  }

  private DiskRun refusing() {
    try (ServerProcess server = candidates.startSubject(FaultyServer.command(), DIRECTIVES);
        Disturbance faults = Faults.ofReservations(server)) {
      return measure(Only.refusing, server, faults);
    }
  }

  private DiskRun measure(Only kind, ServerProcess server, Disturbance disturbance) {
    return DiskRun.measure(
        kind.name(), server, disturbance, sets(TICK_MS), Keys.random(Timeline.KEYS), seconds);
  }

  private Timeline.Sets sets(int tickMs) {
    return new Timeline.Sets(setsPerSecond, valueBytes, tickMs);
  }
}
