/**
 * The composition: {@link org.chronolith.server.Main} reads the configuration, {@link
 * org.chronolith.server.Server} joins keyspace, log and network. Each part has a package of its own
 * and gets the collaborators that it needs, never the server.
 */
package org.chronolith.server;
