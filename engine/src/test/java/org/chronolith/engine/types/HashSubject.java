package org.chronolith.engine.types;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.chronolith.engine.keyspace.TypeSupport;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.engine.types.hash.HashType;
import org.chronolith.engine.types.hash.HashValue;

final class HashSubject implements Subject {
  private final Map<String, String> model = new TreeMap<>();
  private final HashType type;
  private final HashValue hash;
  private final HashValue reader;
  private final StoredBytes out;

  HashSubject(CollectionMemory memory) {
    type = new HashType(memory);
    hash = new HashValue(memory, type).open(Encoding.COMPACT, 0);
    reader = new HashValue(memory, type);
    out = new StoredBytes(memory.slabs());
  }

  @Override
  public void step(Random random, boolean growing) {
    String field = Subject.word(random, 300);
    if (random.nextInt(10) < (growing ? 7 : 2)) {
      String value = Subject.word(random, 1_000_000);
      boolean isNew = model.put(field, value) == null;
      assertEquals(isNew, hash.set(Subject.slice(field), Subject.slice(value)));
    } else {
      assertEquals(model.remove(field) != null, hash.remove(Subject.slice(field)));
    }
    assertEquals(model.size(), hash.size());
    String other = Subject.word(random, 300);
    boolean there = hash.get(Subject.slice(other), out);
    assertEquals(model.get(other), there ? Subject.text(out) : null);
    if (encoding() == Encoding.LARGE) {
      type.table().validate(root());
    }
    if (size() > 0) {
      StoredBytes name = new StoredBytes(slabs());
      hash.random(random, name, out);
      assertEquals(model.get(Subject.text(name)), Subject.text(out));
    }
  }

  private org.chronolith.engine.memory.SlabAllocator slabs() {
    return type.slabs;
  }

  @Override
  public void add(int length) {
    String field = "f".repeat(length);
    String value = "v".repeat(length + 1);
    model.put(field, value);
    hash.set(Subject.slice(field), Subject.slice(value));
  }

  @Override
  public List<String> expected() {
    List<String> all = new ArrayList<>();
    model.forEach((field, value) -> all.add(field + "=" + value));
    return all;
  }

  @Override
  public List<String> read(int encoding, long root) {
    Map<String, String> read = new TreeMap<>();
    reader
        .open(encoding, root)
        .forEach((f, v) -> assertEquals(null, read.put(Subject.text(f), Subject.text(v))));
    List<String> all = new ArrayList<>();
    read.forEach((field, value) -> all.add(field + "=" + value));
    return all;
  }

  @Override
  public void moved(long root) {
    hash.open(encoding(), root);
  }

  @Override
  public void clear() {
    model.clear();
    hash.open(Encoding.COMPACT, 0);
  }

  @Override
  public TypeSupport type() {
    return type;
  }

  @Override
  public int encoding() {
    return hash.encoding();
  }

  @Override
  public long root() {
    return hash.root();
  }

  @Override
  public long size() {
    return hash.size();
  }
}
