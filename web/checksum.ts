/**
 * Checksum: the SHA-256 of a file, which a page tells when it announces an upload (`POST /v2/uploads`, field `sha256`).
 *
 * The store then refuses other bytes, and bytes that are known are known again in whatever way they came before. It is
 * optional: a page that leaves it out loses no more than that.
 */

/** Bytes of the largest file whose checksum is taken: browsers digest a file only as a whole, in memory. */
export const LARGEST = 64 * 1024 * 1024;

/**
 * The SHA-256 of a file in hexadecimal digits; undefined for one that is larger than `largest`, and where the page may not
 * digest because it came over plain HTTP.
 */
export async function sha256Of(file: Blob, largest: number = LARGEST): Promise<string | undefined> {
  const digests: SubtleCrypto | undefined = globalThis.crypto?.subtle;
  if (digests === undefined || file.size > largest) return undefined;
  const digest = await digests.digest("SHA-256", await file.arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
