"""Equal work has an equal version; anything that changes the rows changes it."""

import re
from dataclasses import replace
from typing import Any

import pytest

from core.settings import Settings
from core.versions import INGREDIENTS, PIPELINE_OF_VERSION, pipeline_digest, version_of


def test_equal_content_under_equal_settings_is_the_same_version() -> None:
    assert version_of("etag-10", pipeline_digest(Settings())) == version_of("etag-10", pipeline_digest(Settings()))


def test_a_version_names_the_pipeline_that_made_it() -> None:
    digest = pipeline_digest(Settings())
    found = re.match(PIPELINE_OF_VERSION, version_of("etag-10", digest, "visual"))
    assert found is not None
    assert found[1] == digest


@pytest.mark.parametrize("name", INGREDIENTS)
def test_a_setting_that_changes_the_rows_changes_the_digest(name: str) -> None:
    default = getattr(Settings(), name)
    changes: dict[str, Any] = {name: not default if isinstance(default, bool) else type(default)("7")}
    changed = replace(Settings(), **changes)
    assert pipeline_digest(changed) != pipeline_digest(Settings())


def test_other_content_or_another_pipeline_is_another_version() -> None:
    assert len({version_of("a", "d"), version_of("b", "d"), version_of("a", "e"), version_of("a", "d", "text")}) == 4
