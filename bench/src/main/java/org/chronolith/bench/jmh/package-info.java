/** JMH micro-benchmarks of the parts that a command touches; {@code bench jmh} runs them. */
package org.chronolith.bench.jmh;
