/**
 * {@code INFO} as data: the fields of each section in Redis's order ({@link
 * org.chronolith.server.info.InfoFields}), filled by what the parts register with {@link
 * org.chronolith.server.info.Info}. The metrics are made of the same fields.
 *
 * <p>Thread: everything here belongs to the engine thread, unless it says otherwise.
 */
package org.chronolith.server.info;
