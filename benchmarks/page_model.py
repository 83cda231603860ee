"""What a page costs as a picture: a full-size ColModernVBERT of random weights over real pages, and what is around it.

    RAG_EVAL_DATA=… python -m benchmarks.page_model [--file pages/pdf/keeping-it-small-slm.pdf] [--model FOLDER]
        [--settings "split fp32=2,no split fp32=20,…"] [--gpu-hour 0.8048] [--gpu-pages-per-second 2]

Processor seconds of one core, by one thread, of this process and of its children: `model` is the forward pass alone;
`render`, `prepare` (the model's processor, pooling), `images` (WebP in two sizes) and `store` (packing, rows into
PostgreSQL, images to the emulator's S3) are what comes on top.
Time on a shared machine says little, processor seconds do. Dollars follow from them (benchmarks/page_cost.py), if a
vCPU of Lambda, of which a function of 10 GB has 5.8, is worth a core here. Without --model, the model is made in a
temporary folder (1 GB).
"""

import argparse
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import torch

from benchmarks import machine, random_page_model
from benchmarks.page_cost import Prices, page_cost
from benchmarks.page_storing import storing
from core.settings import Settings
from vdr import page_images, page_model
from vdr.embed import PageInput
from vdr.embed_late_interaction import LateInteractionEmbedder
from vdr.multivector import Vectors
from vdr.page_model import PageModel, PageModelOptions
from vdr.page_model_loading import computes_bf16
from vdr.render import RenderedPage, page_renderer

MODES: dict[str, dict[str, Any]] = {
    "split fp32": {"vdr_precision": "fp32"},
    "split bf16": {"vdr_precision": "bf16"},
    "no split fp32": {"vdr_precision": "fp32", "vdr_image_splitting": False},
    "no split bf16": {"vdr_precision": "bf16", "vdr_image_splitting": False},
    "edge 1024 fp32": {"vdr_precision": "fp32", "vdr_longest_edge": 1024},
    "edge 1024 bf16": {"vdr_precision": "bf16", "vdr_longest_edge": 1024},
}
DEFAULT = "split fp32=2,no split fp32=20,edge 1024 fp32=2"
WITH_BF16 = ",split bf16=2,no split bf16=20,edge 1024 bf16=2"  #: where the processor has instructions for it
StorePage = Callable[[PageInput, Vectors, Sequence[bytes]], None]  #: keeps a page's vectors and its encoded images


@dataclass
class Account:
    """Processor seconds by what they were spent on."""

    seconds: dict[str, float] = field(default_factory=dict)
    vectors: int = 0

    @contextmanager
    def counted(self, name: str) -> Iterator[None]:
        """Count what happens within, apart from what is counted within that."""
        begun, inside = processor_seconds(), sum(self.seconds.values())
        yield
        spent = processor_seconds() - begun - (sum(self.seconds.values()) - inside)
        self.seconds[name] = self.seconds.get(name, 0.0) + spent


class CountedModel(PageModel):
    """A page model whose forward passes are counted."""

    account: Account

    def forward(self, inputs: Any) -> list[Vectors]:
        """As it is."""
        with self.account.counted("model"):
            return super().forward(inputs)


def processor_seconds() -> float:
    """Of this process and of its children that ended."""
    return sum(os.times()[:4])


def embedder_of(settings: Settings, account: Account) -> LateInteractionEmbedder:
    """The embedder of the settings, its forward passes counted."""
    loaded = page_model.load(PageModelOptions.of(settings))
    counted = CountedModel(**{one.name: getattr(loaded, one.name) for one in fields(loaded)})
    object.__setattr__(counted, "account", account)
    return LateInteractionEmbedder(counted, settings.vdr_pool_factor)


def rendered(path: Path, pages: int, settings: Settings, edge: int, account: Account) -> Iterator[PageInput]:
    """The first pages of a PDF as the pipeline renders them."""
    found = iter(page_renderer(settings).render(path, "application/pdf", range(1, pages + 1), edge))
    while True:
        with account.counted("render"):
            page = next(found, None)
        if page is None:
            return
        if isinstance(page, RenderedPage):
            yield PageInput(page.page, page.image, "")


def run(pages: Iterable[PageInput], embedder: LateInteractionEmbedder, account: Account, store: StorePage) -> None:
    """Embed and store pages one by one."""
    for page in pages:
        with account.counted("prepare"):
            vectors = embedder([page])[0]
        account.vectors += len(vectors)
        with account.counted("images"):
            images = [page_images.encode(page.image, edge)[0] for edge in (1600, 400) if page.image is not None]
        with account.counted("store"):
            store(page, vectors, images)


def measure(path: Path, pages: int, settings: Settings, store: StorePage) -> Account:
    """What so many pages cost under the settings, loading of the model not counted.

    Where a page costs little, one is embedded before, so that nothing is counted that happens once.
    """
    account = Account()
    embedder = embedder_of(settings, account)
    edge = max(settings.page_image_edge, embedder.image_edge)
    first = next(rendered(path, 1, settings, edge, account))
    if not settings.vdr_image_splitting:
        embedder([first])
    account.seconds.clear()
    run(rendered(path, pages, settings, edge, account), embedder, account, store)
    return account


def row(name: str, pages: int, account: Account, prices: Prices) -> tuple[list[str], list[str]]:
    """A mode's line among the figures, and its line among the costs."""
    each = {part: seconds / pages for part, seconds in account.seconds.items()}
    total, model = sum(each.values()), each["model"]
    cost = page_cost(total, prices)
    parts = [f"{each[part]:.2f}" for part in ("model", "render", "prepare", "images", "store")]
    figures = [name, str(pages), *parts, f"{100 * (total - model) / total:.1f} %", f"{account.vectors / pages:.0f}"]
    even = f"{cost.break_even_pages_per_hour:,.0f}" if cost.gpu_keeps_up else "never"
    costs = [name, f"{cost.seconds:.1f}", f"{1000 * cost.dollars:.3f}", f"{1000 * cost.gpu_dollars:.3f}", even]
    return figures, costs


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", default="pages/pdf/keeping-it-small-slm.pdf")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--settings", default=DEFAULT + WITH_BF16 * computes_bf16(torch))
    parser.add_argument("--gpu-hour", type=float, default=Prices.gpu_hour)
    parser.add_argument("--gpu-pages-per-second", type=float, default=Prices.gpu_pages_per_second)
    return parser.parse_args()


def main() -> None:
    asked = options()
    about, path = machine.describe(), machine.evaluation_data() / asked.file
    prices = Prices(gpu_hour=asked.gpu_hour, gpu_pages_per_second=asked.gpu_pages_per_second)
    rows = []
    with tempfile.TemporaryDirectory() as folder, storing() as store:
        model = asked.model or random_page_model.save_late_interaction(
            Path(folder, "full-size"), random_page_model.Sizes()
        )
        for mode in asked.settings.split(","):
            name, _, pages = mode.partition("=")
            settings = Settings(vdr_model_name=str(model), vdr_threads=1, **MODES[name])
            rows.append(row(name, int(pages), measure(path, int(pages), settings, store), prices))
    columns = ["", "pages", "model", "render", "prepare", "images", "store", "around the model", "vectors"]
    machine.show(f"Processor seconds a page, {path.name}", about, columns, [figures for figures, _ in rows])
    columns = ["", "seconds", "$ per 1,000 pages", "the same on a GPU", "GPU pays from pages an hour"]
    title = f"On a Lambda function of {prices.gigabytes:.0f} GB, taken for {prices.processors:.1f} such cores"
    note = f"GPU: ${prices.gpu_hour} an hour and {prices.gpu_pages_per_second} pages/s assumed, busy all the time"
    machine.show(title, about, columns, [costs for _, costs in rows], [note])


if __name__ == "__main__":
    main()
