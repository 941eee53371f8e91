/** {@code bench throughput}: redis-benchmark against two servers in turn, and the ratios. */
package org.chronolith.bench.throughput;
