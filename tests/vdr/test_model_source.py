"""A page model that lies in S3 gives what the same model in a folder gives."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core import aws
from core.errors import SettingsError
from core.settings import Settings
from tests.emulators import DERIVED, TestEmulator
from tests.vdr import tiny_models
from vdr.embed import page_embedder
from vdr.model_source import source

NAME = f"s3://{DERIVED}/models/tiny"


@pytest.fixture
def model_in_s3(emulator: TestEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The model's folder, and its files below a prefix; this process's own client reaches them."""
    folder = tiny_models.save_late_interaction(tmp_path / "tiny")
    for path in folder.iterdir():
        emulator.emulator.client("s3").upload_file(str(path), DERIVED, f"models/tiny/{path.name}")
    for name, value in emulator.variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    aws.client.cache_clear()
    yield folder
    aws.client.cache_clear()


def test_a_model_in_s3_is_the_model(model_in_s3: Path) -> None:
    there, here = (page_embedder(Settings(vdr_model_name=name, vdr_pool_factor=1)) for name in (NAME, str(model_in_s3)))
    assert there.space == here.space
    assert np.array_equal(there.embed_query("harbour"), here.embed_query("harbour"))


def test_a_copy_that_was_cut_short_is_finished(model_in_s3: Path) -> None:
    copied = Path(source(NAME), "config.json")
    copied.write_text("{")
    kept = Path(source(NAME), "tokenizer.json").stat().st_ino
    assert Path(source(NAME), "config.json").read_bytes() == (model_in_s3 / "config.json").read_bytes()
    assert Path(source(NAME), "tokenizer.json").stat().st_ino == kept


@pytest.mark.usefixtures("model_in_s3")
@pytest.mark.parametrize(
    ("name", "reason"), [(f"s3://{DERIVED}/models/none", "no files"), ("s3://no-such-bucket/x", "NoSuchBucket")]
)
def test_what_is_not_there_is_an_error_of_the_setting(name: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=f"VDR_MODEL_NAME.*{reason}"):
        source(name)
