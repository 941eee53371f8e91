package org.chronolith.server.client;

import io.netty.buffer.Unpooled;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Keyspace;

/**
 * Which clients watch which keys. A change of a watched key breaks the watch, and the client's next
 * {@code EXEC} runs nothing.
 *
 * <p>Thread: engine.
 */
public final class Watches {
  private final Map<WatchedKey, Set<Client>> watchers = new HashMap<>();
  private final Map<Client, Set<WatchedKey>> keysOf = new HashMap<>();
  private final Consumer<Boolean> watching;

  private record WatchedKey(int db, ByteArray key) {}

  private record ByteArray(byte[] bytes) {
    @Override
    public boolean equals(Object other) {
      return other instanceof ByteArray array && Arrays.equals(bytes, array.bytes);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(bytes);
    }
  }

  /**
   * @param watching told when the first watch comes and when the last one goes, so that the
   *     keyspace reports touched keys only while somebody cares
   */
  public Watches(Consumer<Boolean> watching) {
    this.watching = watching;
  }

  public void watch(Client client, int db, byte[] key) {
    WatchedKey watched = new WatchedKey(db, new ByteArray(key));
    if (keysOf.isEmpty()) {
      watching.accept(true);
    }
    if (keysOf.computeIfAbsent(client, c -> new HashSet<>()).add(watched)) {
      watchers.computeIfAbsent(watched, k -> new HashSet<>()).add(client);
    }
  }

  /** Forgets the client's watches and that one was broken. */
  public void unwatch(Client client) {
    client.watchBroken(false);
    Set<WatchedKey> keys = keysOf.remove(client);
    if (keys == null) {
      return;
    }
    for (WatchedKey key : keys) {
      Set<Client> clients = watchers.get(key);
      clients.remove(client);
      if (clients.isEmpty()) {
        watchers.remove(key);
      }
    }
    if (keysOf.isEmpty()) {
      watching.accept(false);
    }
  }

  /** Looks the client's keys up, so that those whose time has passed count as changed. */
  public void expireWatched(Client client, Keyspace keyspace) {
    Set<WatchedKey> keys = keysOf.get(client);
    if (keys == null) {
      return;
    }
    Slice key = new Slice();
    for (WatchedKey watched : keys) {
      byte[] bytes = watched.key().bytes();
      keyspace.database(watched.db()).find(key.set(Unpooled.wrappedBuffer(bytes), 0, bytes.length));
    }
  }

  /** A key has changed. */
  public void touched(int db, Slice key) {
    if (watchers.isEmpty()) {
      return;
    }
    Set<Client> clients = watchers.get(new WatchedKey(db, new ByteArray(key.toBytes())));
    if (clients != null) {
      clients.forEach(client -> client.watchBroken(true));
    }
  }

  /** Breaks the watches of those keys of database {@code db} that {@code changed} says of. */
  public void touchedWhere(int db, Predicate<Slice> changed) {
    for (Map.Entry<WatchedKey, Set<Client>> entry : watchers.entrySet()) {
      WatchedKey watched = entry.getKey();
      byte[] key = watched.key().bytes();
      if (watched.db() == db
          && changed.test(new Slice(Unpooled.wrappedBuffer(key), 0, key.length))) {
        entry.getValue().forEach(client -> client.watchBroken(true));
      }
    }
  }

  /** Everything has changed: the data set was replaced by a full sync. */
  public void touchedAll() {
    keysOf.keySet().forEach(client -> client.watchBroken(true));
  }

  /** Number of keys that {@code client} watches. */
  public int count(Client client) {
    Set<WatchedKey> keys = keysOf.get(client);
    return keys == null ? 0 : keys.size();
  }
}
