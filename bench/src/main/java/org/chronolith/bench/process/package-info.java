/**
 * The programs under measurement: found, started, awaited, stopped; and the machine they run on.
 */
package org.chronolith.bench.process;
