/**
 * {@code bench disk-failure}: what clients see while the disk becomes full and is freed again, and
 * while it is slow. The main thread steers; {@code timeline-sets} and {@code timeline-gets} are the
 * clients; {@code disk-hog} makes the disk slow.
 */
package org.chronolith.bench.disk;
