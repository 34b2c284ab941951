"""The four scores of codes against known factors, for ``sprites.py``: at once, or in other processes."""

from concurrent.futures import Executor, Future

import numpy as np
import torch
from torch import Tensor

from infogan_utils import Model, metrics

FIGURES = ("FactorVAE score", "MIG", "SAP", "DCI")


class Now(Executor):
    """Computes at once, where another process would take a core that isn't free."""

    def submit(self, function, *args) -> Future:
        future = Future()
        future.set_result(function(*args))
        return future


def quick(codes: np.ndarray, factors: np.ndarray) -> dict:
    """The two scores that are watched along a run."""
    return {
        "FactorVAE score": float(metrics.factor_vae_score(codes, factors)),
        "MIG": float(metrics.mig(codes, factors)),
    }


def slow(codes: np.ndarray, factors: np.ndarray, n: int) -> dict:
    """The other two; DCI on ``n`` of the pictures, 0: not at all."""
    found = {"SAP": float(metrics.sap(codes, factors))}
    return found | ({"DCI": float(metrics.dci(codes[:n], factors[:n])), "DCI's pictures": n} if n else {})


def read(model: Model, pictures: Tensor) -> np.ndarray:
    """The codes of pictures: Q's means, (n, codes)."""
    return torch.stack([q.mean for q in model.read(pictures).values()], dim=1).numpy()
