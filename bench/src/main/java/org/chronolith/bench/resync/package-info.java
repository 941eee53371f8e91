/**
 * {@code bench resync}: how long a replica takes to get in step, from nothing and after a lag, and
 * what the master's clients notice. The main thread steers; {@code traffic} writes meanwhile and
 * {@code latency-probe} measures.
 */
package org.chronolith.bench.resync;
