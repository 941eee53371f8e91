/**
 * The configuration: every directive is one declaration ({@link
 * org.chronolith.server.config.Directive}), from which reading, checking, {@code CONFIG} and {@code
 * docs/configuration.md} are made.
 *
 * <p>{@link org.chronolith.server.config.ServerConfig} is concluded once, before any part starts.
 * Afterwards it changes only on the engine thread; its getters may be called from any thread.
 */
package org.chronolith.server.config;
