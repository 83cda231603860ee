"""The names of vector spaces of pages. Pure."""


def page_space(embedder_space: str, needs_images: bool, renderer_name: str) -> str:
    """The space of a page's vectors: the model's, and the renderer's where pictures go into the model.

    Two renderers draw a page differently, so their vectors are not compared with each other in one ranking.
    """
    return f"{embedder_space}/{renderer_name}" if needs_images else embedder_space
