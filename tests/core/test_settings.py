"""Settings come from the environment, or fail by name."""

import pytest

from core.errors import SettingsError
from core.settings import Settings, describe, parse


def test_a_malformed_setting_is_named() -> None:
    with pytest.raises(SettingsError, match="CHUNK_TOKENS"):
        parse({"CHUNK_TOKENS": "many"})


def test_a_missing_setting_is_named_where_it_is_needed() -> None:
    with pytest.raises(SettingsError, match="DERIVED_BUCKET"):
        Settings().need("derived_bucket")


def test_values_take_the_type_of_their_default() -> None:
    values = parse({"CHUNK_TOKENS": "99", "STATUS_INTERVAL_SECONDS": "0.5", "STAGE": "prod", "MAX_PAGES": ""})
    assert (values.chunk_tokens, values.status_interval_seconds, values.stage) == (99, 0.5, "prod")
    assert values.max_pages == Settings().max_pages


def test_buckets_are_a_list() -> None:
    assert parse({"UPLOAD_BUCKETS": "one, two"}).allowed_buckets() == {"one", "two"}


def test_every_setting_has_help() -> None:
    for name in Settings.__dataclass_fields__:
        assert len(describe(name)) > 10, name
