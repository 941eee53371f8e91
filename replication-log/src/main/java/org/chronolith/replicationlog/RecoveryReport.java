package org.chronolith.replicationlog;

import java.util.List;

/**
 * What opening an existing log found.
 *
 * @param startOffset first byte that the log holds
 * @param endOffset end of the longest valid prefix that ends at a commit
 * @param forcedOffset everything below it was known to be on disk before this start; 0 if nothing
 *     was known
 * @param clean the last record is the marker of a clean close
 * @param segments segments that are kept
 * @param scannedBytes file bytes that were verified; older ones are verified when they are read,
 *     and by {@link LogScrub}
 * @param cutBytes file bytes behind the valid prefix that will never become data
 * @param findings one line for each thing that was cut or passed over, as a crash may leave it
 * @param damage one line for each thing that no crash explains: the log's window is shorter for it,
 *     but nothing is missing behind the offset that was asked for
 */
public record RecoveryReport(
    long startOffset,
    long endOffset,
    long forcedOffset,
    boolean clean,
    int segments,
    long scannedBytes,
    long cutBytes,
    List<String> findings,
    List<String> damage) {
  public RecoveryReport {
    findings = List.copyOf(findings);
    damage = List.copyOf(damage);
  }
}
