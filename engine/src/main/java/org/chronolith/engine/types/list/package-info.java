/** Lists. Thread: the owner of the keyspace. */
package org.chronolith.engine.types.list;
