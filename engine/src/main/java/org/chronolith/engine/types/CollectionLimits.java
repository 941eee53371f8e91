package org.chronolith.engine.types;

/**
 * How long collections keep their compact form. A collection that passes a limit is converted once
 * and never back.
 *
 * @param hashMaxEntries most fields of a compact hash ({@code hash-max-listpack-entries})
 * @param hashMaxValueBytes longest field or value of a compact hash
 * @param setMaxEntries most members of a compact set
 * @param setMaxValueBytes longest member of a compact set
 * @param zsetMaxEntries most members of a compact sorted set ({@code zset-max-listpack-entries})
 * @param zsetMaxValueBytes longest member of a compact sorted set
 * @param listBlockBytes bytes of elements in a block of a list ({@code list-max-listpack-size -2})
 */
public record CollectionLimits(
    int hashMaxEntries,
    int hashMaxValueBytes,
    int setMaxEntries,
    int setMaxValueBytes,
    int zsetMaxEntries,
    int zsetMaxValueBytes,
    int listBlockBytes) {
  /** Redis's defaults. */
  public static final CollectionLimits DEFAULTS =
      new CollectionLimits(128, 64, 128, 64, 128, 64, 8 << 10);
}
