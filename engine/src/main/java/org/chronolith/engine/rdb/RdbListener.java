package org.chronolith.engine.rdb;

/** Told what a read comes by. Thread: the reader's. */
public interface RdbListener {
  /** Something that is no data of this server's was passed over: a function, a script, … */
  void skipped(String what);

  /** So many keys and bytes have been read; called every now and then. */
  default void progress(long keys, long bytes) {}
}
