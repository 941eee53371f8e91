package org.chronolith.server.commands.sortedsets;

import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.network.RespWriter;
import org.chronolith.server.commands.elements.Elements;

/**
 * Members on their way out, with their scores or without: in RESP2 a flat array, in RESP3 one of
 * pairs, which keeps the order that a map would not.
 */
record MemberReply(RespWriter reply, boolean withScores, boolean pairs) {
  /** Begins an array of so many members. */
  static MemberReply array(RespWriter reply, long members, boolean withScores) {
    boolean pairs = withScores && reply.protocol() == 3;
    reply.array(withScores && !pairs ? members * 2 : members);
    return new MemberReply(reply, withScores, pairs);
  }

  /** Begins an array of so many pairs, in RESP2 too. */
  static MemberReply pairs(RespWriter reply, long members) {
    reply.array(members);
    return new MemberReply(reply, true, true);
  }

  /** The next one. */
  void member(StoredBytes member, double score) {
    if (pairs) {
      reply.array(2);
    }
    Elements.bulk(reply, member);
    if (withScores) {
      reply.doubleValue(score);
    }
  }
}
