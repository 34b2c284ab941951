"""One training step of InfoGAN. Notebook 06 writes it out; the tests hold the two equal.

min over G, Q, max over D of V(D, G) - lam·L_I: each step sums the GAN loss and lam times the information loss
*before* one optimiser step, so that lam acts. With ``own_adam`` the information loss steps by itself, as in the
starting note. The loop around the step is in ``loop``, the file of a run in ``checkpoint``.
"""

import operator
from contextlib import nullcontext

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from infogan_utils.codes import Codes, Layout
from infogan_utils.devices import best_device as best_device
from infogan_utils.devices import has_bfloat16
from infogan_utils.models import SMALL, Posterior, Size
from infogan_utils.note_models import build
from infogan_utils.objectives import agreement_bound, d_loss, g_loss, information, note_loss
from infogan_utils.recipes import FAST, Recipe, check_lam


def adam(params: list[nn.Parameter], lr: float, device: torch.device) -> torch.optim.Adam:
    """Adam as the paper sets it, beta_1 = 0.5, in one fused call where the device has it."""
    return torch.optim.Adam(params, lr=lr, betas=(0.5, 0.999), fused=device.type in ("cpu", "cuda"))


class Trainer:
    """A run: networks, optimisers, generator, step count and history, all that a checkpoint holds.

    Args:
        layout: the latent variables.
        recipe: how to train.
        size: widths of the networks, and their family.
        seed: of the initialisation and of every draw.
        image_shape: (channels, side, side).
        device: where to compute, e.g. "cpu", "cuda", "mps".

    Raises:
        ValueError: if the layout has no code, but the recipe a step of its own for the information loss, or if
            ``image_shape`` is something else.
    """

    def __init__(
        self,
        layout: Layout,
        recipe: Recipe = FAST,
        *,
        size: Size = SMALL,
        seed: int = 0,
        image_shape: tuple[int, int, int] = (1, 28, 28),
        device: torch.device | str = "cpu",
    ) -> None:
        if recipe.own_adam and not layout.code_names:
            raise ValueError(
                f"{layout} and a recipe with own_adam=True were given; there the information loss takes a step of its "
                "own, which needs a code: give the layout one, e.g. Layout(62, (10,), 2), or take "
                "dataclasses.replace(recipe, own_adam=False)"
            )
        seed = operator.index(seed)
        self.layout, self.recipe, self.size, self.seed = layout, recipe, size, seed
        self.image_shape, self.device = tuple(image_shape), torch.device(device)
        with torch.random.fork_rng(devices=[]):  # the networks' initialisation draws from torch's global state
            torch.manual_seed(seed)
            self.G, self.D = (net.to(self.device, memory_format=torch.channels_last) for net in self._networks())
        self.generator = torch.Generator().manual_seed(seed)
        self.lam = recipe.lam
        self.bfloat16 = has_bfloat16(self.device)
        self.d_params = [*self.D.trunk.parameters(), *self.D.d_head.parameters()]
        self.q_params = list(self.D.q_head.parameters())
        self.g_params = list(self.G.parameters())
        self.optimisers = self._optimisers()
        average = get_ema_multi_avg_fn(recipe.average)
        self.averaged = {
            name: AveragedModel(net, multi_avg_fn=average, use_buffers=True).eval()
            for name, net in (("G", self.G), ("D", self.D))
        }
        self.steps = 0
        self.history: dict[str, list[float]] = {}
        self.order = torch.empty(0, dtype=torch.int64)  # this epoch's order of the images, and how far it is read
        self.position = 0

    def _networks(self) -> tuple[nn.Module, nn.Module]:
        """G and D, freshly initialised; a subclass with other networks replaces this method."""
        if len(self.image_shape) != 3 or self.image_shape[1] != self.image_shape[2]:
            raise ValueError(f"image_shape = {self.image_shape} was given; it is (channels, side, side): (1, 28, 28)")
        shape = {"channels": self.image_shape[0], "side": self.image_shape[1]}
        return build(self.layout, self.size, **shape, learn_sigma=self.recipe.learn_sigma)

    def _optimisers(self) -> dict[str, torch.optim.Adam]:
        recipe = self.recipe
        groups = {"D": (self.d_params, recipe.lr_d), "G": (self.g_params, recipe.lr_g)}
        if recipe.own_adam:
            groups["information"] = (self.information_params(), recipe.lr_g)
        else:
            groups["G"] = ([*self.g_params, *self.q_params], recipe.lr_g)
        return {name: adam(params, lr, self.device) for name, (params, lr) in groups.items()}

    def information_params(self) -> list[torch.nn.Parameter]:
        """The parameters that the information gradient trains, by ``recipe.reaches``."""
        parts = {"G": self.g_params, "trunk": list(self.D.trunk.parameters()), "Q": self.q_params}
        return [p for part in self.recipe.reaches for p in parts[part]]

    @property
    def lam(self) -> float:
        """Weight of L_I, read anew by every step. Setting it to NaN or below zero is a ``ValueError``."""
        return self._lam

    @lam.setter
    def lam(self, value: float) -> None:
        self._lam = check_lam(value)

    def autocast(self) -> torch.autocast | nullcontext:
        """Matrix products in bfloat16 where the device has it, in float32 elsewhere."""
        return torch.autocast(self.device.type, torch.bfloat16) if self.bfloat16 else nullcontext()

    def step(self, real: Tensor) -> dict[str, Tensor]:
        """One step of D and one of G and Q on real images (n, channels, side, side), float in [0, 1].

        With ``recipe.agreement`` each of them is seen twice, so that 2n images are generated, otherwise n.
        Returns the losses "D" and "G" and each code's L_I in nats by name, as tensors on the device.
        """
        for net in (self.G, self.D):  # a look in between may have left one in eval mode
            net.train()
        if self.recipe.agreement:
            real = torch.cat([real, real])
        codes = self.layout.sample(len(real), self.generator).to(self.device)
        figures = self._three_steps(real, codes) if self.recipe.own_adam else self._two_steps(real, codes)
        for name, net in (("G", self.G), ("D", self.D)):
            self.averaged[name].update_parameters(net)
        self.steps += 1
        return figures

    def _two_steps(self, real: Tensor, codes: Codes) -> dict[str, Tensor]:
        recipe, net = self.recipe, self.D
        with self.autocast():
            fake = self.G(codes)
            real_features = net.features(self._through_channel(real))
            fake_features = net.features(self._through_channel(fake.detach()))
            d = d_loss(recipe.objective, net.d(real_features), net.d(fake_features))
            total = d
            if "trunk" in recipe.reaches:
                loss = self._information_loss(net.q(fake_features), codes)[0]
                if recipe.agreement:
                    loss = loss - recipe.agreement * self._agreement(net.q(real_features))
                total = d + self.lam * loss
        # with agreement, Q's gradient of this loss, L_I's included, waits here for G's step, which adds its own to it
        self._update("D", total, [*self.d_params, *(self.q_params if recipe.agreement else [])])
        with self.autocast():
            features = net.features(self._through_channel(fake))
            g = g_loss(recipe.objective, net.d(features))
            q = net.q(features if "G" in recipe.reaches else features.detach())
            loss, bounds = self._information_loss(q, codes)
        self._update("G", g + self.lam * loss, [*self.g_params, *self.q_params])
        return self._figures(d, g, bounds)

    def _three_steps(self, real: Tensor, codes: Codes) -> dict[str, Tensor]:
        """The starting note's order: G by its loss, D by its loss, then the information loss with its own Adam."""
        recipe, net = self.recipe, self.D
        with self.autocast():
            fake = self.G(codes)
            g = g_loss(recipe.objective, net.d(net.features(self._through_channel(fake))))
        self._update("G", g, self.g_params)
        with self.autocast():
            real_v = net.d(net.features(self._through_channel(real)))
            fake_v = net.d(net.features(self._through_channel(fake.detach())))
            d = d_loss(recipe.objective, real_v, fake_v)
        self._update("D", d, self.d_params)
        with self.autocast():
            codes = self.layout.sample(len(real), self.generator).to(self.device)
            features = net.features(self._through_channel(self.G(codes)))
            loss, bounds = self._information_loss(net.q(features), codes)
        self._update("information", self.lam * loss, self.information_params())
        return self._figures(d, g, bounds)

    def _through_channel(self, x: Tensor) -> Tensor:
        return x if self.recipe.channel is None else self.recipe.channel(x, self.generator)

    def _information_loss(self, q: Posterior, codes: Codes) -> tuple[Tensor, dict[str, Tensor]]:
        """What lam multiplies, and each code's L_I. Continuous codes are read from the spared images alone, if any."""
        recipe, near = self.recipe, len(codes.z)
        if recipe.channel is not None:
            near = recipe.channel.spared_of(near) or near
        q = q._replace(mu=q.mu[:near], log_var=q.log_var[:near])
        seen = codes._replace(c_cont=codes.c_cont[:near])
        bounds = information(q, seen)
        if recipe.note is not None:
            return note_loss(q, seen, lam_l=recipe.note[0], lam_c=recipe.note[1]), bounds
        weights = [1.0 if name.startswith("cat") else recipe.cont_weight for name in bounds]
        return -sum(w * b for w, b in zip(weights, bounds.values(), strict=True)), bounds

    def _agreement(self, q: Posterior) -> Tensor:
        """The bound on real images in nats, summed over the categorical codes; the second half is the first again."""
        n = len(q.mu) // 2
        return sum((agreement_bound(a[:n], a[n:]) for a in q.logits), torch.zeros((), device=q.mu.device))

    def _update(self, name: str, loss: Tensor, params: list[torch.nn.Parameter]) -> None:
        """The gradient of ``loss`` for exactly these parameters, and one Adam step of those that ``name`` owns."""
        loss.backward(inputs=params)
        self.optimisers[name].step()
        self.optimisers[name].zero_grad(set_to_none=True)

    def _figures(self, d: Tensor, g: Tensor, bounds: dict[str, Tensor]) -> dict[str, Tensor]:
        return {"D": d.detach(), "G": g.detach()} | {name: b.detach() for name, b in bounds.items()}

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor of the run by name: networks, averages, Adam's moments, generator, order of the data."""
        nets = {"G": self.G, "D": self.D, "averaged.G": self.averaged["G"], "averaged.D": self.averaged["D"]}
        found = {f"{n}.{key}": value for n, net in nets.items() for key, value in net.state_dict().items()}
        for name, optimiser in self.optimisers.items():
            for i, moments in optimiser.state_dict()["state"].items():
                found |= {f"adam.{name}.{i}.{key}": value for key, value in moments.items()}
        return found | {"generator": self.generator.get_state(), "order": self.order}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Put every tensor of ``tensors()`` back.

        Raises:
            ValueError: if one is missing, is not known, or has another shape.
        """
        nets = {"averaged.G": self.averaged["G"], "averaged.D": self.averaged["D"], "G": self.G, "D": self.D}
        left = dict(tensors)
        try:
            self.generator.set_state(left.pop("generator").cpu())
            self.order = left.pop("order").cpu()
            for name, net in nets.items():
                own = [key for key in left if key.startswith(name + ".")]
                net.load_state_dict({key[len(name) + 1 :]: left.pop(key) for key in own})
            for name, optimiser in self.optimisers.items():
                moments: dict[int, dict[str, Tensor]] = {}
                owned = [p.detach() for group in optimiser.param_groups for p in group["params"]]
                for key in [k for k in left if k.startswith(f"adam.{name}.")]:
                    _, _, i, moment = key.split(".")
                    value = left.pop(key).clone()
                    like = owned[int(i)]  # fused Adam reads the moments in the parameter's own memory layout
                    moments.setdefault(int(i), {})[moment] = (
                        torch.empty_like(like).copy_(value) if value.shape == like.shape else value
                    )
                optimiser.load_state_dict({"state": moments, "param_groups": optimiser.state_dict()["param_groups"]})
        except (KeyError, IndexError, RuntimeError) as error:
            raise ValueError(f"these tensors don't fit a run of {self.layout} and {self.size}: {error}") from error
        if left:
            raise ValueError(f"these tensors don't belong to a run of {self.layout}: {sorted(left)[:3]}")
