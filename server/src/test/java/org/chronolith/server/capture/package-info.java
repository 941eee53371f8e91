/** Change capture: a reader that knows nothing of this project follows the stream. */
package org.chronolith.server.capture;
