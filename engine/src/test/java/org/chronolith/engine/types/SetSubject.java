package org.chronolith.engine.types;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.chronolith.engine.keyspace.TypeSupport;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.engine.types.set.SetType;
import org.chronolith.engine.types.set.SetValue;

final class SetSubject implements Subject {
  private final TreeSet<String> model = new TreeSet<>();
  private final SetType type;
  private final SetValue set;
  private final SetValue reader;
  private final StoredBytes out;

  SetSubject(CollectionMemory memory) {
    type = new SetType(memory);
    set = new SetValue(memory, type).open(Encoding.COMPACT, 0);
    reader = new SetValue(memory, type);
    out = new StoredBytes(memory.slabs());
  }

  @Override
  public void step(Random random, boolean growing) {
    String member = Subject.word(random, 300);
    if (random.nextInt(10) < (growing ? 7 : 2)) {
      assertEquals(model.add(member), set.add(Subject.slice(member)));
    } else {
      assertEquals(model.remove(member), set.remove(Subject.slice(member)));
    }
    assertEquals(model.size(), set.size());
    String other = Subject.word(random, 300);
    assertEquals(model.contains(other), set.contains(Subject.slice(other)));
    if (encoding() == Encoding.LARGE) {
      type.table().validate(root());
    }
    if (size() > 0) {
      set.random(random, out);
      assertTrue(model.contains(Subject.text(out)));
    }
  }

  @Override
  public void add(int length) {
    String member = "m".repeat(length);
    model.add(member);
    set.add(Subject.slice(member));
  }

  @Override
  public List<String> expected() {
    return new ArrayList<>(model);
  }

  @Override
  public List<String> read(int encoding, long root) {
    TreeSet<String> read = new TreeSet<>();
    reader
        .open(encoding, root)
        .forEach((member, nothing) -> assertTrue(read.add(Subject.text(member))));
    return new ArrayList<>(read);
  }

  @Override
  public void moved(long root) {
    set.open(encoding(), root);
  }

  @Override
  public void clear() {
    model.clear();
    set.open(Encoding.COMPACT, 0);
  }

  @Override
  public TypeSupport type() {
    return type;
  }

  @Override
  public int encoding() {
    return set.encoding();
  }

  @Override
  public long root() {
    return set.root();
  }

  @Override
  public long size() {
    return set.size();
  }
}
