/**
 * {@code bench memory}: bytes per key, and the pauses that a client sees while keys are
 * overwritten. The main thread writes; one thread, {@code latency-probe}, measures.
 */
package org.chronolith.bench.memory;
