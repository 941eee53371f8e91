package org.chronolith.server.config;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;

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
              "When the log is forced to disk: so that power loss takes a second at most, before each"
                  + " reply, or when the system likes.");

  public static final Directive<List<SaveRule>> SAVE =
      new Directive<>(
              "save",
              new ManyWordTypes.Save(),
              List.of(new SaveRule(3600, 1), new SaveRule(300, 100), new SaveRule(60, 10000)))
          .doc("Snapshot after so many seconds if there were at least so many changes.");

  public static final Directive<Boolean> BGSAVE_RDB =
      new Directive<>("bgsave-rdb", ValueTypes.yesNo(), false)
          .ours()
          .doc(
              "Whether `BGSAVE` and `SAVE` also write an RDB for redis-server of the snapshot that"
                  + " they make, into `dir` and under the name `dbfilename`.");

  public static final Directive<String> DBFILENAME =
      new Directive<>("dbfilename", ValueTypes.text(), "dump.rdb")
          .immutable()
          .refuseIf(PersistenceDirectives::refusedFileName)
          .doc("Name of the RDB that `bgsave-rdb` asks for; a start does not load it.");

  public static final Directive<Long> SNAPSHOT_TRIGGER_LOG_BYTES =
      new Directive<>(
              "snapshot-trigger-log-bytes", ValueTypes.memory(0, Long.MAX_VALUE), 1024 * MIB)
          .ours()
          .doc(
              "Snapshot when the log grew by so much since the last one, whatever `save` says; at"
                  + " most an eighth of the volume is waited for. 0 for never.");

  public static final Directive<Integer> SNAPSHOT_OLDER_CHECKPOINTS =
      new Directive<>("snapshot-older-checkpoints", ValueTypes.integer(0, 64), 2)
          .ours()
          .doc(
              "Complete checkpoints kept at most besides the newest one, while the log reaches back"
                  + " to them and the volume has space: an old master whose newest snapshot already"
                  + " holds writes that nobody else has goes back to one of them.");

  public static final Directive<Long> LOG_SEGMENT_BYTES =
      new Directive<>("log-segment-bytes", ValueTypes.memory(0, 64L << 30), 0L)
          .immutable()
          .ours()
          .refuseIf(atLeastOrZero(MIB))
          .doc(
              "Size at which the log starts a new file, at least 1048576 (1 MiB); 0 for a hundredth"
                  + " of the volume, from 4 MiB to 64 MiB.");

  public static final Directive<Long> LOG_HEADROOM_BYTES =
      new Directive<>("log-headroom-bytes", ValueTypes.memory(0, 16L << 30), 0L)
          .immutable()
          .ours()
          .refuseIf(atLeastOrZero(4 * MIB))
          .doc(
              "Disk space that is reserved ahead of the log, at least 4194304 (4 MiB); while it"
                  + " cannot be had, writes are refused once three quarters of what was reserved are"
                  + " used. The last quarter is for pings and expired keys. 0 for a hundredth of the"
                  + " volume, from 4 MiB to 8 MiB.");

  public static final Directive<Long> LOG_MIN_FREE_BYTES =
      new Directive<>("log-min-free-bytes", ValueTypes.memory(0, Long.MAX_VALUE), 0L)
          .immutable()
          .ours()
          .doc(
              "Free space on the volume below which a snapshot is made early, and the log kept for"
                  + " replicas shrinks down to `repl-backlog-size`, but never by what a start or a"
                  + " replica still needs. The log itself takes none of it, or of 256 MiB if that is"
                  + " less: writes are refused before. 0 for a twentieth of the volume, at most 4"
                  + " GiB.");

  public static final Directive<Long> LOG_SCRUB_BYTES_PER_SECOND =
      new Directive<>("log-scrub-bytes-per-second", ValueTypes.memory(0, Long.MAX_VALUE), 16 * MIB)
          .ours()
          .doc(
              "How fast parts of the log that a start has not verified are verified afterwards; 0"
                  + " for not at all. `DEBUG SCRUB` verifies everything once more.");

  private PersistenceDirectives() {}

  /** Nothing else in the data directory ends like this. */
  private static String refusedFileName(String name) {
    if (name.indexOf('/') >= 0) {
      return "dbfilename can't be a path, just a filename";
    }
    return name.endsWith(".rdb") && name.length() > ".rdb".length()
        ? null
        : "it must end in '.rdb', since 'dir' holds other files";
  }

  private static Function<Long, String> atLeastOrZero(long least) {
    return value -> value == 0 || value >= least ? null : "0, or at least " + least;
  }

  static List<Directive<?>> all() {
    return List.of(
        DIR,
        APPENDONLY,
        APPENDFSYNC,
        SAVE,
        BGSAVE_RDB,
        DBFILENAME,
        SNAPSHOT_TRIGGER_LOG_BYTES,
        SNAPSHOT_OLDER_CHECKPOINTS,
        LOG_SEGMENT_BYTES,
        LOG_SCRUB_BYTES_PER_SECOND,
        LOG_HEADROOM_BYTES,
        LOG_MIN_FREE_BYTES);
  }
}
