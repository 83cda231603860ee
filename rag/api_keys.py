"""The key of an outside model: read when it is first needed, and again when the model's endpoint refuses it."""

from collections.abc import Callable
from functools import partial


class ApiKey:
    """A key that may be exchanged while this process runs; ``read`` answers the present one, empty for none."""

    def __init__(self, read: Callable[[], str] = str) -> None:
        self._read = read
        self._known: str | None = None

    def headers(self) -> dict[str, str]:
        """What a request needs in order to be let in."""
        if self._known is None:
            self._known = self._read()
        return {"Authorization": f"Bearer {self._known}"} if self._known else {}

    def is_renewed(self) -> bool:
        """Read the key again, because the known one was refused; whether it is another one."""
        refused, self._known = self._known, self._read()
        return self._known != refused


def api_key(secret_name: str) -> ApiKey:
    """The field ``api_key`` of a secret; without a secret no key."""
    if not secret_name:
        return ApiKey()
    from core import aws  # noqa: PLC0415  only a guarded endpoint needs it

    return ApiKey(partial(aws.secret_field, secret_name, "api_key"))
