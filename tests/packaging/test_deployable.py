"""What `deploy` refuses before it asks AWS for anything."""

import json
import subprocess
from typing import Any

import pytest

from tests.declarations import ROOT

#: The plugin over a service of which it is told these settings; prints what it refuses
DEPLOY = """
const Packages = require('./serverless/plugins/packages.js');
const service = JSON.parse(process.argv[1]);
const provider = { getStage: () => 'dev' };
const { hooks } = new Packages({ service, getProvider: () => provider }, {}, { log: console });
try {
  hooks['before:deploy:deploy']();
} catch (error) {
  process.stdout.write(error.message);
}
"""
HUB = "ModernVBERT/colmodernvbert-merged"


def refused(*, image: str = "…@sha256:1", model: str = HUB, internet: bool | None = None) -> str:
    """The refusal of a deployment; empty: none."""
    network = {} if internet is None else {"internet": internet}
    service: dict[str, Any] = {
        "custom": {"images": {"vdr_processor": image}, "network": network},
        "functions": {"vdr_processor": {"environment": {"VDR_MODEL_NAME": model}}},
    }
    command = ["node", "-e", DEPLOY, json.dumps(service)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout  # noqa: S603


def test_a_worker_without_an_image_is_refused() -> None:
    assert "no image (ECR, by digest) for vdr_processor" in refused(image="")


def test_a_page_model_that_the_network_cannot_reach_is_refused() -> None:
    assert f"page model {HUB} is on a hub" in refused(internet=False)


@pytest.mark.parametrize("model", ["text-proxy", "/opt/page-model/colmodernvbert-merged", "s3://weights/model"])
def test_one_that_is_closer_is_not(model: str) -> None:
    assert refused(model=model, internet=False) == ""


def test_a_hub_is_taken_where_there_may_be_a_way_to_it() -> None:
    assert refused() == ""
