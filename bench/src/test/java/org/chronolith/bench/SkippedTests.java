package org.chronolith.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;
import org.xml.sax.helpers.DefaultHandler;

/**
 * Run by the build after the last module's slow tests: reads the test reports of all modules and
 * prints the tests that were skipped, each with its reason. A build that compared nothing with the
 * real programs must not look like one that did.
 */
public final class SkippedTests {

  private static final List<String> REPORT_DIRECTORIES =
      List.of("target/surefire-reports", "target/failsafe-reports");

  private SkippedTests() {}

  /**
   * @param arguments the root directory of the project
   * @throws IOException if a report cannot be read
   */
  public static void main(String[] arguments) throws IOException {
    print(find(Path.of(arguments[0])), System.out);
  }

  static void print(List<String> skipped, PrintStream out) {
    if (skipped.isEmpty()) {
      out.println("No test was skipped.");
      return;
    }
    out.println("Skipped tests: " + skipped.size());
    skipped.forEach(line -> out.println("  " + line));
  }

  /** One line per skipped test of any module below {@code root}, in the order of their names. */
  static List<String> find(Path root) throws IOException {
    List<String> skipped = new ArrayList<>();
    try (Stream<Path> modules = Files.list(root)) {
      for (Path module : modules.sorted().toList()) {
        for (String reports : REPORT_DIRECTORIES) {
          readDirectory(module.resolve(reports), skipped);
        }
      }
    }
    return skipped;
  }

  private static void readDirectory(Path reports, List<String> skipped) throws IOException {
    if (!Files.isDirectory(reports)) {
      return;
    }
    try (Stream<Path> files = Files.list(reports)) {
      for (Path file : files.sorted().toList()) {
        String name = file.getFileName().toString();
        if (name.startsWith("TEST-") && name.endsWith(".xml")) {
          readReport(file, skipped);
        }
      }
    }
  }

  private static void readReport(Path file, List<String> skipped) throws IOException {
    NodeList marks;
    try {
      DocumentBuilder builder = DocumentBuilderFactory.newInstance().newDocumentBuilder();
      // The default handler prints what is thrown as well.
      builder.setErrorHandler(new DefaultHandler());
      marks = builder.parse(file.toFile()).getElementsByTagName("skipped");
    } catch (SAXException | ParserConfigurationException e) {
      throw new IOException("cannot read the test report " + file, e);
    }
    for (int i = 0; i < marks.getLength(); i++) {
      Node test = marks.item(i).getParentNode();
      skipped.add(describe((Element) test) + ": " + reason((Element) marks.item(i)));
    }
  }

  private static String describe(Element test) {
    String type = test.getAttribute("classname");
    String name = test.getAttribute("name");
    String simpleType = type.substring(type.lastIndexOf('.') + 1);
    return name.isEmpty() || name.equals(type) ? simpleType : simpleType + "." + name;
  }

  private static String reason(Element mark) {
    String message = mark.getAttribute("message");
    return message.isEmpty() ? "no reason was given" : message;
  }
}
