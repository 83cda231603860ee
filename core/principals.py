"""Principals: who owns a document and who may read it."""

from collections.abc import Mapping, Sequence
from typing import Any

USER = "user:"
GROUP = "group:"


def from_claims(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """The principals of a verified token: the user itself first, then its groups.

    Raises KeyError for claims that name nobody.
    """
    if not claims["sub"]:
        raise KeyError("sub")
    return (USER + str(claims["sub"]), *(GROUP + group for group in _groups(claims.get("cognito:groups") or ())))


def _groups(claim: Any) -> Sequence[str]:
    """The groups of a claim; API Gateway hands lists on as text such as ``[one two]``.

    A name holds no space, but it may hold commas and brackets: whoever is in ``a,b`` or ``[a]`` is not in ``a``.
    """
    if not isinstance(claim, str):
        return [str(group) for group in claim]
    is_list = claim.startswith("[") and claim.endswith("]")
    return (claim[1:-1] if is_list else claim).split()


def of_name(name: str) -> str:
    """The principal that a bare name or a full principal stands for."""
    return name if name.startswith((USER, GROUP)) else USER + name


def folder_of(principal: str) -> str:
    """The first segment of the keys of what a principal owns: a user's bare name, a group's whole principal."""
    return principal.removeprefix(USER)


def owner_of(key: str, metadata: Mapping[str, str]) -> str | None:
    """The owner of an uploaded object: its metadata ``owner``, else the key's first segment.

    A key with a segment ``.`` or ``..`` names no owner: whoever resolves it would be led to another's object.
    """
    declared = metadata.get("owner", "").strip()
    if declared:
        return of_name(declared)
    first, *rest = key.split("/")
    return of_name(first) if first and rest and not {".", ".."} & {first, *rest} else None
