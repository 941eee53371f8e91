package org.chronolith.server.recovery;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.SortedMap;
import java.util.TreeMap;
import org.chronolith.engine.snapshot.BatchSink;

/**
 * The smallest keyspace that can be recovered: a map whose stream is lines, {@code S db} selects
 * and {@code key=value} sets.
 */
final class LineKeyspace implements RecoveryTarget {
  final SortedMap<String, String> map = new TreeMap<>();
  int itemsEnds;
  private int db;
  private long appliedCommands;
  private final Runnable atItem;

  LineKeyspace() {
    this(() -> {});
  }

  /**
   * @param atItem done with each item, before it is there
   */
  LineKeyspace(Runnable atItem) {
    this.atItem = atItem;
  }

  @Override
  public void item(ByteBuf key, ByteBuf value) {
    atItem.run();
    map.put(key.toString(StandardCharsets.UTF_8), value.toString(StandardCharsets.UTF_8));
  }

  @Override
  public void itemsEnd() {
    itemsEnds++;
  }

  @Override
  public void select(int value) {
    db = value;
  }

  @Override
  public void apply(ByteBuf bytes) {
    for (int end;
        (end = bytes.indexOf(bytes.readerIndex(), bytes.writerIndex(), (byte) '\n')) >= 0; ) {
      String line =
          bytes.readCharSequence(end - bytes.readerIndex(), StandardCharsets.UTF_8).toString();
      bytes.skipBytes(1);
      appliedCommands++;
      if (line.startsWith("S ")) {
        db = Integer.parseInt(line.substring(2));
      } else {
        String[] parts = line.split("=", 2);
        if (parts.length != 2) {
          throw new IllegalStateException("no command: " + line);
        }
        map.put(db + ":" + parts[0], parts[1]);
      }
    }
  }

  @Override
  public long appliedCommands() {
    return appliedCommands;
  }

  @Override
  public int db() {
    return db;
  }

  /** The whole map as one batch. */
  ByteBuf batch() {
    ByteBuf batch = Unpooled.directBuffer();
    map.forEach(
        (name, text) -> {
          byte[] key = name.getBytes(StandardCharsets.UTF_8);
          byte[] value = text.getBytes(StandardCharsets.UTF_8);
          batch.writeByte(BatchSink.PUT).writeInt(key.length).writeBytes(key);
          batch.writeInt(value.length).writeBytes(value);
        });
    return batch;
  }
}
