package org.chronolith.bench.throughput;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** What one test gave on both servers, round by round. */
final class Figures {

  private final String test;
  private final int pipeline;
  private final List<Sample> reference = new ArrayList<>();
  private final List<Sample> subject = new ArrayList<>();

  Figures(String test, int pipeline) {
    this.test = test;
    this.pipeline = pipeline;
  }

  void addRound(Sample referenceSample, Sample subjectSample) {
    reference.add(referenceSample);
    subject.add(subjectSample);
  }

  String test() {
    return test;
  }

  int pipeline() {
    return pipeline;
  }

  List<Double> reference(ToDoubleFunction<Sample> figure) {
    return reference.stream().mapToDouble(figure).boxed().toList();
  }

  List<Double> subject(ToDoubleFunction<Sample> figure) {
    return subject.stream().mapToDouble(figure).boxed().toList();
  }

  /** The subject's figure over the reference's, per round: both were taken seconds apart. */
  List<Double> ratios(ToDoubleFunction<Sample> figure) {
    List<Double> ratios = new ArrayList<>();
    for (int round = 0; round < reference.size(); round++) {
      ratios.add(
          figure.applyAsDouble(subject.get(round)) / figure.applyAsDouble(reference.get(round)));
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
