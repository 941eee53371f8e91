package org.chronolith.engine.keyspace;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import org.chronolith.engine.EngineException;

/**
 * The digest of one value, computed as redis-server's {@code DEBUG DIGEST} does: twenty bytes into
 * which strings are mixed in order (lists), or xored so that order does not matter (sets).
 */
public final class ValueDigest {
  private static final int BYTES = 20;

  private final MessageDigest sha1 = newSha1();
  private final ByteBuf scratch;
  private final byte[] digest = new byte[BYTES];
  private final byte[] element = new byte[BYTES];
  private final byte[] word = new byte[BYTES];

  /** {@code scratch} is where callers put the bytes that {@link #mix} and its like consume. */
  ValueDigest(ByteBuf scratch) {
    this.scratch = scratch;
  }

  /** An empty buffer: append the bytes, then call one of the mixing methods. */
  public ByteBuf scratch() {
    return scratch.clear();
  }

  void reset() {
    Arrays.fill(digest, (byte) 0);
  }

  byte[] bytes() {
    return digest;
  }

  /** {@code mixDigest(digest, scratch)}: for strings and list elements, in order. */
  public void mix() {
    hash(word, scratch.nioBuffer());
    mix(digest, word);
  }

  /** {@code xorDigest(digest, scratch)}: for set members. */
  public void xor() {
    hash(word, scratch.nioBuffer());
    xor(digest, word);
  }

  /** Starts the digest of an element made of several strings: a field and its value. */
  public void beginElement() {
    Arrays.fill(element, (byte) 0);
  }

  /** {@code mixDigest(element, scratch)}. */
  public void mixElement() {
    hash(word, scratch.nioBuffer());
    mix(element, word);
  }

  /** {@code xorDigest(digest, element)}: ends the element. */
  public void endElement() {
    // Redis passes the twenty bytes of the element through SHA-1 once more.
    hash(word, ByteBuffer.wrap(element));
    xor(digest, word);
  }

  private void hash(byte[] into, ByteBuffer bytes) {
    sha1.update(bytes);
    try {
      sha1.digest(into, 0, BYTES);
    } catch (DigestException e) {
      throw new EngineException(EngineException.Severity.FATAL, "SHA-1 failed", e);
    }
  }

  private void mix(byte[] into, byte[] hashed) {
    xor(into, hashed);
    hash(into, ByteBuffer.wrap(into.clone()));
  }

  static void xor(byte[] into, byte[] other) {
    for (int i = 0; i < BYTES; i++) {
      into[i] ^= other[i];
    }
  }

  private static MessageDigest newSha1() {
    try {
      return MessageDigest.getInstance("SHA-1");
    } catch (NoSuchAlgorithmException e) {
      throw new EngineException(EngineException.Severity.FATAL, "no SHA-1 in this JVM", e);
    }
  }
}
