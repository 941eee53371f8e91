package org.chronolith.bench.recovery;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One measured start.
 *
 * @param crash after SIGKILL instead of SIGTERM
 * @param keys that the server held
 * @param logMib written since the last save; 0 if all that was written is in the log alone, or all
 *     in a snapshot
 * @param seconds from the start of the process until it serves
 */
record Restart(String server, boolean crash, int keys, int logMib, double seconds) {

  Map<String, Object> figures() {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("server", server);
    figures.put("after", crash ? "kill" : "stop");
    figures.put("keys", keys);
    figures.put("log_mib", logMib);
    figures.put("seconds", seconds);
    return figures;
  }
}
