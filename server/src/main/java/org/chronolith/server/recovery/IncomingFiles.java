package org.chronolith.server.recovery;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.CRC32C;
import org.chronolith.engine.snapshot.MetaFile;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What has arrived of a master's checkpoint, in a generation in the making. It outlives the link
 * and the process: the file {@value #LIST} names the checkpoint and, line by line, each file that
 * was begun, so that a full sync can go on in the middle of one.
 *
 * <p>Nothing of it is forced while it arrives. What an earlier process has left is read back and
 * compared with its checksums before it is built upon.
 *
 * <p>Thread: a {@code loader}, one at a time, but for {@link #take}, {@link #giveBack} and {@link
 * #position}, which any may call.
 */
public final class IncomingFiles {
  static final String LIST = "RECEIVING";

  private static final Logger LOG = LoggerFactory.getLogger(IncomingFiles.class);
  private static final String FIRST_WORDS = "chronolith-receiving 1 ";

  /** In the place of a checkpoint's id, from a master that does not say it. */
  private static final String UNNAMED = "-";

  private static final int READ_BYTES = 1 << 20;

  /** A file of the checkpoint, as the master describes it. */
  private record Entry(String name, long bytes, int crc32c) {
    String line() {
      return String.format("%d %08x %s%n", bytes, crc32c, name);
    }
  }

  /**
   * Where it stands.
   *
   * @param files that are complete: the first ones, in the order in which they are sent
   * @param fileBytes of the next one which have arrived
   * @param bytes of all files which have arrived
   */
  public record Position(String checkpointId, int files, long fileBytes, long bytes) {}

  private final Generation generation;
  private final String checkpointId;
  private final List<Entry> entries = new ArrayList<>();
  private final AtomicBoolean taken = new AtomicBoolean();
  private final CRC32C crc = new CRC32C();

  /** Complete files, all before the current one, which is the last of the entries if any is. */
  private int complete;

  /** How many of the complete files this process has seen with the right checksum. */
  private int verified;

  /** Whether {@link #crc} is of the current file's bytes so far. */
  private boolean crcKnown = true;

  private long completeBytes;
  private long currentBytes;
  private String damagedBefore = "";
  private FileChannel channel;
  private volatile Position position;

  private IncomingFiles(Generation generation, String checkpointId) {
    this.generation = generation;
    this.checkpointId = checkpointId;
    publish();
  }

  /**
   * Begins in a new generation.
   *
   * @param checkpointId null if the master does not say it: it cannot go on then
   */
  public static IncomingFiles begin(Generation generation, String checkpointId) throws IOException {
    String id = checkpointId == null ? UNNAMED : checkpointId;
    Files.createDirectories(generation.incoming());
    Files.writeString(
        generation.directory().resolve(LIST), FIRST_WORDS + id + "\n", StandardCharsets.UTF_8);
    return new IncomingFiles(generation, id);
  }

  /** What an earlier process has left in a data directory, the newest if there are several. */
  public static Optional<IncomingFiles> find(Path dataDirectory) {
    List<Generation> generations = DataDirectory.generations(dataDirectory);
    for (int i = generations.size() - 1; i >= 0; i--) {
      Generation generation = generations.get(i);
      Path list = generation.directory().resolve(LIST);
      if (Files.exists(list)
          && Files.exists(generation.directory().resolve(DataDirectory.BUILDING))) {
        try {
          return Optional.of(read(generation, Files.readString(list, StandardCharsets.UTF_8)));
        } catch (IOException | IllegalArgumentException e) {
          LOG.info("A full sync does not go on in {}: {}", generation, e.getMessage());
        }
      }
    }
    return Optional.empty();
  }

  private static IncomingFiles read(Generation generation, String list) throws IOException {
    String[] lines = list.split("\n");
    if (!lines[0].startsWith(FIRST_WORDS) || lines[0].equals(FIRST_WORDS + UNNAMED)) {
      throw new IllegalArgumentException(LIST + " begins with '" + lines[0] + "'");
    }
    IncomingFiles found =
        new IncomingFiles(generation, lines[0].substring(FIRST_WORDS.length()).strip());
    for (int i = 1; i < lines.length; i++) {
      String[] words = lines[i].strip().split(" ");
      if (words.length != 3) {
        throw new IllegalArgumentException(LIST + " has the line '" + lines[i] + "'");
      }
      Entry entry =
          new Entry(words[2], Long.parseLong(words[0]), Integer.parseUnsignedInt(words[1], 16));
      Path path = found.path(entry.name());
      long bytes = Files.exists(path) ? Files.size(path) : 0;
      boolean last = i == lines.length - 1;
      if (bytes > entry.bytes() || (!last && bytes < entry.bytes())) {
        throw new IllegalArgumentException(
            path + " has " + bytes + " bytes instead of " + entry.bytes());
      }
      found.entries.add(entry);
      if (last && entry.name().equals(MetaFile.NAME)) {
        Files.deleteIfExists(path);
        bytes = 0;
      }
      if (bytes == entry.bytes()) {
        found.complete++;
        found.completeBytes += bytes;
      } else {
        found.currentBytes = bytes;
        found.crcKnown = bytes == 0;
      }
    }
    found.publish();
    return found;
  }

  public Generation generation() {
    return generation;
  }

  public Position position() {
    return position;
  }

  /** Makes the caller the only one that goes on with it; false if somebody else does. */
  public boolean take() {
    return taken.compareAndSet(false, true);
  }

  public void giveBack() {
    taken.set(false);
  }

  /**
   * Reads back what this process has not written itself.
   *
   * @throws IOException if it cannot be read, or is not what the master has
   */
  public void verify() throws IOException {
    for (; verified < complete; verified++) {
      Entry entry = entries.get(verified);
      CRC32C read = new CRC32C();
      read(path(entry.name()), read);
      if ((int) read.getValue() != entry.crc32c()) {
        throw new IOException(path(entry.name()) + " is damaged: its checksum does not match");
      }
    }
    if (!crcKnown) {
      crc.reset();
      long bytes = read(path(current().name()), crc);
      if (bytes != currentBytes) {
        throw new IOException(path(current().name()) + " has changed its size");
      }
      crcKnown = true;
    }
  }

  private static long read(Path path, CRC32C into) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(READ_BYTES);
    long bytes = 0;
    try (FileChannel from = FileChannel.open(path, StandardOpenOption.READ)) {
      for (int read; (read = from.read(buffer.clear())) >= 0; ) {
        into.update(buffer.flip());
        bytes += read;
      }
    }
    return bytes;
  }

  /**
   * The next file begins, or the current one goes on.
   *
   * @throws IOException if it is another one than before, points out of the directory, or is larger
   *     than what it is called can be
   */
  public void file(String name, long bytes, int crc32c) throws IOException {
    Entry entry = new Entry(name, bytes, crc32c);
    if (complete < entries.size()) {
      if (!current().equals(entry)) {
        throw new IOException(
            "the master goes on with " + name + " instead of " + current().name());
      }
    } else {
      if (!path(name).getParent().equals(generation.incoming())) {
        throw new IOException("the master sent a file named '" + name + "'");
      }
      if (name.equals(MetaFile.NAME) && bytes > MetaFile.MAX_BYTES) {
        throw new IOException("the master sent a file " + name + " of " + bytes + " bytes");
      }
      Files.writeString(
          generation.directory().resolve(LIST), entry.line(), StandardOpenOption.APPEND);
      entries.add(entry);
      crc.reset();
      currentBytes = 0;
    }
    channel =
        FileChannel.open(
            path(name),
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.APPEND);
    if (channel.size() != currentBytes) {
      throw new IOException(path(name) + " has changed its size");
    }
    publish();
  }

  /** Of all files that have begun. */
  public long announcedBytes() {
    return entries.stream().mapToLong(Entry::bytes).sum();
  }

  /** Writes bytes of the current file and takes them off {@code bytes}. */
  public void write(ByteBuf bytes) throws IOException {
    crc.update(bytes.nioBuffer());
    while (bytes.isReadable()) {
      currentBytes += bytes.readBytes(channel, bytes.readableBytes());
    }
    publish();
  }

  /**
   * The current file is complete.
   *
   * @throws DamagedException if it is not what the master has; it begins anew then
   */
  public void endFile() throws IOException {
    Entry entry = current();
    closeChannel();
    if ((int) crc.getValue() != entry.crc32c()) {
      int arrived = (int) crc.getValue();
      boolean again = entry.name().equals(damagedBefore);
      damagedBefore = entry.name();
      Files.delete(path(entry.name()));
      crc.reset();
      currentBytes = 0;
      publish();
      throw new DamagedException(entry.name(), arrived, entry.crc32c(), again);
    }
    completeBytes += entry.bytes();
    currentBytes = 0;
    complete++;
    verified++;
    publish();
  }

  /**
   * All files are there: from now on a crash removes them.
   *
   * @throws IOException if the whole is not the checkpoint that the master has named
   */
  public void end() throws IOException {
    Path meta = path(MetaFile.NAME);
    String id = MetaFile.decode(Files.readAllBytes(meta), meta.toString()).id();
    if (!id.equals(checkpointId) && !checkpointId.equals(UNNAMED)) {
      throw new IOException("checkpoint " + id + " arrived instead of " + checkpointId);
    }
    Files.delete(generation.directory().resolve(LIST));
  }

  /** A file did not arrive as it was sent. */
  public static final class DamagedException extends IOException {
    private static final long serialVersionUID = 1L;
    private final boolean again;

    DamagedException(String name, int arrived, int expected, boolean again) {
      super(
          String.format(
              "file %s arrived with checksum %08x instead of %08x", name, arrived, expected));
      this.again = again;
    }

    /** Whether the same file came damaged before: it may not be the way that damages it. */
    public boolean again() {
      return again;
    }
  }

  /**
   * Closes what is open; it can go on later. META is small and comes in one piece: a master does
   * not go on in the middle of it, nor behind it. So what there is of it goes.
   */
  public void closeFile() throws IOException {
    closeChannel();
    if (!entries.isEmpty() && current().name().equals(MetaFile.NAME)) {
      Files.deleteIfExists(path(MetaFile.NAME));
      if (complete == entries.size()) {
        complete--;
        verified = Math.min(verified, complete);
        completeBytes -= current().bytes();
      }
      crc.reset();
      currentBytes = 0;
      publish();
    }
  }

  private void closeChannel() throws IOException {
    if (channel != null) {
      channel.close();
      channel = null;
    }
  }

  private Entry current() {
    return entries.get(entries.size() - 1);
  }

  private Path path(String name) {
    return generation.incoming().resolve(name);
  }

  private void publish() {
    position = new Position(checkpointId, complete, currentBytes, completeBytes + currentBytes);
  }
}
