package org.chronolith.server.recovery;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/**
 * Gives bytes on to another channel, each time after somebody has looked at how many they are.
 *
 * @param check may keep them from being written, by an exception
 */
public record CheckedChannel(WritableByteChannel out, Check check) implements WritableByteChannel {
  /** Told before bytes are written. */
  public interface Check {
    void before(int bytes) throws IOException;
  }

  @Override
  public int write(ByteBuffer bytes) throws IOException {
    check.before(bytes.remaining());
    return out.write(bytes);
  }

  @Override
  public boolean isOpen() {
    return out.isOpen();
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
