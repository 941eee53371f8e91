/** {@code MULTI}, {@code EXEC} and what goes with them. Thread: {@code engine}. */
package org.chronolith.server.commands.transactions;
