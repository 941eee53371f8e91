/** Placeholder. */
package org.chronolith.server;
