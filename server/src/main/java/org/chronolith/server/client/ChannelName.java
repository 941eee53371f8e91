package org.chronolith.server.client;

import java.util.Arrays;
import org.chronolith.engine.Slice;

/**
 * The bytes of a channel's or pattern's name as a key of a map. One object, the probe, is refilled
 * for each look-up, so that a message costs no allocation; those in maps never change.
 */
final class ChannelName {
  private static final int KEEP_BYTES = 64 << 10;

  private byte[] bytes;
  private int length;
  private int hash;

  /** An empty probe. */
  ChannelName() {
    bytes = new byte[64];
  }

  private ChannelName(byte[] bytes, int hash) {
    this.bytes = bytes;
    this.length = bytes.length;
    this.hash = hash;
  }

  /** Makes this probe the name {@code name}. */
  ChannelName set(Slice name) {
    length = name.length();
    if (bytes.length < length || bytes.length > KEEP_BYTES) {
      bytes = new byte[Math.max(length, 64)];
    }
    name.buffer().getBytes(name.offset(), bytes, 0, length);
    int code = 1;
    for (int i = 0; i < length; i++) {
      code = 31 * code + bytes[i];
    }
    hash = code;
    return this;
  }

  /** What a map may keep. */
  ChannelName copy() {
    return new ChannelName(Arrays.copyOf(bytes, length), hash);
  }

  /** The bytes of a kept name; not to be changed. */
  byte[] bytes() {
    return bytes;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ChannelName name
        && hash == name.hash
        && Arrays.equals(bytes, 0, length, name.bytes, 0, name.length);
  }

  @Override
  public int hashCode() {
    return hash;
  }
}
