"""Are samples as varied as real images? Four shares and a distance, from two sets of features. Notebook 08.

Features are (n, d), for instance the judge's 128 units. A point's *ball* reaches to its k-th nearest neighbour in its
own set, edge included: a copy of a point lies in its ball. All results depend on n; compare equal numbers.
"""

from functools import partial

import torch
from torch import Tensor

CHUNK = 1_000  # rows of a matrix of distances at a time: (1,000, n) floats


def precision_recall(real: Tensor, fake: Tensor, k: int = 5) -> tuple[float, float]:
    """Precision, the share of samples in some real image's ball, and recall, that of real images in some sample's.

    arXiv 1904.06991. ``real`` (n, d) and ``fake`` (m, d) are finite, n and m larger than ``k``. Copies of one good
    sample have precision 1 and a recall of about 0.
    """
    real, fake = _checked(real, fake, k)
    precision, recall = (_balls(a, b, k)[0].gt(0).float().mean() for a, b in ((real, fake), (fake, real)))
    return float(precision), float(recall)


def density_coverage(real: Tensor, fake: Tensor, k: int = 5) -> tuple[float, float]:
    """Density, real balls that a sample lies in over k, and coverage, the share of real balls that hold a sample.

    arXiv 2002.09797. Only real images have balls, so that one odd sample can't cover much. Density can exceed 1.
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
    middle = torch.linalg.eigvals(s1 @ s2).real.clamp_min(0).sqrt().sum()  # tr (S₁S₂)^½; no eigenvalue is below 0
    return float((real.mean(0) - fake.mean(0)).square().sum() + s1.trace() + s2.trace() - 2 * middle)


def _balls(centres: Tensor, points: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """(m,) how many centres' balls each point lies in; (n,) whether each centre's ball holds a point."""
    distances = partial(torch.cdist, compute_mode="donot_use_mm_for_euclid_dist")  # so that a copy is at 0 exactly
    counts, hit = torch.zeros(len(points), dtype=torch.long), []
    for rows in centres.split(CHUNK):
        radii = distances(rows, centres).kthvalue(k + 1, dim=1, keepdim=True).values  # the nearest is the centre itself
        inside = distances(rows, points) <= radii
        counts += inside.sum(dim=0)
        hit.append(inside.any(dim=1))
    return counts, torch.cat(hit)


def _checked(real: Tensor, fake: Tensor, k: int) -> tuple[Tensor, Tensor]:
    real, fake = torch.as_tensor(real), torch.as_tensor(fake)
    fits = real.ndim == fake.ndim == 2 and real.shape[1] == fake.shape[1]
    if not fits or min(len(real), len(fake)) <= k or k < 1:
        shapes = f"{tuple(real.shape)} and {tuple(fake.shape)}"
        raise ValueError(f"features {shapes} with k = {k} > 0 were given; both are (n, d), n > k, with the same d")
    real, fake = real.detach().cpu().float(), fake.detach().cpu().float()
    if not (real.isfinite().all() and fake.isfinite().all()):
        raise ValueError("features that are not finite were given: look for images with NaN in them")
    return real, fake
