"""Checks of notebook 07's exercises: Adam's update sizes, balancing λ, which weights train alike."""

import math

import numpy as np
import torch

from infogan_utils.checks import exercise


def adam_lengths(gradients: np.ndarray) -> np.ndarray:
    """The length of each update that torch's Adam makes from these gradients (steps, parameters)."""
    p = torch.nn.Parameter(torch.zeros(gradients.shape[1], dtype=torch.float64))
    optimiser, lengths = torch.optim.Adam([p], lr=1e-3, betas=(0.5, 0.999), eps=1e-8), []
    for g in gradients:
        before = p.detach().clone()
        p.grad = torch.from_numpy(g.copy())
        optimiser.step()
        lengths.append((p.detach() - before).norm().item())
    return np.array(lengths)


def uncorrected(gradients: np.ndarray) -> np.ndarray:
    """The same, without what makes up for means that begin at 0."""
    m = v = 0.0
    lengths = []
    for g in gradients:
        m, v = 0.5 * m + 0.5 * g, 0.999 * v + 0.001 * g**2
        lengths.append(np.linalg.norm(1e-3 * m / (np.sqrt(v) + 1e-8)))
    return np.array(lengths)


@exercise("Exercise 7.1")
def update_sizes(answer) -> None:
    """One length a step, equal to torch's Adam, the same for every lam above 0, and 0 at 0."""
    rng = np.random.default_rng(71)
    for steps, n in ((40, 3), (15, 1)):
        gradients = rng.normal(0.3, 1.0, (steps, n))
        for lam in (1.0, 0.03, 10.0, 0.0):
            where = f"λ = {lam:g}, {steps} steps of {n} parameters:"
            got = np.asarray(answer(lam, gradients.copy()), dtype=float)
            if got.shape != (steps,):
                raise AssertionError(f"{where} one length a step was expected, ({steps},), got {got.shape}.")
            if lam == 0 and not np.all(got == 0):
                raise AssertionError(f"{where} no gradient, no update; got {got[0]:.2e} in the first step.")
            wanted = adam_lengths(lam * gradients)
            bad = np.flatnonzero(~np.isclose(got, wanted, rtol=1e-4, atol=1e-12))
            if len(bad):
                t = int(bad[0])
                causes = {
                    "without the division by 1 − β^t; both means begin at 0": uncorrected(lam * gradients),
                    "λ times the update; Adam gets λ times the gradient": lam * adam_lengths(gradients),
                }
                why = "".join(f" This is {name}." for name, v in causes.items() if np.allclose(got, v, rtol=1e-4))
                raise AssertionError(f"{where} step {t + 1} should be {wanted[t]:.6f} long, got {got[t]:.6f}.{why}")


@exercise("Exercise 7.2")
def balancing_lam(answer) -> None:
    """lam times the information's gradient is as long as the GAN's; infinity where there is none."""
    generator = torch.Generator().manual_seed(72)
    for n, size in ((5, 0.1), (100, 3.0), (1, 1.0)):
        g_gan = torch.randn(n, generator=generator)
        g_info = size * torch.randn(n, generator=generator)
        lam = float(answer(g_gan.clone(), g_info.clone()))
        if lam < 0:
            raise AssertionError(f"{n} parameters: λ is never negative, got {lam:.4f}.")
        if not math.isclose((lam * g_info).norm().item(), g_gan.norm().item(), rel_tol=1e-4):
            raise AssertionError(
                f"{n} parameters, λ = {lam:.4f}: λ times the information's gradient is "
                f"{(lam * g_info).norm().item():.4f} long, the GAN's {g_gan.norm().item():.4f}."
            )
    lam = float(answer(torch.ones(3), torch.zeros(3)))
    if lam != math.inf:
        raise AssertionError(f"an information gradient of zero: no λ balances it, infinity was expected, got {lam}.")
    if float(answer(torch.zeros(3), torch.ones(3))) != 0:
        raise AssertionError("a GAN gradient of zero: λ = 0 was expected.")


@exercise("Exercise 7.3")
def same_training(answer) -> None:
    """Same direction of (lam_l, lam_c), zeros included; (0, 0) trains like itself alone."""
    alike = [((0.5, 0.25), (2.0, 1.0)), ((0.3, 0.1), (0.9, 0.3)), ((1.0, 0.0), (0.03, 0.0)), ((0.0, 2.0), (0.0, 7.0))]
    alike += [((1.7, 0.2), (1.7, 0.2)), ((0.0, 0.0), (0.0, 0.0))]
    apart = [((0.5, 0.25), (2.0, 0.25)), ((0.5, 0.25), (0.25, 0.5)), ((1.0, 0.0), (0.0, 1.0)), ((1.0, 0.0), (1.0, 0.5))]
    apart += [((0.0, 0.0), (1.0, 1.0)), ((1.0, 0.5), (0.0, 0.0)), ((1.0, 2.0), (2.0, 1.0)), ((1.0, 0.1), (1.0, 0.1001))]
    for (a, b), wanted in [*((pair, True) for pair in alike), *((pair, False) for pair in apart)]:
        got = answer(a, b)
        if not isinstance(got, bool | np.bool_):
            raise AssertionError(f"True or False was expected, got {type(got).__name__}.")
        if bool(got) != wanted:
            tolerance = "Floats are compared with a tolerance." if wanted else "Is your tolerance too loose?"
            hint = "(0, 0) has no direction." if (0.0, 0.0) in (a, b) else f"Only λ_l : λ_c counts. {tolerance}"
            raise AssertionError(f"{a} and {b} {'train alike' if wanted else 'differ'}; got {bool(got)}. {hint}")
