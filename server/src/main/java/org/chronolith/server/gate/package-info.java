/**
 * The rules that refuse a command before it runs, one class each, in the order in which {@link
 * org.chronolith.server.Server} lists them.
 *
 * <p>Thread: {@code engine}.
 */
package org.chronolith.server.gate;
