/**
 * The network: RESP decoding and encoding, listeners, client connections, raw streams.
 *
 * <p>Everything lives on a {@link org.chronolith.network.NetworkLoop}: one thread that reads, calls
 * the handlers, and writes. A {@link org.chronolith.network.Connection} belongs to the loop that
 * accepted it and speaks RESP; a {@link org.chronolith.network.StreamConnection} is a socket of raw
 * bytes (replication links, file transfers). The methods of both are called on their loop's thread
 * unless they say otherwise.
 *
 * <p>Netty's channels and event loops stay inside this package; only its {@code ByteBuf} is visible
 * outside.
 */
package org.chronolith.network;
