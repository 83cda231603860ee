"""Characters that act instead of being read: they move a cursor, turn a line round, or stand where nothing is seen."""

import unicodedata

#: control, format (marks of direction, zero-width ones), lone surrogate, line and paragraph separator
ACTING_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
JOINERS = frozenset("\u200c\u200d")  #: scripts of India and Persia, and emoji, are not spelled right without them


def acts(character: str) -> bool:
    """Whether one character may change how the text around it is shown or read, and is itself not seen."""
    return unicodedata.category(character) in ACTING_CATEGORIES and character not in JOINERS
