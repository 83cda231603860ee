"""The flags of a stage as operators write them, in the parameter that the functions read."""

import json
from typing import Any

from cli.account import Account, answering
from cli.errors import CliError
from core import flags
from core.flags import Flags, FlagsError

PARAMETER = "/amplify/{stage}/rag/flags"


class MalformedFlagsError(CliError):
    """The flags are not what they should be; ``text`` is what they are."""

    def __init__(self, message: str, text: str) -> None:
        super().__init__(message)
        self.text = text


class StageFlags:
    """One stage's flags. Two operators who write at the same time overwrite each other: the later one wins."""

    def __init__(self, account: Account) -> None:
        self.name = PARAMETER.format(stage=account.stage)
        self._ssm = account.client("ssm")

    def read(self) -> dict[str, Any]:
        """What is set; raises MalformedFlagsError when somebody else has written what is none."""
        with answering(f"parameter {self.name}"):
            try:
                text = self._ssm.get_parameter(Name=self.name)["Parameter"]["Value"]
            except self._ssm.exceptions.ParameterNotFound:
                return {}
        self._checked(text)
        return dict(json.loads(text))

    def parsed(self) -> Flags:
        """All flags, those that are not set at their defaults."""
        return self._checked(json.dumps(self.read()))

    def write(self, content: dict[str, Any]) -> None:
        """Set these flags in place of all others; raises MalformedFlagsError, and writes nothing, for others."""
        text = json.dumps(content, ensure_ascii=False)
        self._checked(text)
        with answering(f"parameter {self.name}"):
            self._ssm.put_parameter(Name=self.name, Value=text, Type="String", Overwrite=True)

    def _checked(self, text: str) -> Flags:
        try:
            return flags.parse(text)
        except FlagsError as error:
            raise MalformedFlagsError(f"{self.name}: {error}", text) from error
