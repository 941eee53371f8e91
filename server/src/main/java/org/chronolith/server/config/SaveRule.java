package org.chronolith.server.config;

/** A snapshot is due after {@code seconds} if at least {@code changes} writes were made. */
public record SaveRule(long seconds, long changes) {}
