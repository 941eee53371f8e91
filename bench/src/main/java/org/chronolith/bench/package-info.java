/**
 * Measurements: whole servers side by side with a real redis-server, and JMH micro-benchmarks of
 * the structures. Nothing depends on this module. Every command runs on the main thread and stops
 * the processes it started, whatever happens.
 */
package org.chronolith.bench;
