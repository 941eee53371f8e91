package org.chronolith.server.config;

import java.nio.file.Path;
import java.util.List;

/** Directives about the log and the snapshots on disk. */
public final class PersistenceDirectives {

  private static final long MIB = 1L << 20;

  public static final Directive<Path> DIR =
      new Directive<>("dir", ValueTypes.directory(), Path.of("data").toAbsolutePath().normalize())
          .immutable()
          .doc("The data directory; made if it is missing. The default is `./data`.");

  public static final Directive<Boolean> APPENDONLY =
      new Directive<>("appendonly", ValueTypes.yesNo(), true)
          .immutable()
          .warnIf(
              yes ->
                  yes
                      ? null
                      : "the log is always written, since replicas are fed from it;"
                          + " 'appendfsync no' leaves its flushing to the system")
          .doc("The log is always written: `no` is accepted and changes nothing.");

  public static final Directive<AppendFsync> APPENDFSYNC =
      new Directive<>("appendfsync", ValueTypes.oneOf(AppendFsync.class), AppendFsync.EVERYSEC)
          .doc(
              "When the log is forced to disk: once a second, before each reply, or when the system"
                  + " likes.");

  public static final Directive<List<SaveRule>> SAVE =
      new Directive<>(
              "save",
              new ManyWordTypes.Save(),
              List.of(new SaveRule(3600, 1), new SaveRule(300, 100), new SaveRule(60, 10000)))
          .doc("Snapshot after so many seconds if there were at least so many changes.");

  public static final Directive<Long> SNAPSHOT_TRIGGER_LOG_BYTES =
      new Directive<>(
              "snapshot-trigger-log-bytes", ValueTypes.memory(0, Long.MAX_VALUE), 1024 * MIB)
          .ours()
          .doc("Snapshot when the log grew by so much since the last one; 0 for never.");

  public static final Directive<Long> LOG_SEGMENT_BYTES =
      new Directive<>("log-segment-bytes", ValueTypes.memory(MIB, 64L << 30), 64 * MIB)
          .immutable()
          .ours()
          .doc("Size at which the log starts a new file.");

  public static final Directive<Long> LOG_SCRUB_BYTES_PER_SECOND =
      new Directive<>("log-scrub-bytes-per-second", ValueTypes.memory(0, Long.MAX_VALUE), 16 * MIB)
          .ours()
          .doc(
              "How fast parts of the log that a start has not verified are verified afterwards; 0"
                  + " for not at all. `DEBUG SCRUB` verifies everything once more.");

  private PersistenceDirectives() {}

  static List<Directive<?>> all() {
    return List.of(
        DIR,
        APPENDONLY,
        APPENDFSYNC,
        SAVE,
        SNAPSHOT_TRIGGER_LOG_BYTES,
        LOG_SEGMENT_BYTES,
        LOG_SCRUB_BYTES_PER_SECOND);
  }
}
