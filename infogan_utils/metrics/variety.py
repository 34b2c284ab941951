"""Are samples as varied as real images? Four shares and a distance, from two sets of features. Notebook 08.

Features are (n, d), for instance the judge's 128 units. A point's *ball* reaches to its k-th nearest neighbour in its
own set, edge included: a copy of a point lies in its ball. All results depend on n; compare equal numbers.
"""

import torch
from torch import Tensor

CHUNK = 1_000  # rows of a matrix of distances at a time: (1,000, n) floats


def precision_recall(real: Tensor, fake: Tensor, k: int = 5) -> tuple[float, float]:
    """Share of samples in some real image's ball, share of real images in some sample's (arXiv 1904.06991).

    Args:
        real, fake: (n, d) and (m, d), finite, n and m larger than ``k``.

    Returns:
        (precision, recall). Copies of one good sample: precision 1, recall about 0.
    """
    real, fake = _checked(real, fake, k)
    precision = (_balls(real, fake, k)[0] > 0).float().mean()
    recall = (_balls(fake, real, k)[0] > 0).float().mean()
    return float(precision), float(recall)


def density_coverage(real: Tensor, fake: Tensor, k: int = 5) -> tuple[float, float]:
    """Real balls a sample lies in, over k, and share of real balls that hold a sample (arXiv 2002.09797).

    They use balls of real images alone, so that one odd sample can't cover much. Arguments as for ``precision_recall``.

    Returns:
        (density, coverage). Density can exceed 1.
    """
    real, fake = _checked(real, fake, k)
    balls_of, hit = _balls(real, fake, k)
    return float(balls_of.double().mean() / k), float(hit.float().mean())


def frechet_distance(real: Tensor, fake: Tensor) -> float:
    """Fréchet distance of two Gaussians with the sets' means and covariances (arXiv 1706.08500), squared as usual.

    |μ₁ − μ₂|² + tr(S₁ + S₂ − 2 (S₁S₂)^½), in squared units of a feature. For (n, d) features n should be far above d.
    """
    real, fake = (x.double() for x in _checked(real, fake, 1))
    s1, s2 = (torch.atleast_2d(torch.cov(x.T)) for x in (real, fake))
    values, vectors = torch.linalg.eigh(s1)
    root = vectors * values.clamp_min(0).sqrt()  # root @ root.T = S₁
    middle = torch.linalg.eigvalsh(root.T @ s2 @ root).clamp_min(0).sqrt().sum()  # tr (S₁S₂)^½
    return float((real.mean(0) - fake.mean(0)).square().sum() + s1.trace() + s2.trace() - 2 * middle)


def _balls(centres: Tensor, points: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """(m,) how many centres' balls each point lies in; (n,) whether each centre's ball holds a point."""
    counts, hit = torch.zeros(len(points), dtype=torch.long), []
    for rows in centres.split(CHUNK):
        # The k + 1 nearest contain the centre itself. Without matrix products, so that a copy is exactly at distance 0.
        radii = _distances(rows, centres).topk(k + 1, dim=1, largest=False).values[:, -1:]
        inside = _distances(rows, points) <= radii
        counts += inside.sum(dim=0)
        hit.append(inside.any(dim=1))
    return counts, torch.cat(hit)


def _distances(a: Tensor, b: Tensor) -> Tensor:
    return torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist")


def _checked(real: Tensor, fake: Tensor, k: int) -> tuple[Tensor, Tensor]:
    fits = real.ndim == fake.ndim == 2 and real.shape[1] == fake.shape[1]
    if not fits or min(len(real), len(fake)) <= k or k < 1:
        raise ValueError(
            f"features {tuple(real.shape)} and {tuple(fake.shape)} with k = {k} were given; both are (n, d) with "
            f"the same d and more than {k} rows, and k is 1 or more"
        )
    real, fake = real.detach().cpu().float(), fake.detach().cpu().float()
    if not (real.isfinite().all() and fake.isfinite().all()):
        raise ValueError("features that are not finite numbers were given: look for images with NaN in them")
    return real, fake
