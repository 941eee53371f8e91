/**
 * What the slow tests of this module and of {@code bench} share: the condition on the real Redis
 * programs. It is packed into the module's test-jar; nothing of it runs in production.
 */
package org.chronolith.server.testing;
