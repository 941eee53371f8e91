package org.chronolith.server.recovery;

import java.nio.channels.ReadableByteChannel;
import java.util.Objects;
import org.chronolith.engine.rdb.RdbListener;
import org.chronolith.replicationlog.History;

/**
 * An RDB, and the place in a history that its data stands for.
 *
 * @param channel gives its bytes, and its end where it must end
 * @param totalBytes of it, or -1 if that is not known
 * @param history under which the stream goes on
 * @param offset of the stream at which the data is complete
 */
public record RdbSource(
    ReadableByteChannel channel,
    long totalBytes,
    History history,
    long offset,
    RdbListener listener) {
  public RdbSource {
    Objects.requireNonNull(channel);
    Objects.requireNonNull(history);
    Objects.requireNonNull(listener);
  }
}
