"""Where each packaged function is on disk, for starting it there."""

from pathlib import Path

from tests.handlers.runtime_api import Place
from tests.packaging.images import FUNCTIONS, copied, requirements
from tests.packaging.trees import RUNTIME_CLIENT, Stage, linked


def unpack(stage: Stage, root: Path) -> dict[str, Place]:
    """Unpack every function below root, by its key; functions with the same layers share theirs."""
    code, client = stage.code(root / "task"), linked(RUNTIME_CLIENT, root / "runtime")
    places = {key: Place(copied(image, root / image), (_installed(image, root),)) for key, image in FUNCTIONS.items()}
    for key in stage.functions().keys() - FUNCTIONS.keys():
        opt = root / "-".join(stage.layers(key))
        if not opt.exists():
            stage.unpack(stage.layers(key), opt)
        places[key] = Place(code, (opt / "python", client))
    return places


def _installed(image: str, root: Path) -> Path:
    return linked(requirements(image), root / f"{image}-packages")
