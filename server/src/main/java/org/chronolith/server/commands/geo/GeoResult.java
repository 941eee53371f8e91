package org.chronolith.server.commands.geo;

import java.util.Arrays;
import org.chronolith.engine.Slice;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.engine.types.zset.ZsetValue;
import org.chronolith.server.commands.elements.CopiedElements;

/** The members that a search has found, in the order of the reply. One object per request. */
final class GeoResult implements AutoCloseable {
  private final CopiedElements members = new CopiedElements();
  private final GeoDistance distances = new GeoDistance();
  private final GeoQuery query;
  private final GeoShape shape;
  private double[] scores = new double[16];
  private double[] metres = new double[16];
  private int[] order;
  private int size;

  private GeoResult(GeoQuery query) {
    this.query = query;
    this.shape = query.shape();
  }

  /**
   * Searches.
   *
   * @param element to point at members with
   */
  static GeoResult of(GeoQuery query, StoredBytes element) {
    GeoResult result = new GeoResult(query);
    boolean complete = false;
    try {
      new GeoCells(result.shape).forEach((from, to) -> result.collect(from, to, element));
      result.sort();
      complete = true;
      return result;
    } finally {
      if (!complete) {
        result.close();
      }
    }
  }

  private boolean collect(double from, double to, StoredBytes element) {
    ZsetValue zset = query.source();
    boolean there = zset.seekScore(from, false);
    while (there && zset.score() < to) {
      double score = zset.score();
      double distance =
          shape.distance(distances, GeoCode.longitudeOf(score), GeoCode.latitudeOf(score));
      if (distance != GeoShape.OUTSIDE) {
        zset.member(element);
        add(element, score, distance);
        if (isEnough()) {
          return false;
        }
      }
      there = zset.next();
    }
    return true;
  }

  private boolean isEnough() {
    return query.limit() != 0 && members.size() >= query.limit();
  }

  private void add(StoredBytes member, double score, double distance) {
    members.add(member);
    int at = members.size() - 1;
    if (at == scores.length) {
      scores = Arrays.copyOf(scores, at * 2);
      metres = Arrays.copyOf(metres, at * 2);
    }
    scores[at] = score;
    metres[at] = distance;
  }

  private void sort() {
    int direction = query.order();
    order = members.order((a, b) -> direction * Double.compare(metres[a], metres[b]));
    size = (int) (query.count() == 0 ? order.length : Math.min(query.count(), order.length));
  }

  int size() {
    return size;
  }

  /** Bytes of at least all members. */
  int bytes() {
    return members.bytes();
  }

  Slice member(int index, Slice slice) {
    return members.get(order[index], slice);
  }

  double score(int index) {
    return scores[order[index]];
  }

  /** In the query's unit. */
  double distance(int index) {
    return metres[order[index]] / query.unitM();
  }

  @Override
  public void close() {
    members.close();
  }
}
