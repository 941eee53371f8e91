/**
 * The types of values made of elements. A {@code …Type} is what the keyspace needs of one, a {@code
 * …Value} what commands need. Thread: the owner of the keyspace.
 */
package org.chronolith.engine.types;
