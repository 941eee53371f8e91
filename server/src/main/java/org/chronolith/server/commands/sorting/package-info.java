/** SORT and SORT_RO, which work on several types. Thread: the owner of the keyspace. */
package org.chronolith.server.commands.sorting;
