"""Dual-tower checkpoints with a handful of random weights, saved as the hub would hold them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from tokenizers.pre_tokenizers import ByteLevel

SIDE = 16
DIM = 24
POSITIONS = 12
_TOWER = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}


def clip_tokenizer() -> Any:
    letters = sorted(ByteLevel.alphabet())
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    return transformers.CLIPTokenizer(vocab={token: i for i, token in enumerate(tokens)}, merges=[])


def _siglip_tokenizer() -> Any:
    words = ["<pad>", "</s>", "<unk>", *"abcdefghijklmnopqrstuvwxyz"]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Split("", "isolated")]
    )
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    )


def _clip_text(tokenizer: Any) -> dict[str, Any]:
    return {
        **_TOWER,
        "vocab_size": len(tokenizer),
        "max_position_embeddings": POSITIONS,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }


def save_tiny(family: str, folder: Path, *, seed: int = 0) -> Path:
    """Saves model, tokenizer and image processor of ``clip``, ``siglip``, ``siglip2`` or ``xclip``."""
    torch.manual_seed(seed)
    vision = {**_TOWER, "image_size": SIDE, "patch_size": 8}
    model: Any
    processor: Any = transformers.CLIPImageProcessor(
        size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}
    )
    tokenizer = _siglip_tokenizer() if family.startswith("siglip") else clip_tokenizer()
    if family == "clip":
        model = transformers.CLIPModel(
            transformers.CLIPConfig(
                text_config=_clip_text(tokenizer), vision_config=vision, projection_dim=DIM
            )
        )
    elif family == "xclip":
        video = {
            **vision,
            "num_frames": 4,
            "mit_hidden_size": DIM,
            "mit_intermediate_size": 32,
            "mit_num_hidden_layers": 1,
            "mit_num_attention_heads": 2,
        }
        model = transformers.XCLIPModel(
            transformers.XCLIPConfig(
                text_config=_clip_text(tokenizer),
                vision_config=video,
                projection_dim=DIM,
                prompt_num_attention_heads=2,
            )
        )
        processor = transformers.VideoMAEImageProcessor(
            size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}
        )
    else:
        text = {
            **_TOWER,
            "hidden_size": DIM,
            "vocab_size": len(tokenizer),
            "max_position_embeddings": POSITIONS,
            "projection_size": DIM,
            "pad_token_id": 0,
            "eos_token_id": 1,
            "bos_token_id": 1,
        }
        if family == "siglip":
            model = transformers.SiglipModel(
                transformers.SiglipConfig(text_config=text, vision_config={**vision, "hidden_size": DIM})
            )
            processor = transformers.SiglipImageProcessor(size={"height": SIDE, "width": SIDE})
        else:
            patches = {**_TOWER, "hidden_size": DIM, "patch_size": 8, "num_patches": 4}
            model = transformers.Siglip2Model(
                transformers.Siglip2Config(text_config=text, vision_config=patches)
            )
            processor = transformers.Siglip2ImageProcessor(patch_size=8, max_num_patches=4)
    # Freshly made towers are so near to constant that a wrong order would pass unseen: spread them.
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim > 1:
                weight.normal_(0.0, 0.3)
            elif name.endswith("bias"):
                weight.normal_(0.0, 0.1)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder
