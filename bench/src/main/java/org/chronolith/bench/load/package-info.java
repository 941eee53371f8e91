/**
 * What measurements put on a server: batches of requests, made by whoever sends them, and a probe
 * of its latency on a thread of its own, {@code latency-probe}.
 */
package org.chronolith.bench.load;
