package org.chronolith.replicationlog;

import java.nio.file.Path;
import java.util.Objects;

/**
 * Configuration of a log, concluded once: every bound is checked against the others here.
 *
 * @param dir directory of the segments; created if missing
 * @param segmentBytes a segment that has reached this size is followed by a new one; a group never
 *     spans segments, so one group may exceed it
 * @param blockBytes size of a mapped block: a power of two, 256 KiB to 1 GiB. A file grows by it
 * @param maxRecordBytes largest payload of one record, at most an eighth of the block (Chronicle
 *     refuses a document beyond a quarter of it); what is larger is split into parts of a group
 * @param retentionBytes file bytes to keep; older whole segments may go. 0: no limit by size
 * @param retentionMs age to keep; older whole segments may go. 0: no limit by age
 * @param minFreeBytes free space of the volume below which, or somewhat before that, older whole
 *     segments go before their retention ends; 0 for never. The log itself takes none of it, or of
 *     256 MiB if that is less
 * @param leastBytes file bytes that are kept even then
 * @param headroomBytes space reserved ahead of the appender
 * @param internalReserveBytes the last part of the headroom, which {@link
 *     ReplicationLog#canAppend(long)} does not give to clients
 * @param touchAheadBytes mapped pages that are touched ahead of the appender
 * @param indexEveryBytes one entry of the in-memory index for so many bytes of a segment's file
 * @param spaceRetryMs after a refusal: how long until space is asked for again, unless some was
 *     given back
 */
public record LogConfig(
    Path dir,
    long segmentBytes,
    int blockBytes,
    int maxRecordBytes,
    long retentionBytes,
    long retentionMs,
    long minFreeBytes,
    long leastBytes,
    long headroomBytes,
    long internalReserveBytes,
    long touchAheadBytes,
    int indexEveryBytes,
    long spaceRetryMs) {

  private static final int KIB = 1024;
  private static final int MIB = 1024 * KIB;

  /** No more than this is left free on account of {@link #minFreeBytes}. */
  public static final long MOST_KEEP_FREE_BYTES = 256L * MIB;

  private static final int LAST_RESERVE_BYTES = 256 * KIB;
  private static final long SPACE_RETRY_MS = 250;
  private static final int LOW_HEADROOMS = 4;

  public LogConfig {
    Objects.requireNonNull(dir, "dir");
    check(
        Integer.bitCount(blockBytes) == 1 && blockBytes >= 256 * KIB && blockBytes <= 1024 * MIB,
        "blockBytes must be a power of two from 256 KiB to 1 GiB: " + blockBytes);
    check(
        maxRecordBytes >= KIB && maxRecordBytes <= blockBytes / 8,
        "maxRecordBytes must be from 1 KiB to an eighth of the block: " + maxRecordBytes);
    check(
        segmentBytes >= blockBytes / 4,
        "segmentBytes must be at least a quarter of the block: " + segmentBytes);
    check(retentionBytes >= 0, "retentionBytes must not be negative: " + retentionBytes);
    check(retentionMs >= 0, "retentionMs must not be negative: " + retentionMs);
    check(minFreeBytes >= 0, "minFreeBytes must not be negative: " + minFreeBytes);
    check(leastBytes >= 0, "leastBytes must not be negative: " + leastBytes);
    check(
        internalReserveBytes >= 64 * KIB,
        "internalReserveBytes must be at least 64 KiB: " + internalReserveBytes);
    check(
        headroomBytes >= internalReserveBytes + 2L * maxRecordBytes,
        "headroomBytes must hold the internal reserve and two records: " + headroomBytes);
    check(
        touchAheadBytes >= 0 && touchAheadBytes <= headroomBytes,
        "touchAheadBytes must be at most headroomBytes: " + touchAheadBytes);
    check(indexEveryBytes >= 4 * KIB, "indexEveryBytes must be at least 4 KiB");
    check(spaceRetryMs > 0, "spaceRetryMs must be positive: " + spaceRetryMs);
  }

  /**
   * Defaults: 64 MiB segments, 4 MiB blocks, 512 KiB records, 1 GiB kept whatever the volume has, 8
   * MiB reserved ahead, and after a refusal space is asked for four times a second.
   */
  public static LogConfig of(Path dir) {
    return new LogConfig(
        dir,
        64L * MIB,
        4 * MIB,
        512 * KIB,
        1024L * MIB,
        0,
        0,
        0,
        8L * MIB,
        MIB,
        2L * MIB,
        64 * KIB,
        SPACE_RETRY_MS);
  }

  public LogConfig withSegmentBytes(long bytes) {
    return new LogConfig(
        dir,
        bytes,
        blockBytes,
        maxRecordBytes,
        retentionBytes,
        retentionMs,
        minFreeBytes,
        leastBytes,
        headroomBytes,
        internalReserveBytes,
        touchAheadBytes,
        indexEveryBytes,
        spaceRetryMs);
  }

  public LogConfig withRetention(long bytes, long ageMs) {
    return new LogConfig(
        dir,
        segmentBytes,
        blockBytes,
        maxRecordBytes,
        bytes,
        ageMs,
        minFreeBytes,
        leastBytes,
        headroomBytes,
        internalReserveBytes,
        touchAheadBytes,
        indexEveryBytes,
        spaceRetryMs);
  }

  public LogConfig withMinFree(long bytes, long keptEvenThen) {
    return new LogConfig(
        dir,
        segmentBytes,
        blockBytes,
        maxRecordBytes,
        retentionBytes,
        retentionMs,
        bytes,
        keptEvenThen,
        headroomBytes,
        internalReserveBytes,
        touchAheadBytes,
        indexEveryBytes,
        spaceRetryMs);
  }

  /**
   * What the log leaves free on its volume in any case. A log that has eaten up its volume can only
   * shrink after a snapshot, and that takes space itself.
   */
  long keepFreeBytes() {
    return Math.min(minFreeBytes, MOST_KEEP_FREE_BYTES);
  }

  /**
   * Free space of the volume below which older whole segments go: {@link #minFreeBytes}, or where
   * that is nothing more than what the log leaves free, some headrooms above, so that it shrinks
   * before it has to refuse. 0 for never.
   */
  public long lowFreeBytes() {
    return minFreeBytes == 0
        ? 0
        : Math.max(minFreeBytes, keepFreeBytes() + LOW_HEADROOMS * headroomBytes);
  }

  /**
   * The end of the internal reserve, for records about the log itself: the marker of a clean close,
   * an identity. What is not used of it, the next start finds free and begins its segment in.
   */
  long lastReserveBytes() {
    return Math.min(LAST_RESERVE_BYTES, internalReserveBytes / 2);
  }

  public LogConfig withBlocks(int newBlockBytes, int newMaxRecordBytes) {
    return new LogConfig(
        dir,
        segmentBytes,
        newBlockBytes,
        newMaxRecordBytes,
        retentionBytes,
        retentionMs,
        minFreeBytes,
        leastBytes,
        headroomBytes,
        internalReserveBytes,
        touchAheadBytes,
        indexEveryBytes,
        spaceRetryMs);
  }

  public LogConfig withHeadroom(long bytes, long reserveBytes, long touchBytes) {
    return new LogConfig(
        dir,
        segmentBytes,
        blockBytes,
        maxRecordBytes,
        retentionBytes,
        retentionMs,
        minFreeBytes,
        leastBytes,
        bytes,
        reserveBytes,
        touchBytes,
        indexEveryBytes,
        spaceRetryMs);
  }

  public LogConfig withSpaceRetry(long everyMs) {
    return new LogConfig(
        dir,
        segmentBytes,
        blockBytes,
        maxRecordBytes,
        retentionBytes,
        retentionMs,
        minFreeBytes,
        leastBytes,
        headroomBytes,
        internalReserveBytes,
        touchAheadBytes,
        indexEveryBytes,
        everyMs);
  }

  private static void check(boolean holds, String message) {
    if (!holds) {
      throw new LogException(LogException.Kind.MISUSE, message);
    }
  }
}
