"""How an encoder runs. None of it changes what a vector means."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["auto", "float32", "bfloat16", "float16"]


class EncoderOptions(BaseModel):
    """Options of ``load_encoder`` and ``load_text_encoder``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    device: Device = Field("auto", description="auto: the first GPU where there is one, else the CPU.")
    precision: Precision = Field(
        "auto",
        description="Of the hf towers. auto: float16 on a GPU, bfloat16 on a CPU with AMX or AVX512-BF16, "
        "else float32.",
    )
    max_frames_per_batch: int = Field(64, ge=1, description="Frames that pass through a tower at once.")
    max_texts_per_batch: int = Field(64, ge=1, description="Text windows that pass through at once.")
    threads: int | None = Field(None, ge=1, description="CPU threads of torch; none: torch decides.")
    cache_dir: Path | None = Field(None, description="For what is computed once; none: the user's cache.")
    objects_uri: str | None = Field(
        None, description="Object store of published models; none: that of the service, VTR_OBJECTS__URI."
    )
    compile: bool = Field(False, description="torch.compile of the image tower; on a GPU only.")

    def with_objects(self, uri: str) -> EncoderOptions:
        """The same, with the object store ``uri`` where none is given."""
        return self if self.objects_uri is not None else self.model_copy(update={"objects_uri": uri})
