/** Placeholder. */
package org.chronolith.replicationlog;
