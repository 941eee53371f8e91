/**
 * {@code bench recovery}: how long a server takes to serve again after a stop and after a kill, by
 * the number of keys and by the length of the log. One thread does it all.
 */
package org.chronolith.bench.recovery;
