package org.chronolith.replicationlog;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;

class LogExceptionTest {
  @Test
  void shouldGiveTheReasonInTheSystemsWords() {
    assertEquals("/a: No such file or directory", reason(new NoSuchFileException("/a")));
    assertEquals("/a: Permission denied", reason(new AccessDeniedException("/a")));
    assertEquals("/a: File exists", reason(new FileAlreadyExistsException("/a")));
    assertEquals(
        "/a: No space left on device",
        reason(new FileSystemException("/a", null, "No space left on device")));
    assertEquals("Is a directory", reason(new FileSystemException(null, null, "Is a directory")));
    assertEquals("/a: FileSystemException", reason(new FileSystemException("/a")));
    assertEquals("No space left on device", reason(new IOException("No space left on device")));
    assertEquals(
        "/a: No such file or directory",
        reason(new UncheckedIOException(new NoSuchFileException("/a"))));
    assertEquals("java.io.EOFException", reason(new EOFException()));
  }

  private static String reason(Throwable cause) {
    return LogException.reasonOf(cause);
  }
}
