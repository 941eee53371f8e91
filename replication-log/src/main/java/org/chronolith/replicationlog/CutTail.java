package org.chronolith.replicationlog;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The file in which a start keeps what it has cut of a segment's end: the segment's bytes from its
 * last commit on, and so documents like a segment's, as far as they are whole. It has no identity
 * in front; its name says where in the stream it begins.
 *
 * @param offset of the stream's first byte that was cut
 */
record CutTail(Path file, long offset) {
  private static final String PREFIX = "from-";
  private static final String OFFSET = "-offset-";
  private static final Pattern NAME =
      Pattern.compile(PREFIX + "\\d{1,18}" + OFFSET + "(\\d{1,18})");

  /** What is cut of {@code segment}, to be kept in the directory {@code aside}. */
  static CutTail of(Segment segment, Path aside) {
    String name = PREFIX + segment.committedPosition + OFFSET + segment.endOffset;
    return new CutTail(aside.resolve(name), segment.endOffset);
  }

  /** Empty if the file's name is not that of one. */
  static Optional<CutTail> of(Path file) {
    Matcher name = NAME.matcher(file.getFileName().toString());
    return name.matches()
        ? Optional.of(new CutTail(file, Long.parseLong(name.group(1))))
        : Optional.empty();
  }

  /** The one that is kept in a directory, if there is one. */
  static Optional<CutTail> in(Path aside) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(aside, PREFIX + "*")) {
      for (Path file : files) {
        Optional<CutTail> tail = of(file);
        if (tail.isPresent()) {
          return tail;
        }
      }
    }
    return Optional.empty();
  }
}
