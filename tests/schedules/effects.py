"""Effects: every call that a process makes to a store, and a place to step in right before and right after each.

Calls to AWS are seen where the client makes them, statements and commits where the connection gets them: so nothing
that leaves the process goes unseen, whichever code asks for it. Only the thread that armed the effects is watched.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from psycopg2.extensions import connection

Act = Callable[[str], None]  #: is told the effect, such as ``s3.PutObject before``; may raise, or end the process


class Killed(BaseException):
    """The process ended here: no ``except Exception`` sees it."""


class Effects:
    """What a process does to the outside, watched while it is armed."""

    def __init__(self) -> None:
        self._act: Act | None = None
        self._thread = 0

    @contextmanager
    def armed(self, act: Act | None) -> Iterator[None]:
        """Call ``act`` at every effect of this thread while the block runs; None: at none. Blocks may be nested."""
        before = self._act, self._thread
        self._act, self._thread = act, threading.get_ident()
        try:
            yield
        finally:
            self._act, self._thread = before

    def watch(self, client: Any) -> Any:
        """The boto3 client, watched from now on."""
        client.meta.events.register("before-call", self._before_call)
        client.meta.events.register("after-call", self._after_call)
        return client

    def watched(self, opened: "connection") -> "connection":
        """The connection, watched."""
        return WatchedConnection(opened, self)  # type: ignore[return-value]

    def happen(self, effect: str) -> None:
        if self._act is not None and threading.get_ident() == self._thread:
            self._act(effect)

    def _before_call(self, model: Any, **_more: Any) -> None:
        self.happen(f"{model.service_model.service_name}.{model.name} before")

    def _after_call(self, model: Any, **_more: Any) -> None:
        self.happen(f"{model.service_model.service_name}.{model.name} after")


class WatchedConnection:
    """Stands before a connection: its statements and commits are effects."""

    def __init__(self, opened: "connection", effects: Effects) -> None:
        self._opened = opened
        self._effects = effects

    def cursor(self) -> "WatchedCursor":
        return WatchedCursor(self._opened.cursor(), self._effects)

    def __enter__(self) -> Self:
        self._effects.happen("postgres.begin")
        self._opened.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._effects.happen("postgres.commit before")
        except BaseException as fault:
            self._opened.__exit__(type(fault), fault, fault.__traceback__)
            raise
        self._opened.__exit__(kind, error, trace)
        if kind is None:
            self._effects.happen("postgres.commit after")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._opened, name)


class WatchedCursor:
    """Stands before a cursor."""

    def __init__(self, opened: Any, effects: Effects) -> None:
        self._opened = opened
        self._effects = effects

    def execute(self, statement: str, values: Any = None) -> None:
        self._effects.happen("postgres.execute before")
        self._opened.execute(statement, values)

    def copy_expert(self, statement: str, file: Any) -> None:
        self._effects.happen("postgres.copy before")
        self._opened.copy_expert(statement, file)

    def __enter__(self) -> Self:
        self._opened.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.__exit__(kind, error, trace)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._opened, name)
