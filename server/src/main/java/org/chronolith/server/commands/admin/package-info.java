/** Commands about the server itself: configuration, information, persistence. Thread: engine. */
package org.chronolith.server.commands.admin;
