"""Where real documents and judged queries lie: the folder that RAG_EVAL_DATA names."""

import os
from pathlib import Path

import pytest


def folder(*parts: str) -> Path:
    """A path in the evaluation data; the test is skipped where there is none."""
    root = os.environ.get("RAG_EVAL_DATA")
    if not root:
        pytest.skip("RAG_EVAL_DATA does not name the evaluation data")
    return Path(root, *parts)
