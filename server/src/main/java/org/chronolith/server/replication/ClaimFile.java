package org.chronolith.server.replication;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.zip.CRC32C;
import org.chronolith.engine.Printable;
import org.chronolith.server.recovery.DirectoryDisk;
import org.chronolith.server.recovery.ForcedFile;
import org.chronolith.server.recovery.RecoveryException;
import org.chronolith.server.work.Worker;
import org.chronolith.server.work.Workers;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The claims on disk, in the file {@value #NAME} of the data directory: a line of version and
 * checksum, then one line {@code id offset reached-ms seen-ms port ip} for each. It is written as a
 * whole and replaced by a forced rename.
 *
 * <p>Thread: {@link #read} for the loader, {@link #write} and {@link #close} for any; the file is
 * written by the worker {@code replica-claims}.
 */
public final class ClaimFile implements AutoCloseable {
  public static final String NAME = "REPLICAS";

  private static final Logger LOG = LoggerFactory.getLogger(ClaimFile.class);
  private static final String VERSION = "chronolith-replicas 1 ";
  private static final int WORDS = 6;
  private static final long CLOSE_TIMEOUT_S = 10;

  private final Path file;
  private final DirectoryDisk disk;
  private final Worker writer;

  /** What is to be written and was not yet begun with; or null. */
  private final AtomicReference<String> next = new AtomicReference<>();

  ClaimFile(Path directory, DirectoryDisk disk, Workers workers) {
    this.disk = disk;
    file = directory.resolve(NAME);
    writer = workers.start("replica-claims");
  }

  /** The claims that were written last; none, with a warning, if the file is not what it was. */
  List<Claim> read() {
    try {
      return Files.exists(file) ? decode(Files.readString(file)) : List.of();
    } catch (IOException | IllegalArgumentException e) {
      LOG.warn(
          "The replicas' claims on the log in {} are not used: {}. A replica that connects has one"
              + " again; until then the log is not kept for it beyond its retention",
          file,
          e.getMessage());
      return List.of();
    }
  }

  /**
   * Up to which offset one of the replicas in the file of {@code directory} has the stream; 0 if
   * there is no file. Changes nothing.
   *
   * @throws RecoveryException if the file cannot be read, or is not what was written: a start does
   *     without it
   */
  public static long highestOffset(Path directory) {
    Path file = directory.resolve(NAME);
    try {
      return Files.exists(file) ? Claim.highestOffset(decode(Files.readString(file))) : 0;
    } catch (IOException | IllegalArgumentException e) {
      throw new RecoveryException("cannot be used: " + e.getMessage(), e);
    }
  }

  /**
   * Replaces the file, elsewhere. Claims are read before this returns. While the disk stalls, only
   * what came last waits for it.
   */
  void write(Collection<Claim> claims) {
    if (next.getAndSet(encode(claims)) == null) {
      writer.execute(this::writeNext);
    }
  }

  private void writeNext() {
    try {
      ForcedFile.write(disk, file, next.getAndSet(null));
    } catch (IOException e) {
      LOG.warn("The replicas' claims on the log cannot be written to {}", file, e);
    }
  }

  static String encode(Collection<Claim> claims) {
    StringBuilder body = new StringBuilder();
    for (Claim claim : claims) {
      body.append(claim.id()).append(' ').append(claim.offset()).append(' ');
      body.append(claim.reachedMs()).append(' ').append(claim.seenMs()).append(' ');
      body.append(claim.port()).append(' ').append(claim.ip()).append('\n');
    }
    return VERSION + checksum(body.toString()) + "\n" + body;
  }

  /**
   * Reads what {@link #encode} wrote. A line that cannot be read costs the others nothing: what a
   * replica calls itself was not always checked.
   *
   * @throws IllegalArgumentException if it is something else
   */
  static List<Claim> decode(String text) {
    int end = text.indexOf('\n');
    String body = text.substring(end + 1);
    if (end < 0 || !text.substring(0, end).equals(VERSION + checksum(body))) {
      throw new IllegalArgumentException("version or checksum is wrong");
    }
    List<Claim> claims = new ArrayList<>();
    for (String line : body.split("\n")) {
      if (line.isEmpty()) {
        continue;
      }
      try {
        claims.add(decodeLine(line));
      } catch (IllegalArgumentException e) {
        LOG.warn("A replica's claim on the log is left out: {}", e.getMessage());
      }
    }
    return claims;
  }

  private static Claim decodeLine(String line) {
    String[] words = line.split(" ", WORDS);
    if (words.length < WORDS) {
      throw new IllegalArgumentException("a line is incomplete: " + Printable.of(line));
    }
    try {
      return new Claim(
          words[0],
          words[5],
          Integer.parseInt(words[4]),
          Long.parseLong(words[1]),
          Long.parseLong(words[2]),
          Long.parseLong(words[3]));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("a line is malformed: " + Printable.of(line), e);
    }
  }

  private static String checksum(String body) {
    CRC32C crc = new CRC32C();
    crc.update(body.getBytes(StandardCharsets.UTF_8));
    return String.format("%08x", crc.getValue());
  }

  /** Ends the worker, after what was asked for is written. */
  @Override
  public void close() {
    FutureTask<Void> last = new FutureTask<>(() -> null);
    writer.execute(last);
    writer.close();
    try {
      last.get(CLOSE_TIMEOUT_S, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      LOG.warn("The replicas' claims on the log are not written to {} in time", file);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
