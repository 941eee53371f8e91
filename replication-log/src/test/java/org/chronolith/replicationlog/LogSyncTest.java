package org.chronolith.replicationlog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogSyncTest {
  @TempDir Path dir;

  /** The engine counts the commit of an identity, and then the identity. */
  @Test
  void shouldForceAnIdentityThatIsCountedOnlyAfterItsCommitWasForced() throws IOException {
    Path file = Files.createFile(dir.resolve("segment"));
    Segment segment = new Segment(0, dir, file, 0, 10, new OffsetIndex(1 << 20));
    LogState state = new LogState(new Segment[] {segment}, 10, History.fresh());
    LogSync sync = new LogSync(state, LogListener.none(), LogDisk.SYSTEM, null, 10, 0);
    sync.start();
    try {
      state.committed(10);
      sync.await();
      state.identity(History.fresh());
      assertTrue(sync.durableIdentities() < state.identities());
      sync.await();
      assertEquals(state.identities(), sync.durableIdentities());
    } finally {
      sync.close();
    }
  }
}
