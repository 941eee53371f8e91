/**
 * {@code bench disk-failure}: what clients see while the disk becomes full and is freed again,
 * while it is slow, and while it fails. The main thread steers; {@code timeline-sets} and {@code
 * timeline-gets} are the clients; {@code disk-hog} makes the disk slow. {@code FaultyServer} is a
 * process of its own, whose thread {@code fault-orders} has its disk fail.
 */
package org.chronolith.bench.disk;
