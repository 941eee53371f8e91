package org.chronolith.server;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * SIGTERM and SIGINT, heard before the JVM acts on them: once it has begun to end it cannot be held
 * up, and {@code SHUTDOWN ABORT} would come too late.
 *
 * <p>By reflection, since the only class that hears signals belongs to no standard: where it is
 * missing, the JVM's own way is left, a shutdown hook.
 */
final class StopSignals {
  private static final Logger LOG = LoggerFactory.getLogger(StopSignals.class);

  private StopSignals() {}

  /**
   * Tells {@code listener} of each signal from now on, such as {@code SIGTERM}, on a thread of the
   * JVM's.
   */
  static void listen(Consumer<String> listener) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Method handle = signal.getMethod("handle", signal, handler);
      for (String name : new String[] {"TERM", "INT"}) {
        Object tells =
            Proxy.newProxyInstance(
                StopSignals.class.getClassLoader(),
                new Class<?>[] {handler},
                (self, method, arguments) -> {
                  if (method.getDeclaringClass() == Object.class) {
                    return method.invoke(name, arguments);
                  }
                  listener.accept("SIG" + name);
                  return null;
                });
        handle.invoke(null, signal.getConstructor(String.class).newInstance(name), tells);
      }
    } catch (ReflectiveOperationException | RuntimeException e) {
      Throwable cause = e instanceof InvocationTargetException ? e.getCause() : e;
      LOG.warn("Signals end the process at once, SHUTDOWN ABORT cannot stop that: {}", "" + cause);
    }
  }
}
