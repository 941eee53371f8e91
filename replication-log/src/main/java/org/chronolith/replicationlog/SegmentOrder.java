package org.chronolith.replicationlog;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds the segments that do not belong where their names put them: copies under another name, and
 * what was renamed. Of two neighbours in the wrong order it is the one that is a copy: the others
 * have all that is in it. Else it is the one without which the others are in order and lead on from
 * one to the next. Where that does not tell, it may be either. For two with the same start offset
 * see {@link SegmentTwins}.
 */
final class SegmentOrder {
  /** By the segment before which each is told. */
  private final Map<LogInspector.SegmentInfo, LogInspector.Damage> damage = new HashMap<>();

  /** In order. */
  private final List<LogInspector.SegmentInfo> left = new ArrayList<>();

  private final LogInspector log;
  private final Map<LogInspector.SegmentInfo, LogInspector.End> knownEnds = new HashMap<>();

  /**
   * @param log reads what is in its segments; all of them only if something is wrong
   */
  SegmentOrder(LogInspector log) {
    this.log = log;
    for (LogInspector.SegmentInfo segment : log.segments()) {
      if (segment.usable()) {
        left.add(segment);
      }
    }
    for (int at = firstDescent(left); at >= 0; at = firstDescent(left)) {
      settle(at, blame(left.get(at), left.get(at + 1)));
    }
    for (int at = firstTwins(); at >= 0; at = firstTwins()) {
      settle(at, blameTwin(at));
    }
  }

  /** What is to be told of a segment that is left out, or null. */
  LogInspector.Damage damage(LogInspector.SegmentInfo segment) {
    return damage.get(segment);
  }

  /** Whether the segment has its place in the stream. */
  boolean belongs(LogInspector.SegmentInfo segment) {
    return left.contains(segment);
  }

  boolean isSound() {
    return damage.isEmpty();
  }

  /** The first that is wrong. REQUIRES: not {@link #isSound}. */
  LogInspector.Damage first() {
    return log.segments().stream()
        .filter(damage::containsKey)
        .map(damage::get)
        .findFirst()
        .orElseThrow();
  }

  /**
   * The segments at {@code at} and behind it cannot both be where they are.
   *
   * @param blame below 0 for the first one, above 0 for the other one, 0 if nothing tells
   */
  private void settle(int at, int blame) {
    LogInspector.SegmentInfo one = left.get(at);
    LogInspector.SegmentInfo other = left.get(at + 1);
    if (blame == 0) {
      left.remove(one);
      left.remove(other);
      damage.put(one, either(one, other));
      return;
    }
    LogInspector.SegmentInfo stranger = blame < 0 ? one : other;
    left.remove(stranger);
    long offset = stranger.startOffset();
    long mostEnd = left.stream().mapToLong(this::end).max().orElse(0);
    damage.put(
        stranger,
        damage(
            stranger,
            offset,
            end(stranger) > mostEnd ? -1 : offset,
            stranger.name() + " does not belong there: move it"));
  }

  /** Below 0 for the first one, above 0 for the other one, 0 if nothing tells. */
  private int blame(LogInspector.SegmentInfo one, LogInspector.SegmentInfo other) {
    List<LogInspector.SegmentInfo> withoutOne = without(one);
    List<LogInspector.SegmentInfo> withoutOther = without(other);
    boolean oneIsCopy = covers(withoutOne, one);
    if (oneIsCopy != covers(withoutOther, other)) {
      return oneIsCopy ? -1 : 1;
    }
    int blame = Long.compare(descents(withoutOne), descents(withoutOther));
    // Where all that is there was renamed only, each that is left out makes a gap, but for the
    // last.
    boolean renamed = !oneIsCopy && gaps(byStart(left)) == 0;
    return blame == 0 && !renamed ? Integer.compare(gaps(withoutOne), gaps(withoutOther)) : blame;
  }

  /** Whether the segments have all of the stream that is in this one. */
  private boolean covers(
      List<LogInspector.SegmentInfo> segments, LogInspector.SegmentInfo segment) {
    long reached = segment.startOffset();
    for (LogInspector.SegmentInfo next : byStart(segments)) {
      if (next.startOffset() <= reached) {
        reached = Math.max(reached, end(next));
      }
    }
    return reached >= end(segment);
  }

  private static List<LogInspector.SegmentInfo> byStart(List<LogInspector.SegmentInfo> segments) {
    return segments.stream()
        .sorted(Comparator.comparingLong(LogInspector.SegmentInfo::startOffset))
        .toList();
  }

  private long end(LogInspector.SegmentInfo segment) {
    return ends(segment).offset();
  }

  private LogInspector.End ends(LogInspector.SegmentInfo segment) {
    return knownEnds.computeIfAbsent(segment, log::endOf);
  }

  /** The stream is not known from where the earlier of them would be. */
  private LogInspector.Damage either(LogInspector.SegmentInfo one, LogInspector.SegmentInfo other) {
    long offset = Math.min(one.startOffset(), other.startOffset());
    long next = -1;
    for (LogInspector.SegmentInfo segment : left) {
      boolean behind = segment.startOffset() > offset && segment.sequence() > one.sequence();
      next = behind && next < 0 ? segment.startOffset() : next;
    }
    return damage(
        one, offset, next, one.name() + " or " + other.name() + " does not belong there: move it");
  }

  private static LogInspector.Damage damage(
      LogInspector.SegmentInfo segment, long offset, long nextOffset, String problem) {
    Path logDir = segment.dir().getParent();
    return new LogInspector.Damage(
        segment.file(),
        0,
        offset,
        nextOffset,
        problem + " out of " + logDir + " (or give it back its name)",
        0,
        LogInspector.Damage.Kind.ORDER);
  }

  private List<LogInspector.SegmentInfo> without(LogInspector.SegmentInfo segment) {
    List<LogInspector.SegmentInfo> others = new ArrayList<>(left);
    others.remove(segment);
    return others;
  }

  private static int firstDescent(List<LogInspector.SegmentInfo> segments) {
    for (int i = 0; i + 1 < segments.size(); i++) {
      if (segments.get(i + 1).startOffset() < segments.get(i).startOffset()) {
        return i;
      }
    }
    return -1;
  }

  /**
   * The first of two with the same start offset of which the earlier one holds bytes of the stream.
   * One that holds none, or none that can be read from its start on, is followed by such a one.
   */
  private int firstTwins() {
    for (int i = 0; i + 1 < left.size(); i++) {
      LogInspector.SegmentInfo segment = left.get(i);
      if (segment.startOffset() == left.get(i + 1).startOffset()
          && ends(segment).wholeOffset() > segment.startOffset()) {
        return i;
      }
    }
    return -1;
  }

  private int blameTwin(int at) {
    LogInspector.SegmentInfo one = left.get(at);
    LogInspector.SegmentInfo other = left.get(at + 1);
    long next = Long.MAX_VALUE;
    for (LogInspector.SegmentInfo segment : left) {
      if (segment.startOffset() > one.startOffset()) {
        next = Math.min(next, segment.startOffset());
      }
    }
    return new SegmentTwins(log).blame(one, ends(one), other, ends(other), next);
  }

  private static long descents(List<LogInspector.SegmentInfo> segments) {
    long count = 0;
    for (int i = 0; i + 1 < segments.size(); i++) {
      count += segments.get(i + 1).startOffset() < segments.get(i).startOffset() ? 1 : 0;
    }
    return count;
  }

  /** How often a segment does not begin where the one before it ends. */
  private int gaps(List<LogInspector.SegmentInfo> segments) {
    int count = 0;
    for (int i = 0; i + 1 < segments.size(); i++) {
      count += end(segments.get(i)) != segments.get(i + 1).startOffset() ? 1 : 0;
    }
    return count;
  }
}
