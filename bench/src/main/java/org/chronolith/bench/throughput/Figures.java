package org.chronolith.bench.throughput;

import java.util.ArrayList;
import java.util.List;

/** What one test gave on both servers, round by round, in requests per second. */
final class Figures {

  private final String test;
  private final int pipeline;
  private final List<Double> reference = new ArrayList<>();
  private final List<Double> subject = new ArrayList<>();

  Figures(String test, int pipeline) {
    this.test = test;
    this.pipeline = pipeline;
  }

  void addRound(double referenceRps, double subjectRps) {
    reference.add(referenceRps);
    subject.add(subjectRps);
  }

  String test() {
    return test;
  }

  int pipeline() {
    return pipeline;
  }

  List<Double> reference() {
    return List.copyOf(reference);
  }

  List<Double> subject() {
    return List.copyOf(subject);
  }

  /** The subject's figure over the reference's, per round: both were taken seconds apart. */
  List<Double> ratios() {
    List<Double> ratios = new ArrayList<>();
    for (int round = 0; round < reference.size(); round++) {
      ratios.add(subject.get(round) / reference.get(round));
    }
    return ratios;
  }

  /** REQUIRES: at least one value. */
  static double median(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }
}
