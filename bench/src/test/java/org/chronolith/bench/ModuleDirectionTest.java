package org.chronolith.bench;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The directions between the modules, and the packages that keep a library to themselves. */
final class ModuleDirectionTest {

  private static final String ENGINE = "org.chronolith.engine..";
  private static final String LOG = "org.chronolith.replicationlog..";
  private static final String NETWORK = "org.chronolith.network..";
  private static final String SERVER = "org.chronolith.server..";
  private static final String BENCH = "org.chronolith.bench..";

  private static JavaClasses classes;

  @BeforeAll
  static void importProductionClasses() {
    ImportOption noTestJar = location -> !location.contains("-tests.jar");
    classes =
        new ClassFileImporter(List.of(new ImportOption.DoNotIncludeTests(), noTestJar))
            .importPackages("org.chronolith");
  }

  @Test
  void shouldSeeEveryModule() {
    for (String module : List.of(ENGINE, LOG, NETWORK, SERVER, BENCH)) {
      String root = module.substring(0, module.length() - 2);
      assertTrue(
          classes.stream().anyMatch(found -> found.getPackageName().startsWith(root)),
          "no class was imported from " + root);
    }
  }

  @Test
  void shouldKeepTheLeavesIgnorantOfEachOther() {
    check(none(ENGINE, LOG, NETWORK, SERVER));
    check(none(LOG, ENGINE, NETWORK, SERVER));
    check(none(NETWORK, ENGINE, LOG, SERVER));
  }

  @Test
  void shouldLetNobodyDependOnBench() {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackage(BENCH)
            .should()
            .dependOnClassesThat()
            .resideInAPackage(BENCH));
  }

  @Test
  void shouldKeepChannelsInNetwork() {
    check(
        onlyIn(NETWORK, "io.netty.channel..", "io.netty.bootstrap..", "io.netty.handler.codec.."));
  }

  @Test
  void shouldKeepRocksDbInTheSnapshotPackage() {
    check(onlyIn("org.chronolith.engine.snapshot..", "org.rocksdb.."));
  }

  @Test
  void shouldKeepChronicleInOnePackage() {
    check(onlyIn("org.chronolith.replicationlog.chronicle..", "net.openhft.."));
  }

  private static ArchRule none(String module, String... others) {
    return noClasses()
        .that()
        .resideInAPackage(module)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(others);
  }

  private static ArchRule onlyIn(String owner, String... library) {
    return noClasses()
        .that()
        .resideOutsideOfPackage(owner)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(library);
  }

  private static void check(ArchRule rule) {
    rule.allowEmptyShould(true).check(classes);
  }
}
