package org.chronolith.replicationlog;

import java.util.List;

/**
 * What opening an existing log found.
 *
 * @param startOffset first byte that the log holds
 * @param endOffset end of the longest valid prefix that ends at a commit
 * @param clean the last record is the marker of a clean close
 * @param segments segments that are kept
 * @param scannedBytes file bytes that were verified (those below the last known durable offset are
 *     verified when they are read)
 * @param cutBytes file bytes behind the valid prefix that will never become data
 * @param findings one line for each thing that was cut, with file, position and offset
 */
public record RecoveryReport(
    long startOffset,
    long endOffset,
    boolean clean,
    int segments,
    long scannedBytes,
    long cutBytes,
    List<String> findings) {
  public RecoveryReport {
    findings = List.copyOf(findings);
  }
}
