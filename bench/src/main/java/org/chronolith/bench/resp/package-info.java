/** A small blocking RESP2 client, so that the bench measures servers and not a client library. */
package org.chronolith.bench.resp;
