"""Loading of a page model by hub name or folder; whatever goes wrong is an error of the setting that asked for it."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from core import logs
from core.errors import SettingsError
from vdr.model_source import source

if TYPE_CHECKING:
    from vdr.page_model import Kind

Loaded = TypeVar("Loaded")
PRECISIONS = ("fp32", "bf16")


class Loading:
    """One model on its way into memory: its configuration is read at once, the rest by the methods.

    Weights come from safetensors files alone, never from pickles, and no code of the model's publisher is run.
    Raises SettingsError when torch and transformers are missing or there is no such model, TransientError when S3 that
    has it is out of reach.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.torch, self._transformers = _libraries()
        self._source = source(name)
        self._transformers.utils.logging.disable_progress_bar()  # logs are lines
        self.config = self._attempt(self._transformers.AutoConfig.from_pretrained)
        self._revision = getattr(self.config, "_commit_hash", None)  # of a hub name: all files from one commit

    def kind(self, kinds: Mapping[str, "Kind"]) -> "Kind":
        """Which of the known kinds the model's own configuration says it is."""
        kind = kinds.get(self.config.model_type)
        if kind is None:
            raise self._refusal(f"models of type {self.config.model_type} are not supported, {', '.join(kinds)} are")
        architectures = set(self.config.architectures or kind.architectures)
        if kind.architectures and not architectures & kind.architectures:
            raise self._refusal(f"{', '.join(sorted(architectures))} is no model for finding pages")
        return kind

    def device(self, wanted: str) -> str:
        """Where it will run: ``cpu`` or ``cuda``."""
        if wanted not in ("auto", "cpu", "cuda"):
            raise SettingsError(f"setting VDR_DEVICE: {wanted} is none of auto, cpu, cuda")
        present = self.torch.cuda.is_available()
        if wanted == "cuda" and not present:
            raise SettingsError("setting VDR_DEVICE: cuda is not available to torch here")
        return "cuda" if present and wanted != "cpu" else "cpu"

    def precision(self, wanted: str, device: str) -> str:
        """``fp32`` or ``bf16``; of ``auto``, the latter on a GPU."""
        if wanted not in ("auto", *PRECISIONS):
            raise SettingsError(f"setting VDR_PRECISION: {wanted} is none of auto, {', '.join(PRECISIONS)}")
        chosen = ("bf16" if device == "cuda" else "fp32") if wanted == "auto" else wanted
        if chosen == "bf16" and device == "cpu" and not computes_bf16(self.torch):
            logs.warning("VDR_PRECISION is bf16, which this processor is several times slower at than at fp32")
        return chosen

    def model(self, class_name: str, precision: str, device: str) -> Any:
        """The model with all of its weights."""
        dtype = self.torch.bfloat16 if precision == "bf16" else self.torch.float32
        model, found = self._attempt(
            getattr(self._transformers, class_name).from_pretrained,
            dtype=dtype,
            use_safetensors=True,
            output_loading_info=True,
        )
        lacking = len(found["missing_keys"]) + len(found["mismatched_keys"]) + len(found["error_msgs"])
        if lacking:
            raise self._refusal(f"{lacking} of its weights are missing or of another shape")
        return model.eval().to(device)

    def processor(self, class_name: str) -> Any:
        """What turns images and queries into the model's inputs."""
        return self._attempt(getattr(self._transformers, class_name).from_pretrained)

    def dimensions(self, late_interaction: bool, most: int) -> int:
        """Length of the vectors, by the model's own configuration."""
        dimensions = self.config.embedding_dim if late_interaction else self.config.get_text_config().hidden_size
        if not 1 <= dimensions <= most:
            raise self._refusal(f"vectors of {dimensions} dimensions cannot be stored, 1 to {most} can")
        return int(dimensions)

    def find(self, file_name: str) -> str | None:
        """The path of one of the model's files, or None without it."""
        path: str | None = self._attempt(
            self._transformers.utils.cached_file, file_name, _raise_exceptions_for_missing_entries=False
        )
        return path

    def _attempt(self, load: Callable[..., Loaded], *arguments: Any, **options: Any) -> Loaded:
        """The result of a loader of transformers for the model's name; its errors become the setting's."""
        from huggingface_hub.errors import StrictDataclassError  # noqa: PLC0415  absent from the packaged functions
        from safetensors import SafetensorError  # noqa: PLC0415

        revision = getattr(self, "_revision", None)
        if revision:
            options["revision"] = revision
        try:
            return load(self._source, *arguments, **options)
        except (
            *(OSError, ImportError, ValueError, TypeError, KeyError, AttributeError, RuntimeError),
            *(SafetensorError, StrictDataclassError),
        ) as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise self._refusal(f"cannot be loaded: {reason}") from error

    def _refusal(self, reason: str) -> SettingsError:
        return SettingsError(f"setting VDR_MODEL_NAME: {self.name}: {reason}")


def computes_bf16(torch: Any) -> bool:
    """Whether the processor has instructions for bf16, such as AVX512_BF16 or AMX."""
    abilities = torch.cpu.get_capabilities()
    return any(present for name, present in abilities.items() if name.endswith("bf16"))


def _libraries() -> tuple[Any, Any]:
    try:
        import torch  # noqa: PLC0415  absent from the packaged functions
        import transformers  # noqa: PLC0415
    except ImportError as error:
        raise SettingsError(
            "setting VDR_MODEL_NAME names a model of page images, but torch and transformers are not installed"
        ) from error
    return torch, transformers
