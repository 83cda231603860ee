"""Rollout: who uses this system and who the one before it, while both run side by side. Pure.

`web/rollout.ts` says the same for a web page; `tests/core/rollout.json` holds both to it.
"""

import re
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from core.errors import RagError

Use = Literal["new", "old"]
Reason = Literal["paused", "listed", "rule", "percentage"]

BUCKETS = 10_000  #: a bucket is a hundredth of a percent
MEGABYTE = 1024 * 1024
LARGEST = sys.float_info.max  #: JSON knows no infinity, though Python reads 1e999 as one
#: Of FNV-1a with 32 bits, as Fowler, Noll and Vo define them
OFFSET, PRIME = 0x811C9DC5, 0x01000193


class RolloutError(RagError):
    """A rollout that is not one; the message names the field."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Where documents go that fit it in every respect. In patterns, ``*`` stands for anything; case does not count."""

    use: Use
    name: str = "*"
    contentType: str = "*"  # noqa: N815  the fields are those of the JSON
    largerThanMb: float = 0.0  # noqa: N815


@dataclass(frozen=True, kw_only=True)
class Rollout:
    """How far the rollout is; without one, nobody uses the new system."""

    percentage: float = 0.0  #: of users
    users: tuple[str, ...] = ()  #: ids or e-mail addresses of those who use the new system in any case
    rules: tuple[Rule, ...] = ()  #: the first that fits a document decides for whoever is not listed

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class User:
    """Who uses it: the ``sub`` of a token, which never changes, and an e-mail address if one is known."""

    id: str
    email: str = ""


@dataclass(frozen=True)
class File:
    """What rules look at."""

    name: str
    content_type: str = ""
    size: int = 0


@dataclass(frozen=True)
class Choice:
    """Which system, and why."""

    use: Use
    reason: Reason
    bucket: int  #: 0 to 9,999; a percentage above a hundredth of it takes the user along


def choose(rollout: Rollout, user: User, file: File | None = None, *, paused: bool = False) -> Choice:
    """Which system takes a user's file, or the user's files in general.

    A raised percentage moves nobody back: a user's bucket depends on the id alone.
    """
    bucket = bucket_of(user.id)
    if paused:
        return Choice("old", "paused", bucket)
    if {user.id.lower(), user.email.lower()} & {listed.lower() for listed in rollout.users}:
        return Choice("new", "listed", bucket)
    rule = next((rule for rule in rollout.rules if file is not None and _fits(rule, file)), None)
    if rule is not None:
        return Choice(rule.use, "rule", bucket)
    return Choice("new" if bucket < rollout.percentage * (BUCKETS / 100) else "old", "percentage", bucket)


def bucket_of(user_id: str) -> int:
    """The bucket of an id: FNV-1a over its UTF-8 bytes, modulo the number of buckets."""
    return fnv1a(user_id) % BUCKETS


def fnv1a(text: str) -> int:
    """The hash FNV-1a with 32 bits of a text's UTF-8 bytes."""
    value = OFFSET
    for byte in text.encode():
        value = (value ^ byte) * PRIME & 0xFFFFFFFF
    return value


def parse(content: Any) -> Rollout:
    """A rollout from JSON; raises RolloutError naming the field that is wrong."""
    fields = _known(content, Rollout, "rollout")
    percentage = _number(fields.get("percentage", 0), "rollout.percentage", 100)
    users = fields.get("users", [])
    if not isinstance(users, list) or not all(isinstance(user, str) and user for user in users):
        raise RolloutError("rollout.users must be a list of ids or e-mail addresses")
    rules = fields.get("rules", [])
    if not isinstance(rules, list):
        raise RolloutError("rollout.rules must be a list")
    parsed = tuple(_rule(rule, f"rollout.rules[{number}]") for number, rule in enumerate(rules))
    return Rollout(percentage=percentage, users=tuple(users), rules=parsed)


def _rule(content: Any, where: str) -> Rule:
    fields = _known(content, Rule, where)
    if fields.get("use") not in get_args(Use):
        raise RolloutError(f'{where}.use must be "new" or "old"')
    for pattern in fields.keys() & {"name", "contentType"}:
        if not isinstance(fields[pattern], str):
            raise RolloutError(f"{where}.{pattern} must be a pattern such as *.pptx")
    larger = _number(fields.get("largerThanMb", 0), f"{where}.largerThanMb", LARGEST)
    return Rule(**{**fields, "largerThanMb": larger})


def _known(content: Any, kind: type, where: str) -> Mapping[str, Any]:
    if not isinstance(content, dict):
        raise RolloutError(f"{where} must be an object")
    names = list(kind.__annotations__)
    if unknown := sorted(content.keys() - set(names)):
        raise RolloutError(f"{where} has {', '.join(names)}, and no {unknown[0]}")
    return content


def _number(value: Any, where: str, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise RolloutError(f"{where} must be a number from 0" + (f" to {most}" if most < LARGEST else " on"))
    return float(value)


def _fits(rule: Rule, file: File) -> bool:
    return (
        _like(rule.name, file.name)
        and _like(rule.contentType, file.content_type)
        and (not rule.largerThanMb or file.size > rule.largerThanMb * MEGABYTE)
    )


def _like(pattern: str, text: str) -> bool:
    parts = (re.escape(part) for part in pattern.lower().split("*"))
    return re.fullmatch(".*".join(parts), text.lower(), re.DOTALL) is not None
