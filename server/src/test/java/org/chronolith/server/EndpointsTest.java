package org.chronolith.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class EndpointsTest {
  @Test
  void shouldReadAddressesAsRedisWritesThem() {
    String[][] cases = {
      {"127.0.0.1", "127.0.0.1"},
      {"127.0.0.1 -::1", "127.0.0.1 -::1"},
      {"*", "0.0.0.0"},
      {"::*", "::"},
      {"-::*", "-::"},
      {"* -::*", "*"},
      {"-::* *", "*"},
      {"0.0.0.0 ::", "*"},
      {"-* ::*", "-*"},
      {"* 10.0.0.1", "0.0.0.0 10.0.0.1"},
    };
    for (String[] one : cases) {
      assertEquals(
          List.of(one[1].split(" ")), Endpoints.addresses(List.of(one[0].split(" "))), one[0]);
    }
  }
}
