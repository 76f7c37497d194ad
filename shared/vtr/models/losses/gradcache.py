"""Gradient caching: contrastive batches larger than memory (Gao et al. 2021, arXiv 2101.06983).

The loss needs the embeddings of the whole batch, but its gradient towards them is small. So: embed every
chunk without a graph, take the gradient of the loss with respect to the embeddings, then embed chunk by
chunk again with a graph and push that gradient through. The result equals the plain gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from torch import Tensor

Chunk = TypeVar("Chunk")


def cached_backward(
    chunks: Sequence[Chunk],
    embed: Callable[[Chunk], Sequence[Tensor]],
    loss: Callable[[Sequence[Tensor]], Tensor],
) -> Tensor:
    """Adds the gradients of ``loss(all embeddings)`` to the parameters that ``embed`` and ``loss`` use.

    ``embed`` gives the same number of tensors for each chunk, each with the chunk's size in front; ``loss``
    gets them concatenated over the chunks. Dropout draws the same masks in both passes, as the state of the
    CPU's generator is put back. Returns the loss, detached.
    """
    if not chunks:
        raise ValueError("chunks: none are given")
    states, parts = [], []
    with torch.no_grad():
        for chunk in chunks:
            states.append(torch.get_rng_state())
            parts.append(tuple(embed(chunk)))
    leaves = [torch.cat(list(of)).detach().requires_grad_() for of in zip(*parts, strict=True)]
    value = loss(leaves)
    value.backward()  # type: ignore[no-untyped-call]
    after = torch.get_rng_state()
    gradients = [
        torch.split(leaf.grad, [part[k].shape[0] for part in parts]) if leaf.grad is not None else None
        for k, leaf in enumerate(leaves)
    ]
    for number, (chunk, state) in enumerate(zip(chunks, states, strict=True)):
        torch.set_rng_state(state)
        outputs = embed(chunk)
        pairs = [
            (output, gradient[number])
            for output, gradient in zip(outputs, gradients, strict=True)
            if gradient is not None and output.requires_grad
        ]
        torch.autograd.backward([o for o, _ in pairs], [g for _, g in pairs])
    torch.set_rng_state(after)
    return value.detach()
