import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { LARGEST, sha256Of } from "../checksum.js";

const bytes = Uint8Array.from({ length: 1000 }, (_, place) => place % 256);

/** A file that is never read. */
class Unread extends Blob {
  constructor(readonly length: number) {
    super();
  }

  override get size(): number {
    return this.length;
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    throw new Error("read into memory");
  }
}

test("the digest is that of the bytes, in hexadecimal digits as the service takes it", async () => {
  const digest = await sha256Of(new Blob([bytes]));
  assert.equal(digest, createHash("sha256").update(bytes).digest("hex"));
  assert.match(digest, /^[0-9a-f]{64}$/);
});

test("a large file is not read into memory", async () => {
  assert.equal(await sha256Of(new Unread(LARGEST + 1)), undefined);
  assert.equal(await sha256Of(new Blob([bytes]), bytes.length - 1), undefined);
  assert.notEqual(await sha256Of(new Blob([bytes]), bytes.length), undefined);
});

test("a page over plain HTTP goes without", async () => {
  const given = Object.getOwnPropertyDescriptor(globalThis, "crypto")!;
  Object.defineProperty(globalThis, "crypto", { value: {}, configurable: true });
  try {
    assert.equal(await sha256Of(new Blob([bytes])), undefined);
  } finally {
    Object.defineProperty(globalThis, "crypto", given);
  }
});
