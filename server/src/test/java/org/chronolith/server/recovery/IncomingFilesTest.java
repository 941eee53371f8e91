package org.chronolith.server.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;
import org.chronolith.engine.snapshot.MetaFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IncomingFilesTest {
  private static final String ID = "77-0badcafe";

  @TempDir Path directory;
  private DataDirectory data;
  private Generation generation;

  @BeforeEach
  void make() {
    data = DataDirectory.open(directory);
    generation = data.newGeneration();
  }

  @AfterEach
  void close() {
    data.close();
  }

  private static int crc(String text) {
    CRC32C crc = new CRC32C();
    crc.update(text.getBytes(StandardCharsets.US_ASCII));
    return (int) crc.getValue();
  }

  private static void write(IncomingFiles files, String text) throws IOException {
    files.write(Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.US_ASCII)));
  }

  /** One whole file, and a half. */
  private IncomingFiles begun() throws IOException {
    IncomingFiles files = IncomingFiles.begin(generation, ID);
    files.file("000001.sst", 5, crc("first"));
    write(files, "first");
    files.endFile();
    files.file("000002.sst", 6, crc("second"));
    write(files, "sec");
    files.closeFile();
    return files;
  }

  private IncomingFiles found() {
    return IncomingFiles.find(directory).orElseThrow();
  }

  @Test
  void shouldGoOnInTheSameProcessAndInTheNext() throws IOException {
    IncomingFiles files = begun();
    assertEquals(new IncomingFiles.Position(ID, 1, 3, 8), files.position());
    IncomingFiles next = found();
    assertEquals(files.position(), next.position());
    assertEquals(generation, next.generation());
    for (IncomingFiles one : new IncomingFiles[] {files, next}) {
      one.verify();
      one.file("000002.sst", 6, crc("second"));
      assertEquals(new IncomingFiles.Position(ID, 1, 3, 8), one.position());
      if (one == next) {
        write(one, "ond");
        one.endFile();
        assertEquals(new IncomingFiles.Position(ID, 2, 0, 11), one.position());
      }
      one.closeFile();
    }
    assertEquals("second", Files.readString(generation.incoming().resolve("000002.sst")));
  }

  @Test
  void shouldBeginADamagedFileAnewAndSayWhenItIsDamagedAgain() throws IOException {
    IncomingFiles files = begun();
    for (boolean again : new boolean[] {false, true}) {
      files.file("000002.sst", 6, crc("second"));
      write(files, again ? "sEcond" : "omd");
      IncomingFiles.DamagedException damaged =
          assertThrows(IncomingFiles.DamagedException.class, files::endFile);
      assertEquals(again, damaged.again());
      assertTrue(damaged.getMessage().startsWith("file 000002.sst arrived with checksum"));
      assertEquals(new IncomingFiles.Position(ID, 1, 0, 5), files.position());
      assertEquals(files.position(), found().position());
    }
  }

  /** All files but META, and so many bytes of it. */
  private IncomingFiles begunUpToMeta(int metaBytes) throws IOException {
    IncomingFiles files = IncomingFiles.begin(generation, ID);
    files.file("000001.sst", 5, crc("first"));
    write(files, "first");
    files.endFile();
    files.file(MetaFile.NAME, 4, crc("meta"));
    write(files, "meta".substring(0, metaBytes));
    if (metaBytes == 4) {
      files.endFile();
    }
    return files;
  }

  @Test
  void shouldAskForAllOfMetaHoweverMuchOfItHasCome() throws IOException {
    for (int metaBytes : new int[] {0, 2, 4}) {
      IncomingFiles files = begunUpToMeta(metaBytes);
      // A crash now: the next process finds what is on disk.
      IncomingFiles next = found();
      assertEquals(new IncomingFiles.Position(ID, 1, 0, 5), next.position());
      files.closeFile();
      assertEquals(new IncomingFiles.Position(ID, 1, 0, 5), files.position());
      for (IncomingFiles one : new IncomingFiles[] {files, found()}) {
        one.verify();
        one.file(MetaFile.NAME, 4, crc("meta"));
        write(one, "meta");
        one.endFile();
        assertEquals(new IncomingFiles.Position(ID, 2, 0, 9), one.position());
        one.closeFile();
      }
      data.remove(generation);
      generation = data.newGeneration();
    }
  }

  @Test
  void shouldFindDamageInWhatAnEarlierProcessHasLeft() throws IOException {
    begun();
    Path first = generation.incoming().resolve("000001.sst");
    Files.writeString(first, "fIrst");
    IOException damaged = assertThrows(IOException.class, found()::verify);
    assertTrue(damaged.getMessage().startsWith(first + " is damaged"), damaged.getMessage());
  }

  @Test
  void shouldNotGoOnFromWhatDoesNotFitItsList() throws IOException {
    begun();
    Path first = generation.incoming().resolve("000001.sst");
    Files.writeString(first, "!", StandardOpenOption.APPEND);
    assertTrue(IncomingFiles.find(directory).isEmpty());
    Files.writeString(first, "firs");
    assertTrue(IncomingFiles.find(directory).isEmpty());
    Files.writeString(first, "first");
    assertTrue(IncomingFiles.find(directory).isPresent());
    Path list = generation.directory().resolve(IncomingFiles.LIST);
    Files.writeString(list, "5 ", StandardOpenOption.APPEND);
    assertTrue(IncomingFiles.find(directory).isEmpty());
    Files.writeString(list, "");
    assertTrue(IncomingFiles.find(directory).isEmpty());
  }

  @Test
  void shouldNotGoOnFromAMasterThatNamesNoCheckpoint() throws IOException {
    IncomingFiles files = IncomingFiles.begin(generation, null);
    files.file("000001.sst", 5, crc("first"));
    write(files, "fi");
    files.closeFile();
    assertTrue(IncomingFiles.find(directory).isEmpty());
  }

  @Test
  void shouldRefuseAnotherFileThanTheOneBegun() throws IOException {
    IncomingFiles files = begun();
    assertThrows(IOException.class, () -> files.file("000003.sst", 6, crc("second")));
    assertThrows(IOException.class, () -> files.file("000002.sst", 7, crc("second")));
    IncomingFiles fresh = IncomingFiles.begin(data.newGeneration(), ID);
    assertThrows(IOException.class, () -> fresh.file("../000003.sst", 6, crc("second")));
    assertThrows(
        IOException.class, () -> fresh.file(MetaFile.NAME, MetaFile.MAX_BYTES + 1, crc("meta")));
    assertEquals(0, fresh.announcedBytes());
    fresh.file(MetaFile.NAME, MetaFile.MAX_BYTES, crc("meta"));
    assertEquals(MetaFile.MAX_BYTES, fresh.announcedBytes());
  }

  @Test
  void shouldStayOverTheStartOfAReplicaOnly() throws IOException {
    Generation live = data.newGeneration();
    data.switchTo(live);
    begun();
    data.removeOthers(live, true);
    assertTrue(Files.exists(generation.directory()));
    data.removeOthers(live, false);
    assertFalse(Files.exists(generation.directory()));
    assertTrue(Files.exists(live.directory()));
  }

  @Test
  void shouldBeTakenByOneOnly() throws IOException {
    IncomingFiles files = begun();
    assertTrue(files.take());
    assertFalse(files.take());
    files.giveBack();
    assertTrue(files.take());
  }
}
