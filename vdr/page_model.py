"""A model of page images by transformers, loaded strictly: whole or not at all."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from core.errors import SettingsError
from core.settings import Settings
from vdr.embed import PageInput
from vdr.model_files import fingerprint, model_files
from vdr.multivector import Vectors
from vdr.page_model_loading import Loading
from vdr.preparation import Preparation, preparation

MOST_DIMENSIONS = 4000  #: what PostgreSQL's index of half floats takes
GPU_BATCH = 8  #: pages at a time; a processor gains nothing from company, and pages of other shapes cost it padding


@dataclass(frozen=True)
class Kind:
    """How a family of models is loaded and read."""

    model_class: str
    processor_class: str
    output: str  #: the field of the model's output that holds a vector a token
    late_interaction: bool
    tiled: bool  #: whether its processor cuts pages into tiles
    architectures: frozenset[str]  #: empty: any


KINDS = {
    "colmodernvbert": Kind(
        "ColModernVBertForRetrieval", "ColModernVBertProcessor", "embeddings", True, True, frozenset()
    ),
    "colpali": Kind("ColPaliForRetrieval", "ColPaliProcessor", "embeddings", True, False, frozenset()),
    "colqwen2": Kind("ColQwen2ForRetrieval", "ColQwen2Processor", "embeddings", True, False, frozenset()),
    "modernvbert": Kind(
        # the bare language model of the same type, ModernVBertForMaskedLM, was not trained to find pages
        "ModernVBertModel",
        "ColModernVBertProcessor",
        "last_hidden_state",
        False,
        True,
        frozenset({"ModernVBertModel", "BiModernVBert"}),
    ),
}


@dataclass(frozen=True)
class PageModelOptions:
    """The settings that decide which model is loaded and how."""

    name: str
    device: str
    precision: str
    image_splitting: bool
    longest_edge: int
    pool_factor: int
    threads: int

    @classmethod
    def of(cls, settings: Settings) -> "PageModelOptions":
        """Those of the settings."""
        return cls(
            name=settings.need("vdr_model_name"),
            device=settings.vdr_device,
            precision=settings.vdr_precision,
            image_splitting=settings.vdr_image_splitting,
            longest_edge=settings.vdr_longest_edge,
            pool_factor=settings.vdr_pool_factor,
            threads=settings.vdr_threads,
        )


@dataclass(frozen=True)
class PageModel:
    """A loaded model and its processor."""

    name: str
    space: str
    kind: Kind
    dimensions: int
    preparation: Preparation
    device: str
    model: Any
    processor: Any
    torch: Any

    def read_images(self, images: Sequence[Image.Image]) -> Iterator[Vectors]:
        """For each image the model's vectors (t, d) of all its tokens, without padding."""
        batch = GPU_BATCH if self.device == "cuda" else 1
        for start in range(0, len(images), batch):
            yield from self.forward(self.preparation.inputs(self.processor, images[start : start + batch]))

    def read_query(self, text: str) -> Vectors:
        """The model's vectors (t, d) of a query's tokens."""
        own_suffix = {} if self.kind.late_interaction else {"suffix": ""}  # padding a mean with tokens would blur it
        words = _without(text, self.processor.tokenizer.get_added_vocab())
        return self.forward(self.processor.process_queries(text=[words], **own_suffix))[0]

    def forward(self, inputs: Any) -> list[Vectors]:
        """The vectors (t, d) of each item of a batch. Raises SettingsError when they are not numbers."""
        inputs = inputs.to(self.device)
        with self.torch.inference_mode():
            states = getattr(self.model(**inputs), self.kind.output).float().cpu().numpy()  # (b, t, d)
        mask = inputs["attention_mask"].bool().cpu().numpy()  # (b, t)
        if not np.isfinite(states[mask]).all():
            raise SettingsError(f"setting VDR_MODEL_NAME: {self.name} gives values that are not numbers")
        return [rows[kept] for rows, kept in zip(states, mask, strict=True)]


def _without(text: str, tokens: Iterable[str]) -> str:
    """The text without a model's own tokens: a query that says ``<image>`` promises none."""
    for token in sorted(tokens, key=len, reverse=True):
        text = text.replace(token, " ")
    return text


def images_of(pages: Sequence[PageInput]) -> list[Image.Image]:
    """The images of pages. Raises ValueError for a page without one."""
    images = [page.image for page in pages if page.image is not None]
    if len(images) < len(pages):
        raise ValueError("a model of page images was given a page without its image")
    return images


def load(options: PageModelOptions) -> PageModel:
    """The model of the options. Raises SettingsError, naming the setting, when it cannot be loaded as a whole."""
    loading = Loading(options.name)
    kind = loading.kind(KINDS)
    dimensions = loading.dimensions(kind.late_interaction, MOST_DIMENSIONS)
    device = loading.device(options.device)
    precision = loading.precision(options.precision, device)
    if options.threads:
        loading.torch.set_num_threads(options.threads)
    processor = loading.processor(kind.processor_class)
    prepared = preparation(processor, kind.tiled, options.image_splitting, options.longest_edge)
    model = loading.model(kind.model_class, precision, device)
    name = options.name.rstrip("/").rsplit("/", 1)[-1]
    space = f"{name}@{fingerprint(model_files(loading.find))}/{precision}/{prepared.name}"
    return PageModel(name, space, kind, dimensions, prepared, device, model, processor, loading.torch)
