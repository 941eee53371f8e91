/**
 * What the server knows of each client: its session state, its open transaction, the registry of
 * all clients.
 *
 * <p>Thread: {@code engine}.
 */
package org.chronolith.server.client;
