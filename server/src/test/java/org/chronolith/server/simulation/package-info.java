/**
 * Whole nodes in one thread, on a virtual clock, with a network and disks that fail: see {@link
 * org.chronolith.server.simulation.Scenario}. Everything that happens follows from a seed, so that
 * what fails once fails always.
 */
package org.chronolith.server.simulation;
