package org.chronolith.bench.throughput;

/**
 * What one run of a test on one server gave.
 *
 * @param requestsPerSecond as redis-benchmark saw it
 * @param cpuMicrosPerRequest processor time of all the server's threads; it depends less on who
 *     else uses the machine
 */
record Sample(double requestsPerSecond, double cpuMicrosPerRequest) {}
