"""Flags: what operators switch while the system runs. They stand in one SSM parameter, so no deployment is needed."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from core import logs, rollout
from core.errors import RagError, TransientError
from core.outages import outage
from core.rollout import Rollout

SECONDS = 30.0  #: that a process goes by what it has read
ENTRY = "entry"
PARTS = (ENTRY, "text", "visual")  #: what can be paused, each by the triggers of one function


class FlagsError(RagError):
    """The flags are malformed; the message names the flag."""


@dataclass(frozen=True, kw_only=True)
class Flags:
    """All flags, each with the value that it has unless somebody sets it."""

    rollout: Rollout = field(default_factory=Rollout)
    visual: bool = True  #: false: pages of new documents that are pictures are read as text
    #: What is paused → the triggers (event source mappings) that were disabled for it
    paused: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def parse(text: str) -> Flags:
    """Flags from JSON; raises FlagsError naming the one that is wrong."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FlagsError("the flags are not JSON") from error
    names = list(Flags.__annotations__)
    if not isinstance(content, dict) or content.keys() - set(names):
        raise FlagsError(f"the flags are an object with {', '.join(names)} and nothing else")
    visual = content.get("visual", True)
    if not isinstance(visual, bool):
        raise FlagsError("visual must be true or false")
    try:
        chosen = rollout.parse(content.get("rollout", {}))
    except rollout.RolloutError as error:
        raise FlagsError(str(error)) from error
    return Flags(rollout=chosen, visual=visual, paused=_paused(content.get("paused", {})))


def _paused(content: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(content, dict) or content.keys() - set(PARTS):
        raise FlagsError(f"paused is an object with {', '.join(PARTS)}")
    for part, triggers in content.items():
        if not isinstance(triggers, list) or not all(isinstance(trigger, str) for trigger in triggers):
            raise FlagsError(f"paused.{part} must be a list of triggers")
    return {part: tuple(triggers) for part, triggers in content.items()}


class FlagReader:
    """The flags as they stand in SSM, read again when they are older than ``SECONDS``.

    Nothing stops because of them: flags that are missing, malformed or out of reach are as they were read last, else at
    their defaults, and a warning says so. Without a parameter's name all are at their defaults.
    """

    def __init__(self, client: Callable[[], Any], name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._name = name
        self._clock = clock
        self._known = Flags()
        self._due = float("-inf")

    def __call__(self) -> Flags:
        """The flags, at most ``SECONDS`` old."""
        now = self._clock()
        if self._name and now >= self._due:
            self._due = now + SECONDS
            self._known = self._read()
        return self._known

    def _read(self) -> Flags:
        try:
            with outage():
                answer = self._client().get_parameter(Name=self._name)
            return parse(answer["Parameter"]["Value"])
        except (FlagsError, TransientError) as error:
            logs.warning("Flags not read", parameter=self._name, reason=str(error))
        except ClientError as error:
            logs.warning("Flags not read", parameter=self._name, reason=error.response["Error"]["Code"])
        return self._known
