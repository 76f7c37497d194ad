"""HN-NCE: InfoNCE whose negatives weigh more the harder they are (Radenovic et al., CVPR 2023,
arXiv 2301.02280, equation 2), the loss of CoVR (Ventura et al., AAAI 2024)."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def hn_nce_one_way(
    similarities: Tensor,
    *,
    alpha: float = 1.0,
    beta: float = 0.5,
    tau: float | Tensor = 0.07,
    ignore: Tensor | None = None,
) -> Tensor:
    """Loss of every row of ``similarities`` S [B, B], its right answer on the diagonal: [B].

    ``-log( e^{S_ii/tau} / (alpha e^{S_ii/tau} + sum_{j!=i} w_ij e^{S_ij/tau}) )`` with
    ``w_ij = n_i e^{beta S_ij/tau} / sum_{k!=i} e^{beta S_ik/tau}``, n_i the number of row i's negatives: B-1,
    less what ``ignore`` (bool [B, B], True where j is no negative of i) takes away. The weights carry
    gradient, as in the paper's code. A row without negatives costs 0.

    Raises ValueError for a matrix that is not square, and alpha or beta below 0.
    """
    size = similarities.shape[0]
    if similarities.ndim != 2 or similarities.shape[1] != size:
        raise ValueError(f"similarities: shape {list(similarities.shape)} is not square")
    if alpha < 0 or beta < 0:
        raise ValueError(f"alpha {alpha} and beta {beta} must not be negative")
    negative = ~torch.eye(size, dtype=torch.bool, device=similarities.device)
    if ignore is not None:
        negative = negative & ~ignore
    # Rows without negatives are left out before any logarithm, because its gradient there would be NaN.
    rows = negative.any(dim=1)
    logits = (similarities / tau)[rows]
    negative = negative[rows]
    positive = (similarities.diagonal() / tau)[rows]

    hardness = (beta * logits).masked_fill(~negative, -math.inf)
    log_weights = negative.sum(dim=1, keepdim=True).to(logits.dtype).log() + hardness.log_softmax(dim=1)
    log_negatives = (log_weights + logits).masked_fill(~negative, -math.inf).logsumexp(dim=1)
    log_denominator = (
        torch.logaddexp(positive + math.log(alpha), log_negatives) if alpha > 0 else log_negatives
    )
    costs = similarities.new_zeros(size)
    return costs.masked_scatter(rows, log_denominator - positive)


def hn_nce(
    similarities: Tensor,
    *,
    alpha: float = 1.0,
    beta: float = 0.5,
    tau: float | Tensor = 0.07,
    ignore: Tensor | None = None,
) -> Tensor:
    """Mean over rows and over both directions of :func:`hn_nce_one_way`: a scalar.

    The paper writes sums; means keep the step size apart from the batch size. With ``beta`` 0 and ``alpha`` 1
    it equals symmetric InfoNCE, ``(CE(S/tau, diag) + CE(S^T/tau, diag)) / 2``.
    """
    forth = hn_nce_one_way(similarities, alpha=alpha, beta=beta, tau=tau, ignore=ignore)
    back = hn_nce_one_way(
        similarities.T, alpha=alpha, beta=beta, tau=tau, ignore=None if ignore is None else ignore.T
    )
    return (forth.mean() + back.mean()) / 2
