/**
 * Rollout: which system takes a document while the older one runs beside this one.
 *
 * A page asks the service once (`fetchRollout`) and then decides for each file by itself (`choose`). The same rules are in
 * `core/rollout.py`; `tests/core/rollout.json` holds both to them.
 */

export type Use = "new" | "old";
export type Reason = "paused" | "listed" | "rule" | "percentage";

/** Where documents go that fit it in every respect. In patterns, `*` stands for anything; case does not count. */
export interface Rule {
  readonly use: Use;
  readonly name?: string;
  readonly contentType?: string;
  readonly largerThanMb?: number;
}

/** How far the rollout is, as `GET /v2/rollout` says it in `rollout`. */
export interface Rollout {
  readonly paused?: boolean;
  /** Of users. */
  readonly percentage: number;
  /** Ids or e-mail addresses of those who use the new system in any case. */
  readonly users: readonly string[];
  /** The first that fits a document decides for whoever is not listed. */
  readonly rules: readonly Rule[];
}

/** Who uses it: the `sub` of a token, which never changes, and an e-mail address if one is known. */
export interface User {
  readonly id: string;
  readonly email?: string;
}

/** What rules look at; a browser's `File` is one. */
export interface Document {
  readonly name: string;
  readonly type: string;
  /** Bytes. */
  readonly size: number;
}

export interface Choice {
  readonly use: Use;
  readonly reason: Reason;
  /** 0 to 9,999; a percentage above a hundredth of it takes the user along. */
  readonly bucket: number;
}

const BUCKETS = 10_000;
const MEGABYTE = 1024 * 1024;
const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;
const NOBODY: Rollout = { percentage: 0, users: [], rules: [] };

/**
 * The rollout as it concerns the bearer of a token. Everybody uses the older system while the service does not answer.
 *
 * @param apiUrl the service's address, without a slash at its end
 */
export async function fetchRollout(apiUrl: string, token: string): Promise<Rollout> {
  try {
    const answer = await fetch(`${apiUrl}/v2/rollout`, { headers: { authorization: `Bearer ${token}` } });
    return answer.ok ? ((await answer.json()) as { rollout: Rollout }).rollout : NOBODY;
  } catch {
    return NOBODY;
  }
}

/**
 * Which system takes a user's document, or the user's documents in general.
 *
 * A raised percentage moves nobody back: a user's bucket depends on the id alone.
 */
export function choose(rollout: Rollout, user: User, document?: Document): Choice {
  const bucket = bucketOf(user.id);
  if (rollout.paused) return { use: "old", reason: "paused", bucket };
  const names = [user.id, user.email ?? ""].map((name) => name.toLowerCase());
  if (rollout.users.some((listed) => names.includes(listed.toLowerCase()))) {
    return { use: "new", reason: "listed", bucket };
  }
  const rule = document && rollout.rules.find((each) => fits(each, document));
  if (rule) return { use: rule.use, reason: "rule", bucket };
  return { use: bucket < rollout.percentage * (BUCKETS / 100) ? "new" : "old", reason: "percentage", bucket };
}

/** The bucket of an id: FNV-1a over its UTF-8 bytes, modulo the number of buckets. */
export function bucketOf(userId: string): number {
  return fnv1a(userId) % BUCKETS;
}

/** The hash FNV-1a with 32 bits of a text's UTF-8 bytes. */
export function fnv1a(text: string): number {
  return new TextEncoder().encode(text).reduce((value, byte) => Math.imul(value ^ byte, PRIME) >>> 0, OFFSET);
}

function fits(rule: Rule, document: Document): boolean {
  const { name = "*", contentType = "*", largerThanMb = 0 } = rule;
  return (
    isLike(name, document.name) &&
    isLike(contentType, document.type) &&
    (largerThanMb === 0 || document.size > largerThanMb * MEGABYTE)
  );
}

function isLike(pattern: string, text: string): boolean {
  const parts = pattern.toLowerCase().split("*");
  const escaped = parts.map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${escaped.join(".*")}$`, "s").test(text.toLowerCase());
}
