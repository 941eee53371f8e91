package org.chronolith.engine.types;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.chronolith.engine.keyspace.TypeSupport;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.engine.types.list.ListType;
import org.chronolith.engine.types.list.ListValue;

final class ListSubject implements Subject {
  private final List<String> model = new ArrayList<>();
  private final ListType type;
  private final ListValue list;
  private final ListValue reader;
  private final StoredBytes out;

  ListSubject(CollectionMemory memory) {
    type = new ListType(memory);
    list = new ListValue(memory, type).open(Encoding.COMPACT, 0);
    reader = new ListValue(memory, type);
    out = new StoredBytes(memory.slabs());
  }

  @Override
  public void step(Random random, boolean growing) {
    boolean first = random.nextBoolean();
    if (!model.isEmpty() && random.nextInt(3) == 0) {
      edit(random, growing);
    } else if (random.nextInt(10) < (growing ? 7 : 3)) {
      String value = Subject.word(random, 1_000_000);
      if (first) {
        list.pushFirst(Subject.slice(value));
        model.add(0, value);
      } else {
        list.pushLast(Subject.slice(value));
        model.add(value);
      }
    } else {
      int howMany = random.nextInt(4);
      int from = first ? 0 : Math.max(0, model.size() - howMany);
      model.subList(from, Math.min(model.size(), from + howMany)).clear();
      if (first) {
        list.removeFirst(howMany);
      } else {
        list.removeLast(howMany);
      }
    }
    assertEquals(model.size(), list.size());
    int index = random.nextInt(model.size() + 1);
    assertEquals(index < model.size(), list.seek(index));
    if (index < model.size()) {
      list.element(out);
      assertEquals(model.get(index), Subject.text(out));
      assertEquals(index > 0, list.previous());
    }
  }

  /** A change in the middle, which leaves the cursor where it says. */
  private void edit(Random random, boolean growing) {
    int index = random.nextInt(model.size());
    String value = Subject.word(random, 50);
    assertTrue(list.seek(index));
    assertEquals(model.get(index).equals(value), list.matches(Subject.slice(value)));
    switch (random.nextInt(growing ? 4 : 6)) {
      case 0 -> {
        list.insertBefore(Subject.slice(value));
        model.add(index, value);
      }
      case 1 -> {
        list.insertAfter(Subject.slice(value));
        model.add(++index, value);
      }
      case 2 -> {
        list.replace(Subject.slice(value));
        model.set(index, value);
      }
      default -> {
        model.remove(index);
        assertEquals(index < model.size(), list.remove());
      }
    }
    if (index < model.size()) {
      list.element(out);
      assertEquals(model.get(index), Subject.text(out));
    }
  }

  @Override
  public void add(int length) {
    String value = "v".repeat(length);
    model.add(value);
    list.pushLast(Subject.slice(value));
  }

  @Override
  public List<String> expected() {
    return new ArrayList<>(model);
  }

  @Override
  public List<String> read(int encoding, long root) {
    List<String> read = new ArrayList<>();
    reader.open(encoding, root);
    for (boolean there = reader.seek(0); there; there = reader.next()) {
      reader.element(out);
      read.add(Subject.text(out));
    }
    return read;
  }

  @Override
  public void moved(long root) {
    list.open(encoding(), root);
  }

  @Override
  public void clear() {
    model.clear();
    list.open(Encoding.COMPACT, 0);
  }

  @Override
  public TypeSupport type() {
    return type;
  }

  @Override
  public int encoding() {
    return list.encoding();
  }

  @Override
  public long root() {
    return list.root();
  }

  @Override
  public long size() {
    return list.size();
  }
}
