"""One training step of InfoGAN. Notebook 06 writes it out; the tests hold the two equal.

min over G, Q, max over D of V(D, G) − λ·L_I. D's step trains the trunk and both heads on −V − λ·L_I, G's step trains G
on its GAN loss − λ·L_I: each sum is taken *before* the optimiser's step, so that λ acts.
"""

import copy

import torch
from torch import Tensor, nn

from infogan_utils.latents import Latents, LatentSpec
from infogan_utils.looking import Model, check_networks, follow
from infogan_utils.models import has_bfloat16, heads, pair_classifier
from infogan_utils.objectives import GAN_LOSSES, agreement_bound, contrast_loss, information, three_step_loss
from infogan_utils.recipes import Recipe, check_lam
from infogan_utils.seeds import modules_draw_from, stream, usable


class Trainer:
    """A run: networks, optimisers, generators, step count and history.

    G is any module from (n, spec.total) to pictures; D has ``trunk``, ``d_head`` → (n, 1) and ``q_head`` → (n,
    spec.answers). ``seed`` is that of every draw; ``device`` where to compute, e.g. "cuda".
    """

    def __init__(
        self, G: nn.Module, D: nn.Module, spec: LatentSpec, recipe: Recipe, *, seed: int = 0, device: str = "cpu"
    ) -> None:
        if recipe.separate_step and not spec.codes:
            raise ValueError(f"{spec} was given with separate_step=True, a step for no code; give it one")
        self.spec, self.recipe, self.seed, self.device = spec, recipe, int(seed), usable(device)
        self.G, self.D = G.to(self.device), D.to(self.device)
        self.image_shape = check_networks(self.G, self.D, spec, self.device)
        if recipe.views is not None and len(self.image_shape) != 3:
            raise ValueError(f"views change images; G draws {self.image_shape}: take views=None and agreement=0.0")
        self.generator, self.dropout = stream(seed, "draws"), stream(seed, "dropout")
        self.bfloat16 = len(self.image_shape) == 3 and has_bfloat16(self.device)  # for points it costs more
        self.pairs = recipe.agreement > 0 and bool(spec.discrete)  # each real image is seen twice
        self.real_images = recipe.batch // (2 if self.pairs else 1)  # that a step takes
        self.H = pair_classifier(self.image_shape, len(spec.codes), seed) if recipe.contrast else nn.Sequential()
        parts = {"G": self.G, "trunk": self.D.trunk, "D": self.D.d_head, "Q": self.D.q_head, "H": self.H.to(device)}
        self.parameters = {k: [p for p in m.parameters() if p.numel() and p.requires_grad] for k, m in parts.items()}
        self.optimisers = self._optimisers()
        self.averaged = Model(*(copy.deepcopy(net).eval() for net in (self.G, self.D)), spec)
        self.lam, self.steps, self.history = recipe.lam, 0, {}  # figures by name, one a step
        self.order, self.position = torch.empty(0, dtype=torch.int64), 0  # of this epoch's images, and the place in it

    # λ, the weight of L_I, is read anew by every step; setting it to NaN or below zero is a ValueError
    lam = property(lambda self: self._lam, lambda self, value: setattr(self, "_lam", check_lam(value)))

    def __getattr__(self, name: str) -> None:
        """Asked for what isn't there: name what has it, where that is a ``Model``."""
        hint = f"; its averaged networks have: trainer.averaged.{name}" if hasattr(Model, name) else ""
        raise AttributeError(f"a Trainer has no attribute {name!r}{hint}")

    def _optimisers(self) -> dict[str, torch.optim.Adam]:
        """An Adam for each step, by the step's name."""
        r, parts = self.recipe, self.parameters
        groups = {"D step": [(parts["trunk"] + parts["D"], r.lr_d)], "G step": [(parts["G"], r.lr_g)]}
        if r.separate_step:
            groups["information step"] = [([p for part in r.information_updates for p in parts[part]], r.lr_g)]
        else:
            groups["D step"] += [(parts["Q"], r.lr_q), (parts["H"], r.lr_d)]
        return {name: adam(pairs, self.device) for name, pairs in groups.items()}

    def autocast(self) -> torch.autocast:
        """Matrix products in bfloat16 where the device has it, in float32 elsewhere."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16)

    def step(self, real: Tensor) -> dict[str, Tensor]:
        """One step of D and Q and one of G on real images (n, channels, side, side), float in [0, 1].

        Returns the losses "D" and "G" and each code's L_I in nats by name, as tensors on the device.
        """
        for net in (self.G, self.D):  # a look in between may have left one in eval mode
            net.train()
        with modules_draw_from(self.dropout):
            figures = self._three_steps(real) if self.recipe.separate_step else self._two_steps(real)
        follow([self.averaged.G, self.averaged.D], [self.G, self.D], self.recipe.average)
        self.steps += 1
        return {name: value.detach() for name, value in figures.items()}

    def _two_steps(self, real: Tensor) -> dict[str, Tensor]:
        recipe, parts, (d_loss, g_loss) = self.recipe, self.parameters, GAN_LOSSES[self.recipe.gan]
        x = torch.cat([real, real]) if self.pairs else real  # image i is image i + n, too
        with self.autocast():
            latents, fake, shared = self._generate(len(x))
            v_real, answers_real = self._see(x)
            v_fake, answers = self._see(fake.detach(), into_trunk="trunk" in recipe.information_updates)
            d, (loss, _) = d_loss(v_real, v_fake), self._information_loss(answers, latents)
            if self.pairs:
                loss = loss - recipe.agreement * self._agreement(answers_real)
            if recipe.contrast:
                loss = loss + recipe.contrast * contrast_loss(self.H(torch.cat(fake.detach().chunk(2), dim=1)), shared)
        self._update("D step", d + self.lam * loss, [p for part in ("trunk", "D", "Q", "H") for p in parts[part]])
        with self.autocast():
            v, answers = self._see(fake, into_trunk="G" in recipe.information_updates)
            g, (loss, bounds) = g_loss(v), self._information_loss(answers, latents)
            if recipe.contrast:
                bounds["contrast"] = contrast_loss(self.H(torch.cat(fake.chunk(2), dim=1)), shared)
                loss = loss + recipe.contrast * bounds["contrast"]
        self._update("G step", g + self.lam * loss, parts["G"])
        return {"D": d, "G": g, **bounds}

    def _three_steps(self, real: Tensor) -> dict[str, Tensor]:
        """The three-step form: G by its loss, D by its loss, then the information loss on a batch of its own."""
        recipe, parts, (d_loss, g_loss) = self.recipe, self.parameters, GAN_LOSSES[self.recipe.gan]
        with self.autocast():
            _, fake, _ = self._generate(len(real))
            g = g_loss(self._see(fake)[0])
        self._update("G step", g, parts["G"])
        with self.autocast():
            d = d_loss(self._see(real)[0], self._see(fake.detach())[0])
        self._update("D step", d, parts["trunk"] + parts["D"])
        with self.autocast():
            latents, fake, _ = self._generate(len(real))
            loss, bounds = self._information_loss(self._see(fake)[1], latents)
        self._update("information step", self.lam * loss, [p for k in recipe.information_updates for p in parts[k]])
        return {"D": d, "G": g, **bounds}

    def _generate(self, n: int) -> tuple[Latents, Tensor, Tensor | None]:
        """Latent variables, G's pictures of them, and with contrast which code the pictures i and i + n/2 share."""
        if self.recipe.contrast:
            latents, shared = self.spec.sample_pairs(n, self.generator, self.recipe.gap(self.steps))
        else:
            latents, shared = self.spec.sample(n, self.generator), None
        return (latents := latents.to(self.device)), self.G(self.spec.encode(latents)), shared

    def _see(self, x: Tensor, *, into_trunk: bool = True) -> tuple[Tensor, Tensor]:
        """D's raw output and Q's answers on images behind T. Without ``into_trunk`` Q's gradient ends at its head."""
        views = self.recipe.views or (lambda x, _: x)
        v, answers = heads(self.D, self.D.trunk(views(x, self.generator)), into_trunk=into_trunk)
        if self.recipe.plain_d:
            v, _ = heads(self.D, self.D.trunk(x[len(x) // 2 :]))  # of images seen twice, each of them once
        return v, answers

    def _information_loss(self, answers: Tensor, latents: Latents) -> tuple[Tensor, dict[str, Tensor]]:
        """What λ multiplies, and each code's L_I, read from the part of the batch that T leaves to it."""
        recipe, spec, views = self.recipe, self.spec, self.recipe.views
        rows = views and {name: views.rows(name, len(answers)) for name in spec.names}
        bounds = information(spec, answers, latents, rows)
        if recipe.lam_lc is not None:
            return three_step_loss(spec, answers, latents, *recipe.lam_lc), bounds
        weights = {name: 1.0 if code.discrete else recipe.continuous_weight for name, code in spec.items()}
        return -sum((weights[name] * bound for name, bound in bounds.items()), answers.new_zeros(())), bounds

    def _agreement(self, answers: Tensor) -> Tensor:
        """The agreement bound in nats, summed over the discrete codes; the second half shows the first's images."""
        parts = self.spec.split(answers)
        return sum(agreement_bound(*parts[name].chunk(2)) for name in self.spec.discrete)

    def _update(self, name: str, loss: Tensor, params: list[nn.Parameter]) -> None:
        """The gradient of ``loss`` for exactly these parameters, and the step of Adam that has this name."""
        loss.backward(inputs=params)
        self.optimisers[name].step()
        self.optimisers[name].zero_grad(set_to_none=True)

    def state_dict(self) -> dict:
        """All of the run's state. "tensors" has all that a step changes, by name, networks and moments not copied."""
        averaged = nn.ModuleDict({"G": self.averaged.G, "D": self.averaged.D})
        tensors = nn.ModuleDict({"G": self.G, "D": self.D, "H": self.H, "averaged": averaged}).state_dict()
        for name, optimiser in self.optimisers.items():
            for i, moments in enumerate(optimiser.state.values()):
                tensors |= {f"{name}.{i}.{key}": value for key, value in moments.items()}
        tensors |= {"generator": self.generator.get_state(), "dropout": self.dropout.get_state(), "order": self.order}
        numbers = {"steps": self.steps, "position": self.position, "lam": self.lam, "history": self.history}
        return {"tensors": tensors, **numbers}

    @torch.no_grad()
    def load_state_dict(self, state: dict) -> None:
        """Put a state back; ``ValueError``, before anything is changed, if its tensors are not those of this run."""
        given, own = state["tensors"], self.state_dict()["tensors"]
        wrong, right = ({k: (tuple(t.shape), t.dtype) for k, t in x.items() if k != "order"} for x in (given, own))
        if odd := sorted(name for name in wrong.keys() | right.keys() if wrong.get(name) != right.get(name)):
            raise ValueError(f"{odd[0]} is {wrong.get(odd[0])} in the state given and {right.get(odd[0])} in this run")
        steps, position, lam = int(state["steps"]), int(state["position"]), check_lam(state["lam"])
        order, history = given["order"].cpu().clone(), {name: list(values) for name, values in state["history"].items()}
        self.generator.set_state(given["generator"].cpu())
        self.dropout.set_state(given["dropout"].cpu())
        for name in own.keys() - {"order"}:
            own[name].copy_(given[name])
        self.steps, self.position, self.lam, self.order, self.history = steps, position, lam, order, history


def adam(groups: list[tuple[list[nn.Parameter], float]], device: torch.device) -> torch.optim.Adam:
    """Adam with β₁ = 0.5 as in the paper, a learning rate a group; its moments stand there, at 0, from the start."""
    fused = device.type in ("cpu", "cuda")  # one call for all parameters
    optimiser = torch.optim.Adam([{"params": p, "lr": lr} for p, lr in groups if p], betas=(0.5, 0.999), fused=fused)
    for p in (p for group in optimiser.param_groups for p in group["params"]):
        moments = {name: torch.zeros_like(p) for name in ("exp_avg", "exp_avg_sq")}
        count = torch.zeros((), dtype=torch.float32, device=device if fused else "cpu")  # whatever the default dtype
        optimiser.state[p] = {"step": count, **moments}
    return optimiser
