"""Every link between the project's documents leads somewhere."""

from pathlib import Path

import pytest

from local.settings import ROOT
from tests.docs.documents import anchors, documents, links


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_its_links_lead_somewhere(document: Path) -> None:
    for link in links(document.read_text("utf-8")):
        file, _, anchor = link.partition("#")
        target = (document.parent / file).resolve() if file else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text("utf-8")), link
