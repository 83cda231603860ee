"""Sentences of a passage. Pure."""

import re

#: Up to a full stop, question or exclamation mark (and closing quotes or brackets) before a space; to one of the marks
#: of scripts that need no space; to a line that begins anew (blank, with a mark, a capital or a digit); or to the end.
_SENTENCE = re.compile(
    r""".+?(?:[.!?…]["'”’»)\]*_]*(?=\s)|[。！？｡؟।]["'”’»）」』]*|(?=\n\s*(?:\n|[#|*•>(-]|[^\W_a-zß-öø-ÿ]))|\Z)""",
    re.DOTALL,
)


def sentences(text: str) -> list[str]:
    """The sentences of a text, in order, without surrounding space."""
    return [sentence.strip() for sentence in _SENTENCE.findall(text) if sentence.strip()]
