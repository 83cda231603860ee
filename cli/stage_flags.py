"""The flags of a stage as operators write them, in the parameter that the functions read."""

import json
from typing import Any

from cli.account import Account, answering
from cli.console import err
from cli.errors import CliError
from core import flags
from core.flags import Flags, FlagsError

PARAMETER = "/amplify/{stage}/rag/flags"
#: Of the 4 KB that a standard parameter of SSM holds; the rest is for what is paused: the brake must always work
MOST_BYTES = 3584


class StageFlags:
    """One stage's flags. Two operators who write at the same time overwrite each other: the later one wins."""

    def __init__(self, account: Account) -> None:
        self.name = PARAMETER.format(stage=account.stage)
        self._ssm = account.client("ssm")

    def read(self) -> dict[str, Any]:
        """What is set; raises CliError when somebody else has written what is none."""
        return self._checked(self._text(), "; `flags reset` replaces them")

    def readable(self) -> dict[str, Any]:
        """What is set, or nothing where that is malformed, which is said: for commands that must work and replace it.

        Functions leave malformed flags aside as well.
        """
        text = self._text()
        try:
            return self._checked(text)
        except CliError as error:
            err.print(f"{error}. They are replaced; they were: {text}", style="yellow", markup=False, soft_wrap=True)
            return {}

    def parsed(self) -> Flags:
        """All flags, those that are not set at their defaults."""
        return flags.parse(json.dumps(self.read()))

    def write(self, content: dict[str, Any]) -> dict[str, Any]:
        """Set these flags in place of all others and answer with them, without empty groups.

        Raises CliError, and writes nothing, for malformed flags.
        """
        filled = {name: value for name, value in content.items() if value != {}}
        text = json.dumps(filled, ensure_ascii=False)
        self._checked(text)
        with answering(f"parameter {self.name}"):
            self._ssm.put_parameter(Name=self.name, Value=text, Type="String", Overwrite=True)
        return filled

    def _checked(self, text: str, advice: str = "") -> dict[str, Any]:
        try:
            flags.parse(text)
        except FlagsError as error:
            raise CliError(f"{self.name}: {error}{advice}") from error
        return dict(json.loads(text))

    def _text(self) -> str:
        with answering(f"parameter {self.name}"):
            try:
                return str(self._ssm.get_parameter(Name=self.name)["Parameter"]["Value"])
            except self._ssm.exceptions.ParameterNotFound:
                return "{}"


def require_room(content: dict[str, Any]) -> None:
    """Raises CliError for flags that leave no room for what is paused."""
    kept = {name: value for name, value in content.items() if name != "paused"}
    size = len(json.dumps(kept, ensure_ascii=False).encode())
    if size > MOST_BYTES:
        raise CliError(f"the flags would have {size:,} bytes; at most {MOST_BYTES:,} fit: shorten rollout.users")
