/**
 * HyperLogLogs in the representation that Redis keeps in strings. It knows bytes only, no keys.
 * Thread: that of its caller.
 */
package org.chronolith.engine.types.hyperloglog;
