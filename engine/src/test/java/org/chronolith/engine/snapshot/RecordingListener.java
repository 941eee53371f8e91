package org.chronolith.engine.snapshot;

import static org.junit.jupiter.api.Assertions.fail;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.chronolith.engine.EngineException;

/** Keeps what it hears, and waits for outcomes with a deadline. */
final class RecordingListener implements SnapshotListener {
  record Outcome(Checkpoint checkpoint, long newBytes, EngineException failure) {}

  final List<String> damaged = Collections.synchronizedList(new ArrayList<>());
  final List<String> ignored = new ArrayList<>();
  private final BlockingQueue<Outcome> outcomes = new LinkedBlockingQueue<>();

  @Override
  public void completed(Checkpoint checkpoint, long elapsedMs, long newBytes) {
    outcomes.add(new Outcome(checkpoint, newBytes, null));
  }

  @Override
  public void failed(SnapshotSession session, EngineException cause) {
    outcomes.add(new Outcome(null, 0, cause));
  }

  @Override
  public void ignored(Path directory, String reason) {
    ignored.add(directory.getFileName() + ": " + reason);
  }

  @Override
  public void damaged(String problem) {
    damaged.add(problem);
  }

  @Override
  public void notRemoved(Path directory, String reason) {
    ignored.add("not removed " + directory.getFileName() + ": " + reason);
  }

  Outcome awaitCompleted() {
    Outcome outcome = await();
    if (outcome.failure() != null) {
      throw new AssertionError("the snapshot failed", outcome.failure());
    }
    return outcome;
  }

  EngineException awaitFailed() {
    Outcome outcome = await();
    if (outcome.failure() == null) {
      fail("the snapshot is complete, but was expected to fail");
    }
    return outcome.failure();
  }

  private Outcome await() {
    try {
      Outcome outcome = outcomes.poll(20, TimeUnit.SECONDS);
      if (outcome == null) {
        fail("no outcome within 20 s");
      }
      return outcome;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
