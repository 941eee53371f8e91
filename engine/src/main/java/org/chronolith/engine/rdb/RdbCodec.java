package org.chronolith.engine.rdb;

import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.keyspace.ValueType;
import org.chronolith.engine.types.CollectionTypes;
import org.chronolith.engine.types.CollectionValue;
import org.chronolith.engine.types.Encoding;
import org.chronolith.engine.types.zset.ScoreText;

/**
 * This server's types of values in an RDB: how a value is written, and how one that is read grows.
 * A new type is one more row here, and one for each of its forms in {@link RdbType}.
 */
enum RdbCodec {
  STRING(ValueType.STRING, RdbValueWriter::string, null, 1, null),
  LIST(
      ValueType.LIST,
      RdbValueWriter::list,
      types -> types.lists().open(Encoding.COMPACT, 0),
      1,
      (types, element, none) -> {
        types.lists().pushLast(element);
        return null;
      }),
  SET(
      ValueType.SET,
      RdbValueWriter::set,
      types -> types.sets().open(Encoding.COMPACT, 0),
      1,
      (types, member, none) -> types.sets().add(member) ? null : "a set has a member twice"),
  HASH(
      ValueType.HASH,
      RdbValueWriter::hash,
      types -> types.hashes().open(Encoding.COMPACT, 0),
      2,
      (types, field, value) ->
          types.hashes().set(field, value) ? null : "a hash has a field twice"),
  ZSET(
      ValueType.ZSET,
      RdbValueWriter::zset,
      types -> types.zsets().open(Encoding.COMPACT, 0),
      2,
      (types, member, score) -> addScored(types, member, ScoreText.parse(score)));

  /** Writes a value without its type. */
  interface Writer {
    void write(RdbValueWriter to, Database db, long entry);
  }

  /** Gives an empty value that is no key's yet; the types' own one, which grows. */
  interface Maker {
    CollectionValue empty(CollectionTypes types);
  }

  /** Adds an element to the value at hand; why it is damaged, or null. */
  interface Adder {
    String add(CollectionTypes types, Slice first, Slice second);
  }

  private static final RdbCodec[] BY_VALUE_TYPE = new RdbCodec[ValueType.LIMIT];

  static {
    for (RdbCodec codec : values()) {
      BY_VALUE_TYPE[codec.valueType] = codec;
    }
  }

  private final int valueType;
  private final Writer writer;
  private final Maker maker;
  private final int partsEach;
  private final Adder adder;

  /**
   * @param maker null for what is no collection
   * @param partsEach strings that make an element
   */
  RdbCodec(int valueType, Writer writer, Maker maker, int partsEach, Adder adder) {
    this.valueType = valueType;
    this.writer = writer;
    this.maker = maker;
    this.partsEach = partsEach;
    this.adder = adder;
  }

  /** Of an entry's value. */
  static RdbCodec of(Database db, long entry) {
    return BY_VALUE_TYPE[db.type(entry)];
  }

  /** Why a member with its score cannot be added to the sorted set at hand, or null. */
  static String addScored(CollectionTypes types, Slice member, double score) {
    if (Double.isNaN(score)) {
      return "a score that is not a number";
    }
    return types.zsets().set(member, score) ? null : "a sorted set has a member twice";
  }

  Writer writer() {
    return writer;
  }

  boolean isCollection() {
    return maker != null;
  }

  CollectionValue empty(CollectionTypes types) {
    return maker.empty(types);
  }

  int partsEach() {
    return partsEach;
  }

  /** Adds an element of one part or two; why it is damaged, or null. */
  String add(CollectionTypes types, Slice first, Slice second) {
    return adder.add(types, first, second);
  }
}
