package org.chronolith.bench.disk;

import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;

/**
 * One client's view, in buckets of time. Written by the client's thread, read after its end.
 *
 * <p>A reply counts in the bucket in which it came, an error too: it is an answer.
 */
final class Lane {
  private static final int SIGNIFICANT_DIGITS = 2;

  /** Texts of errors beyond these are counted together. */
  private static final int MOST_ERRORS = 16;

  private static final String OTHER_ERRORS = "other errors";

  final long[] done;
  final long[] refused;
  private final Histogram[] replyNs;
  private final Map<String, Long> errors = new TreeMap<>();
  private long cuts;
  private long unanswered;

  Lane(int buckets) {
    done = new long[buckets];
    refused = new long[buckets];
    replyNs = new Histogram[buckets];
  }

  /**
   * A reply has come.
   *
   * @param error its text, or null if it is none
   * @param tookNs since the request was due
   */
  void reply(int bucket, String error, long tookNs) {
    if (bucket >= done.length) {
      return;
    }
    if (error == null) {
      done[bucket]++;
    } else {
      refused[bucket]++;
      boolean room = errors.containsKey(error) || errors.size() < MOST_ERRORS;
      errors.merge(room ? error : OTHER_ERRORS, 1L, Long::sum);
    }
    if (replyNs[bucket] == null) {
      replyNs[bucket] = new Histogram(SIGNIFICANT_DIGITS);
    }
    replyNs[bucket].recordValue(tookNs);
  }

  /** The connection ended before so many replies had come. */
  void cut(int missing) {
    cuts++;
    unanswered += missing;
  }

  /** How often each error came, by its text. */
  Map<String, Long> errors() {
    return errors;
  }

  long cuts() {
    return cuts;
  }

  long unanswered() {
    return unanswered;
  }

  /** Reply times of the buckets {@code [from, to)} in ns; empty if none came. */
  Histogram replies(int from, int to) {
    Histogram all = new Histogram(SIGNIFICANT_DIGITS);
    for (int i = from; i < to; i++) {
      if (replyNs[i] != null) {
        all.add(replyNs[i]);
      }
    }
    return all;
  }
}
