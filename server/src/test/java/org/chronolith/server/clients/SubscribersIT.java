package org.chronolith.server.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisPubSub;

/** Client libraries subscribe, hear messages in the order of their publication, and leave. */
@Tag("slow")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SubscribersIT {
  private static final int MESSAGES = 500;
  private static final long TIMEOUT_S = 30;

  private final BlockingQueue<String> events = new LinkedBlockingQueue<>();
  private ChronolithProcess server;

  @BeforeAll
  void start(@TempDir Path dir) {
    server = ChronolithProcess.start(dir.resolve("data"), ChronolithProcess.freePort());
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private void publish() {
    try (RespClient client = server.connect()) {
      for (int i = 0; i < MESSAGES; i++) {
        client.send("PUBLISH", "news", "m" + i);
      }
      client.flush();
      for (int i = 0; i < MESSAGES; i++) {
        assertEquals(2L, client.receive());
      }
    }
  }

  private void expect(String... expected) throws InterruptedException {
    for (String event : expected) {
      assertEquals(event, events.poll(TIMEOUT_S, TimeUnit.SECONDS));
    }
  }

  /** Each message comes twice: by the channel, then by the pattern. */
  private void expectMessages() throws InterruptedException {
    List<String> all =
        Stream.iterate(0, i -> i + 1)
            .limit(MESSAGES)
            .flatMap(i -> Stream.of("news m" + i, "n* news m" + i))
            .toList();
    expect(all.toArray(String[]::new));
  }

  @ParameterizedTest
  @EnumSource(ProtocolVersion.class)
  void shouldServeLettuce(ProtocolVersion protocol) throws InterruptedException {
    RedisClient client = RedisClient.create("redis://127.0.0.1:" + server.port());
    client.setOptions(ClientOptions.builder().protocolVersion(protocol).build());
    try (StatefulRedisPubSubConnection<String, String> connection = client.connectPubSub()) {
      connection.addListener(
          new RedisPubSubAdapter<>() {
            @Override
            public void message(String channel, String message) {
              events.add(channel + " " + message);
            }

            @Override
            public void message(String pattern, String channel, String message) {
              events.add(pattern + " " + channel + " " + message);
            }

            @Override
            public void unsubscribed(String channel, long count) {
              events.add("unsubscribed " + channel + " " + count);
            }
          });
      connection.sync().subscribe("news");
      connection.sync().psubscribe("n*");
      publish();
      expectMessages();
      connection.sync().unsubscribe("news");
      expect("unsubscribed news 1");
      connection.sync().punsubscribe("n*");
      assertEquals("PONG", connection.sync().ping());
    } finally {
      client.shutdown();
    }
  }

  @Test
  void shouldServeJedis() throws InterruptedException {
    JedisPubSub subscriber =
        new JedisPubSub() {
          @Override
          public void onSubscribe(String channel, int count) {
            psubscribe("n*");
          }

          @Override
          public void onPSubscribe(String pattern, int count) {
            events.add("subscribed " + pattern + " " + count);
          }

          @Override
          public void onMessage(String channel, String message) {
            events.add(channel + " " + message);
          }

          @Override
          public void onPMessage(String pattern, String channel, String message) {
            events.add(pattern + " " + channel + " " + message);
          }
        };
    Thread listener =
        new Thread(
            () -> {
              try (Jedis jedis = new Jedis("127.0.0.1", server.port())) {
                jedis.subscribe(subscriber, "news");
              }
              events.add("ended");
            },
            "jedis-subscriber");
    listener.start();
    expect("subscribed n* 2");
    publish();
    expectMessages();
    subscriber.unsubscribe();
    subscriber.punsubscribe();
    expect("ended");
    listener.join();
  }
}
