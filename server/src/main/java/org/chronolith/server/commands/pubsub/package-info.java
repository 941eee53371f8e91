/**
 * Publish and subscribe. Messages are delivered in the turn in which they come and kept nowhere; a
 * master's messages go down the replication stream to its replicas' subscribers while replicas are
 * connected.
 *
 * <p>Thread: {@code engine}.
 */
package org.chronolith.server.commands.pubsub;
