"""Turns options into a torch device, a dtype and a thread count."""

from __future__ import annotations

import torch

from vtr.models.encoders.options import EncoderOptions

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def set_threads(options: EncoderOptions) -> None:
    """Applies ``threads``, which torch holds for the whole process."""
    if options.threads is not None:
        torch.set_num_threads(options.threads)


def pick_device(options: EncoderOptions) -> torch.device:
    """The device asked for. Raises ``ValueError`` when a GPU is asked for and there is none."""
    has_gpu = torch.cuda.is_available()
    if options.device == "cuda" and not has_gpu:
        raise ValueError("device: cuda, but torch sees no GPU here; use auto or cpu")
    return torch.device("cuda" if has_gpu and options.device != "cpu" else "cpu")


def pick_dtype(options: EncoderOptions, device: torch.device) -> torch.dtype:
    """The precision asked for; ``auto`` takes half only where the hardware computes it natively."""
    if options.precision != "auto":
        return _DTYPES[options.precision]
    if device.type == "cuda":
        return torch.float16
    return torch.bfloat16 if _cpu_has_bfloat16() else torch.float32


def _cpu_has_bfloat16() -> bool:
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") or capabilities.get("bf16"))
