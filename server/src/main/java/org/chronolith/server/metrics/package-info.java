/**
 * The metrics: one registry, filled from the fields of {@code INFO}, so that both tell the same
 * numbers. The engine thread publishes a copy once a second; a scrape on the replication loop reads
 * that copy and never asks the engine.
 */
package org.chronolith.server.metrics;
