/**
 * Threads for what waits for the disk: loading, receiving, removing. Neither the engine's nor the
 * replication's loop does any of it.
 */
package org.chronolith.server.work;
