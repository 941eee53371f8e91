package org.chronolith.engine.snapshot;

import java.io.IOException;
import java.nio.file.Path;

/** The real disk, with a hook before each step that may throw. */
abstract class FaultyDisk implements SnapshotDisk {
  abstract void before(String step, Path path) throws IOException;

  @Override
  public void force(Path fileOrDirectory) throws IOException {
    before("force", fileOrDirectory);
    REAL.force(fileOrDirectory);
  }

  @Override
  public void write(Path file, byte[] bytes) throws IOException {
    before("write", file);
    REAL.write(file, bytes);
  }

  @Override
  public void link(Path existing, Path name) throws IOException {
    before("link", name);
    REAL.link(existing, name);
  }

  @Override
  public void copy(Path from, Path to) throws IOException {
    before("copy", to);
    REAL.copy(from, to);
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    before("rename", to);
    REAL.rename(from, to);
  }

  @Override
  public void remove(Path directory) throws IOException {
    before("remove", directory);
    REAL.remove(directory);
  }
}
