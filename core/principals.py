"""Principals: who owns a document and who may read it."""

from collections.abc import Mapping
from typing import Any

USER = "user:"
GROUP = "group:"


def from_claims(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """The principals of a verified token: the user itself first, then its groups.

    API Gateway hands list claims on as text such as ``[one two]``; both forms are understood.
    """
    groups = claims.get("cognito:groups") or ()
    if isinstance(groups, str):
        groups = groups.strip("[]").replace(",", " ").split()
    return (USER + str(claims["sub"]), *(GROUP + str(group) for group in groups))


def of_name(name: str) -> str:
    """The principal that a bare name or a full principal stands for."""
    return name if name.startswith((USER, GROUP)) else USER + name


def owner_of(key: str, metadata: Mapping[str, str]) -> str | None:
    """The owner of an uploaded object: its metadata ``owner``, else the key's first segment."""
    declared = metadata.get("owner", "").strip()
    if declared:
        return of_name(declared)
    first, separator, _rest = key.partition("/")
    return of_name(first) if separator and first else None
