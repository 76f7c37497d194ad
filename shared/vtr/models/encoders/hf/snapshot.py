"""Finds a checkpoint's folder, and names what is in it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

# What decides the vectors: configuration, tokenizer, preprocessing, weights.
_SMALL = ("*.json", "*.txt", "*.model")
_WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
# Goes up when the code here would give other vectors for the same checkpoint.
RECIPE = "1"


def resolve(argument: str) -> Path:
    """The folder of ``argument``: a path, or a model id (with ``@revision``) cached or fetched.

    Raises ``ValueError`` for a folder without a checkpoint, ``OSError`` when an id cannot be fetched.
    """
    if not argument:
        raise ValueError("encoder: after 'hf:' comes a model id or the path of a checkpoint folder")
    path = Path(argument).expanduser()
    if path.is_dir():
        _require_checkpoint(path)
        return path
    if argument.startswith(("/", ".", "~")):
        raise ValueError(f"encoder: hf:{argument}: no such folder")
    return _from_hub(argument)


def fingerprint(folder: Path) -> str:
    """Ten hex digits of the content of all files that decide the vectors (SHA-256)."""
    digest = hashlib.sha256(RECIPE.encode())
    for file in _deciding_files(folder):
        with file.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        digest.update(f"{file.name} {content}\n".encode())
    return digest.hexdigest()[:10]


def _deciding_files(folder: Path) -> list[Path]:
    weights = list(folder.glob(_WEIGHTS[0])) or list(folder.glob(_WEIGHTS[1]))
    return sorted({*weights, *(file for pattern in _SMALL for file in folder.glob(pattern))})


def _has_weights(folder: Path) -> bool:
    return any(True for pattern in _WEIGHTS for _ in folder.glob(pattern))


def _require_checkpoint(folder: Path) -> None:
    if not (folder / "config.json").is_file():
        raise ValueError(f"encoder: hf:{folder}: no config.json in it, so it is no checkpoint")
    if not _has_weights(folder):
        raise ValueError(f"encoder: hf:{folder}: no weights in it ({' or '.join(_WEIGHTS)})")


def _from_hub(argument: str) -> Path:
    model, _, revision = argument.partition("@")
    try:
        try:
            folder = _download(model, revision, _SMALL + _WEIGHTS, local_only=True)
            _require_checkpoint(folder)
        except (LocalEntryNotFoundError, ValueError) as missing:
            if isinstance(missing, HFValidationError):
                raise
            folder = _download(model, revision, (*_SMALL, _WEIGHTS[0]), local_only=False)
            if not _has_weights(folder):
                # Some older checkpoints have no safetensors; where both are, one is enough.
                folder = _download(model, revision, _WEIGHTS, local_only=False)
    except (OSError, HfHubHTTPError, HFValidationError, LocalEntryNotFoundError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise OSError(
            f"encoder: hf:{argument} is not in the local cache and cannot be fetched ({reason}). "
            "Give the path of a checkpoint folder, or run once with network"
        ) from error
    _require_checkpoint(folder)
    return folder


def _download(model: str, revision: str, patterns: tuple[str, ...], *, local_only: bool) -> Path:
    return Path(
        snapshot_download(
            model,
            revision=revision or None,
            allow_patterns=list(patterns),
            ignore_patterns=["*/*"],
            local_files_only=local_only,
        )
    )
