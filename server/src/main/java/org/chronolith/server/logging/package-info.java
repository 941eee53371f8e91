/**
 * The log: Redis's line shape, written by the thread {@code server-log}, so that a slow terminal or
 * disk never holds up the thread that logs.
 */
package org.chronolith.server.logging;
