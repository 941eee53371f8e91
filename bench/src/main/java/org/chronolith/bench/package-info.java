/** Placeholder. */
package org.chronolith.bench;
