package org.chronolith.server.recovery;

import java.util.Locale;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.chronolith.replicationlog.LogException;
import org.chronolith.replicationlog.ReplicationLog;
import org.chronolith.replicationlog.ScrubStatus;
import org.chronolith.server.write.WritePath;

/**
 * The fields of {@code INFO persistence}, under Redis's names. The log stands for the append-only
 * file: it is always on, and it is never rewritten, since snapshots let go of its beginning. What
 * has no counterpart here (copy-on-write, child processes) is what Redis shows when it has none.
 *
 * <p>Thread: engine.
 */
public final class PersistenceInfo {
  private final SnapshotDuty snapshots;
  private final RdbFile rdbFile;
  private final LoadProgress progress;
  private final BooleanSupplier loading;
  private final WritePath writePath;
  private final BooleanSupplier spaceRefused;
  private final Supplier<String> refusal;

  /**
   * @param loading whether clients are told {@code LOADING}; that is longer than the files are read
   * @param writePath to the live log; it has none while there is none
   * @param spaceRefused whether the volume has no more space for the log at present
   * @param refusal why the log gets no more space, be it that or not, or null
   */
  public PersistenceInfo(
      SnapshotDuty snapshots,
      RdbFile rdbFile,
      LoadProgress progress,
      BooleanSupplier loading,
      WritePath writePath,
      BooleanSupplier spaceRefused,
      Supplier<String> refusal) {
    this.snapshots = snapshots;
    this.rdbFile = rdbFile;
    this.progress = progress;
    this.loading = loading;
    this.writePath = writePath;
    this.spaceRefused = spaceRefused;
    this.refusal = refusal;
  }

  /** Gives every field with its value, in Redis's order. */
  public void fields(long nowMs, BiConsumer<String, Object> field) {
    SnapshotStatistics statistics = snapshots.statistics();
    field.accept("loading", flag(loading.getAsBoolean()));
    field.accept("async_loading", 0);
    field.accept("current_cow_peak", 0);
    field.accept("current_cow_size", 0);
    field.accept("current_cow_size_age", 0);
    field.accept("current_fork_perc", "0.00");
    field.accept("current_save_keys_processed", snapshots.currentItems());
    field.accept("current_save_keys_total", snapshots.currentKeys());
    field.accept("rdb_changes_since_last_save", snapshots.changesSinceLastSave());
    field.accept("rdb_bgsave_in_progress", flag(snapshots.inProgress() || rdbFile.isRunning()));
    field.accept("rdb_last_save_time", rdbFile.lastSaveMs(snapshots) / 1000);
    field.accept("rdb_last_bgsave_status", statistics.lastOk() && rdbFile.lastOk() ? "ok" : "err");
    field.accept("rdb_last_bgsave_time_sec", seconds(statistics.lastDurationMs()));
    field.accept("rdb_current_bgsave_time_sec", seconds(statistics.currentDurationMs(nowMs)));
    field.accept("rdb_saves", statistics.saves());
    field.accept("rdb_last_cow_size", 0);
    field.accept("rdb_last_load_keys_expired", 0);
    field.accept("rdb_last_load_keys_loaded", progress.keys());
    logFields(field);
    if (loading.getAsBoolean()) {
      loadingFields(nowMs, field);
    }
  }

  private void logFields(BiConsumer<String, Object> field) {
    ReplicationLog live = writePath.log();
    String refused = refusal.get();
    boolean sound = live == null || live.failure() == null;
    field.accept("aof_enabled", 1);
    field.accept("aof_rewrite_in_progress", 0);
    field.accept("aof_rewrite_scheduled", 0);
    field.accept("aof_last_rewrite_time_sec", -1);
    field.accept("aof_current_rewrite_time_sec", -1);
    field.accept("aof_last_bgrewrite_status", "ok");
    field.accept("aof_rewrites", 0);
    field.accept("aof_rewrites_consecutive_failures", 0);
    field.accept("aof_last_write_status", sound && refused == null ? "ok" : "err");
    field.accept("aof_last_cow_size", 0);
    field.accept("module_fork_in_progress", 0);
    field.accept("module_fork_last_cow_size", 0);
    if (live == null) {
      return;
    }
    field.accept("chronolith_log_failed", flag(!sound));
    if (!sound) {
      field.accept("chronolith_log_failure", LogException.reasonOf(live.failure()));
    }
    field.accept("aof_current_size", live.sizeBytes());
    field.accept("aof_base_size", 0);
    field.accept("aof_pending_rewrite", 0);
    field.accept("aof_buffer_length", 0);
    field.accept("aof_pending_bio_fsync", flag(live.durableOffset() < live.endOffset()));
    field.accept("aof_delayed_fsync", writePath.delayedSyncs());
    field.accept("chronolith_log_unsynced_ms", writePath.unsyncedMs());
    ScrubStatus scrub = live.scrubStatus();
    field.accept("chronolith_scrub_in_progress", flag(scrub.running()));
    field.accept("chronolith_scrub_verified_bytes", scrub.verifiedBytes());
    field.accept("chronolith_scrub_last_time", scrub.endedMs() / 1000);
    field.accept("chronolith_scrub_damaged_segments", scrub.damaged());
    if (scrub.damaged() > 0) {
      field.accept("chronolith_scrub_last_damage", scrub.lastDamage());
    }
    field.accept("chronolith_log_start_offset", live.startOffset());
    field.accept("chronolith_log_end_offset", live.endOffset());
    field.accept("chronolith_log_durable_offset", live.durableOffset());
    field.accept("chronolith_log_space_refused", flag(spaceRefused.getAsBoolean()));
    if (refused != null) {
      field.accept("chronolith_log_refusal", refused);
    }
    field.accept("chronolith_volume_free_bytes", live.usableBytes());
    field.accept("chronolith_snapshot_offset", snapshots.lastOffset());
    field.accept("chronolith_snapshot_damaged", snapshots.statistics().damaged());
    if (snapshots.statistics().damaged() > 0) {
      field.accept("chronolith_snapshot_last_damage", snapshots.statistics().lastDamage());
    }
  }

  private void loadingFields(long nowMs, BiConsumer<String, Object> field) {
    long loaded = progress.loadedBytes();
    long total = progress.totalBytes();
    long elapsedMs = Math.max(1, nowMs - progress.startedMs());
    field.accept("loading_start_time", progress.startedMs() / 1000);
    field.accept("loading_total_bytes", total);
    field.accept("loading_rdb_used_mem", 0);
    field.accept("loading_loaded_bytes", loaded);
    field.accept(
        "loading_loaded_perc",
        String.format(Locale.ROOT, "%.2f", total == 0 ? 100.0 : 100.0 * loaded / total));
    field.accept(
        "loading_eta_seconds", loaded == 0 ? 1 : (total - loaded) * elapsedMs / loaded / 1000);
  }

  private static int flag(boolean value) {
    return value ? 1 : 0;
  }

  /** Whole seconds; -1 stays. */
  private static long seconds(long ms) {
    return ms < 0 ? -1 : ms / 1000;
  }
}
