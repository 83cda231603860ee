"""Tokens: how long a text is for a model, and where each token stands in it."""

from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer

from core.errors import SettingsError


class TextTokenizer:
    """A model's tokenizer, without the special tokens that the model puts around a text."""

    def __init__(self, source: Path | Tokenizer) -> None:
        self._tokenizer = load(source) if isinstance(source, Path) else source
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    @property
    def special_tokens(self) -> int:
        """How many special tokens the model puts around a text."""
        return int(self._tokenizer.num_special_tokens_to_add(is_pair=False))

    def count(self, texts: Sequence[str]) -> list[int]:
        """The number of tokens of each text."""
        # One by one is as fast as `encode_batch`, whose own thread pool complains when a process forks later.
        return [len(self._tokenizer.encode(text, add_special_tokens=False)) for text in texts]

    def offsets(self, text: str) -> list[tuple[int, int]]:
        """Start and end of each token, in characters of the text."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).offsets)

    def cut(self, text: str, tokens: int) -> str:
        """The text up to its last token that fits."""
        offsets = self.offsets(text)
        return text if len(offsets) <= tokens else text[: offsets[tokens - 1][1]]


def load(path: Path) -> Tokenizer:
    """The tokenizer in a file; raises SettingsError when it cannot be read."""
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises bare Exception
        raise SettingsError(f"the text model's tokenizer {path} cannot be read") from error
