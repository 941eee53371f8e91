/** Placeholder. */
package org.chronolith.network;
