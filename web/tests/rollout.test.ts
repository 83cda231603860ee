import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";

import { bucketOf, choose, fetchRollout, fnv1a } from "../rollout.js";
import type { Document, Rollout, User } from "../rollout.js";

interface Vectors {
  hashes: { text: string; hash: number }[];
  choices: { rollout: Rollout; user: User; document?: Document; use: string; reason: string }[];
}

const vectors = JSON.parse(readFileSync("tests/core/rollout.json", "utf8")) as Vectors;

test("ids hash as the algorithm says, whatever their script", () => {
  for (const { text, hash } of vectors.hashes) assert.equal(fnv1a(text), hash, text);
});

for (const [number, { rollout, user, document, use, reason }] of vectors.choices.entries()) {
  test(`choice ${number}: ${user.id} uses the ${use} system (${reason})`, () => {
    const choice = choose(rollout, user, document);
    assert.deepEqual([choice.use, choice.reason], [use, reason]);
    assert.equal(choice.bucket, bucketOf(user.id));
  });
}

test("a page decides by what the service says, and uses the older system when it says nothing", async () => {
  const all: Rollout = { percentage: 100, users: [], rules: [] };
  const server = createServer((request, response) => {
    const known = request.url === "/v2/rollout" && request.headers.authorization === "Bearer good";
    response.writeHead(known ? 200 : 401).end(JSON.stringify({ use: "new", rollout: all }));
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const use = async (token: string) => choose(await fetchRollout(url, token), { id: "ann" }).use;
  assert.equal(await use("good"), "new");
  assert.equal(await use("bad"), "old");
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  assert.equal(await use("good"), "old");
});
