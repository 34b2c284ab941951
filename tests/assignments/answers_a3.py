"""Assignment 3: right answers in different styles, and wrong ones with the check cells they fail.

`RIGHT`: answer cell -> sources. `WRONG`: answer cell -> {what is wrong: (source, check cells lost)}.
"""

RIGHT = {
    "gradient-norms": [
        """
def gradient_norms(loss, modules):
    out = {}
    for name, module in modules.items():
        total = torch.zeros(())
        for p in module.parameters():
            g, = torch.autograd.grad(loss, p, retain_graph=True, allow_unused=True)
            if g is not None:
                total = total + g.square().sum()
        out[name] = total.sqrt().item()
    return out
""",
        """
def gradient_norms(loss, modules):
    everything = [p for module in modules.values() for p in module.parameters()]
    kept = [p.grad for p in everything]
    for p in everything:
        p.grad = None
    loss.backward(retain_graph=True, inputs=everything)
    norms = {}
    for name, m in modules.items():
        grads = [p.grad.flatten() for p in m.parameters() if p.grad is not None]
        norms[name] = float(torch.cat([torch.zeros(1), *grads]).norm())
    for p, old in zip(everything, kept):
        p.grad = old
    return norms
""",
        """
def gradient_norms(loss, modules):
    everything = [p for module in modules.values() for p in module.parameters()]
    got = iter(torch.autograd.grad(loss, everything, allow_unused=True))  # frees the graph of the loss
    norms = {}
    for name, module in modules.items():
        gs = [g for _, g in zip(list(module.parameters()), got) if g is not None]
        norms[name] = torch.nn.utils.get_total_norm(gs).item() if gs else 0.0
    return norms
""",
        """
def gradient_norms(loss, modules):
    store = {p: p.grad.clone() if p.grad is not None else None for m in modules.values() for p in m.parameters()}
    for p in store: p.grad = None
    loss.backward(inputs=list(store), retain_graph=True)
    out = {k: torch.nn.utils.clip_grad_norm_(m.parameters(), float('inf')).item() for k, m in modules.items()}
    for p, g in store.items(): p.grad = g
    return out
""",
        """
def gradient_norms(loss, modules):
    got, hooks = {}, []
    for k, m in modules.items():
        got[k] = 0.0
        for p in m.parameters():
            hooks.append(p.register_hook(lambda g, k=k: got.__setitem__(k, got[k] + g.pow(2).sum().item())))
    torch.autograd.grad(loss, [p for m in modules.values() for p in m.parameters()], allow_unused=True)
    for h in hooks: h.remove()
    return {k: v ** 0.5 for k, v in got.items()}
""",
        """
def gradient_norms(loss, modules):
    own = list({p for m in modules.values() for p in m.parameters()})
    kept = [p.grad for p in own]
    for p in own: p.grad = None
    loss.backward(inputs=own)
    found = {k: [p.grad for _, p in m.named_parameters() if p.grad is not None] for k, m in modules.items()}
    for p, old in zip(own, kept): p.grad = old
    return {k: sum(g.double().pow(2).sum().item() for g in gs) ** 0.5 for k, gs in found.items()}
""",
    ],
    "discriminator-loss": [
        """
def discriminator_loss(G, D, x, latents):
    with torch.no_grad():
        fake = G(*latents)
    softplus = torch.nn.functional.softplus
    return softplus(-D.v(x)).mean() + softplus(D.v(fake)).mean()
""",
        """
def discriminator_loss(G, D, x, latents):
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    s_real, s_fake = D.v(x), D.v(G(*latents).detach())
    return bce(s_real, torch.ones_like(s_real)) + bce(s_fake, torch.zeros_like(s_fake))
""",
        """
def discriminator_loss(G, D, x, latents):
    z, l, c = latents
    fake = G(z, l, c).data
    v = -torch.logaddexp(torch.zeros(()), -D.v(x)).mean()
    v = v - torch.logaddexp(torch.zeros(()), D.v(fake)).mean()
    return -v
""",
        """
def discriminator_loss(G, D, x, latents):
    import torch.nn.functional as F
    for p in G.parameters(): p.requires_grad_(False)
    fake = G(*latents)
    for p in G.parameters(): p.requires_grad_(True)
    v = D.v(torch.cat([x, fake]))
    y = torch.cat([torch.ones(len(x)), torch.zeros(len(fake))])
    w = torch.cat([torch.full((len(x),), 1/len(x)), torch.full((len(fake),), 1/len(fake))])
    return F.binary_cross_entropy_with_logits(v, y, weight=w, reduction='sum')
""",
        """
def discriminator_loss(G, D, x, latents):
    real, fake = D.v(x), D.v(torch.from_numpy(G(*latents).detach().numpy()))
    V = torch.einsum('n->', torch.nn.functional.logsigmoid(real)) / real.numel()
    V = V + torch.einsum('n->', torch.nn.functional.logsigmoid(-fake)) / fake.numel()
    return V.neg()
""",
    ],
    "generator-loss": [
        """
def generator_loss(G, D, latents, lam):
    x = G(*latents)
    cross_entropy = torch.nn.functional.cross_entropy(D.q(x)[0], latents[1])
    return torch.nn.functional.softplus(-D.v(x)).mean() - lam * (math.log(8) - cross_entropy)
""",
        """
def generator_loss(G, D, latents, lam):
    z, label, c = latents
    x = G(z, label, c)
    h = D.trunk(x)
    log_q = torch.distributions.Categorical(logits=D.q_head(h)[:, :8]).log_prob(label.argmax(1))
    gan = torch.nn.functional.binary_cross_entropy_with_logits(D.d_head(h), torch.ones(len(x), 1))
    return gan - lam * log_q.mean() - lam * math.log(label.shape[1])
""",
        """
def information_bound(logits, l):
    picked = (logits * l).sum(1) - torch.logsumexp(logits, 1)
    return picked.sum() / len(l) + torch.log(torch.tensor(float(l.shape[1])))

def generator_loss(G, D, latents, lam):
    x = G(latents[0], latents[1], latents[2])
    loss = torch.nn.LogSigmoid()(D.v(x)).mean().neg()
    loss -= lam * information_bound(D.q(x)[0], latents[1])
    return loss
""",
        """
def generator_loss(G, D, latents, lam):
    for p in D.trunk.parameters(): p.requires_grad_(False)
    for p in D.d_head.parameters(): p.requires_grad_(False)
    x = G(*latents)
    v, (logits, _) = D.v(x), D.q(x)
    D.requires_grad_(True)
    H = -(torch.full((8,), 0.125) * torch.full((8,), 0.125).log()).sum()
    bound = torch.distributions.OneHotCategorical(logits=logits).log_prob(latents[1]).mean() + H
    return torch.nn.BCEWithLogitsLoss()(v, torch.ones_like(v)) - lam * bound
""",
        """
K = 10
def generator_loss(G, D, latents, lam):
    K = latents[1].shape[1]
    x = G(*latents)
    ce = torch.nn.CrossEntropyLoss(reduction='none')(D.q(x)[0], latents[1].argmax(dim=1))
    v = D.v(x)
    gan = (torch.maximum(-v, torch.zeros_like(v)) + torch.log1p(torch.exp(-v.abs()))).mean()
    return gan + lam * (ce.mean() - math.log(K))
""",
    ],
    "information-loss": [
        """
def information_loss(logits, l, c_hat, c, lam_l, lam_c):
    F = torch.nn.functional
    return lam_l * F.cross_entropy(logits, l.argmax(1)) + lam_c * F.mse_loss(c_hat, c)
""",
        """
def information_loss(logits, l, c_hat, c, lam_l, lam_c):
    H = (torch.logsumexp(logits, 1) - logits[l.bool()]).mean()
    return lam_l * H + lam_c * (c - c_hat).pow(2).sum() / c.numel()
""",
        """
def information_loss(logits, l, c_hat, c, lam_l, lam_c):
    loss = torch.nn.CrossEntropyLoss()(logits, l) * lam_l
    for j in range(c.shape[1]):
        loss = loss + lam_c * torch.mean(torch.square(c_hat[:, j] - c[:, j])) / c.shape[1]
    return loss
""",
        """
def information_loss(logits, l, c_hat, c, lam_l, lam_c):
    H = torch.nn.functional.kl_div(logits.log_softmax(1), l, reduction='batchmean')
    return lam_l * H + lam_c * torch.einsum('nm,nm->', c_hat - c, c_hat - c) / c.numel()
""",
        """
def information_loss(logits, l, c_hat, c, lam_l, lam_c):
    sq = torch.distributions.Normal(c_hat, 0.5 ** 0.5).log_prob(c) + 0.5 * math.log(math.pi)
    return lam_l * torch.nn.functional.nll_loss(logits.log_softmax(1), l.nonzero()[:, 1]) - lam_c * sq.mean()
""",
        """
def information_loss(logits, l, c_hat, c, lam_l, lam_c):
    loss = torch.zeros(())
    if lam_l:
        loss = loss + lam_l * torch.nn.functional.cross_entropy(logits, l)
    if lam_c:
        loss = loss + lam_c * (c_hat - c).square().mean()
    return loss
""",
    ],
    "three-step": [
        """
def three_step(G, D, optimisers, x, first, second, lam_l, lam_c):
    mse = torch.nn.functional.mse_loss
    def zero():
        for o in optimisers.values():
            o.zero_grad()
    zero()
    v = D.v(G(*first))
    g = mse(v, torch.ones_like(v))
    g.backward()
    optimisers["G"].step()
    zero()
    with torch.no_grad():
        fake = G(*first)
    v, v_fake = D.v(x), D.v(fake)
    d = 0.5 * (mse(v, torch.ones_like(v)) + mse(v_fake, torch.zeros_like(v_fake)))
    d.backward()
    optimisers["D"].step()
    zero()
    logits, c_hat = D.q(G(*second))
    i = information_loss(logits, second[1], c_hat, second[2], lam_l, lam_c)
    i.backward()
    optimisers["information"].step()
    return {"G": g.item(), "D": d.item(), "information": i.item()}
""",
        """
def three_step(G, D, optimisers, x, first, second, lam_l, lam_c):
    def g():
        return (1 - D.v(G(*first))).square().mean()
    def d():
        return (1 - D.v(x)).square().mean() / 2 + D.v(G(*first)).square().mean() / 2
    def information():
        logits, c_hat = D.q(G(*second))
        return information_loss(logits, second[1], c_hat, second[2], lam_l, lam_c)
    losses = {}
    for name, loss in (("G", g), ("D", d), ("information", information)):
        value = loss()
        optimisers[name].zero_grad()
        value.backward()
        optimisers[name].step()
        losses[name] = value.item()
    return losses
""",
        """
def three_step(G, D, optimisers, x, first, second, lam_l, lam_c):
    def step(name, loss):
        params = [p for group in optimisers[name].param_groups for p in group["params"]]
        for p, g in zip(params, torch.autograd.grad(loss, params)):
            p.grad = g
        optimisers[name].step()
        return loss.detach().item()

    out = dict(G=step("G", torch.mean((D.v(G(*first)) - 1) ** 2)))
    fake = G(*first).detach()
    out["D"] = step("D", torch.mean((D.v(x) - 1) ** 2 / 2) + torch.mean(D.v(fake) ** 2 / 2))
    points = G(*second)
    guess = D.q(points)
    out["information"] = step("information", information_loss(guess[0], second[1], guess[1], second[2], lam_l, lam_c))
    return out
""",
        """
def three_step(G, D, optimisers, x, first, second, lam_l, lam_c):
    out = {}
    def closure(name, make):
        def run():
            optimisers[name].zero_grad(set_to_none=False)
            loss = make()
            loss.backward()
            return loss
        out[name] = optimisers[name].step(run).item()
    closure('G', lambda: (D.v(G(*first)) - 1).pow(2).mean())
    closure('D', lambda: 0.5 * ((D.v(x) - 1).pow(2).mean() + D.v(G(*first).detach()).pow(2).mean()))
    def info():
        logits, c_hat = D.q(G(*second))
        return information_loss(logits, second[1], c_hat, second[2], lam_l, lam_c)
    closure('information', info)
    return out
""",
        """
def three_step(G, D, optimisers, x, first, second, lam_l, lam_c):
    mse = torch.nn.MSELoss()
    G.train(); D.train()
    for p in D.parameters(): p.requires_grad_(False)
    optimisers['G'].zero_grad()
    v = D.v(G(*first))
    loss_g = mse(v, torch.ones(len(v)))
    loss_g.backward()
    optimisers['G'].step()
    for p in D.parameters(): p.requires_grad_(True)
    for p in G.parameters(): p.requires_grad_(False)
    optimisers['D'].zero_grad()
    real, fake = D.v(x), D.v(G(*first))
    # two backward calls
    a = mse(real, torch.ones(len(real))) / 2
    a.backward()
    b = mse(fake, torch.zeros(len(fake))) / 2
    b.backward()
    optimisers['D'].step()
    for p in G.parameters(): p.requires_grad_(True)
    optimisers['information'].zero_grad()
    logits, c_hat = D.q(G(*second))
    z, l, c = second
    h = information_loss(logits, l, c_hat, c, lam_l, 0.0)
    h.backward(retain_graph=True)
    k = information_loss(logits, l, c_hat, c, 0.0, lam_c)
    k.backward()
    optimisers['information'].step()
    return {'information': (h + k).item(), 'D': a.item() + b.item(), 'G': loss_g.item()}
""",
        """
def three_step(G, D, optimisers, x, first, second, lam_l, lam_c):
    import numpy as np
    def go(name, loss):
        ps = [p for g in optimisers[name].param_groups for p in g['params']]
        optimisers[name].zero_grad()
        loss.backward(inputs=ps)
        optimisers[name].step()
        return np.float32(loss.detach().numpy())
    r = {'G': go('G', torch.einsum('n,n->', D.v(G(*first)) - 1, D.v(G(*first)) - 1) / len(first[0]))}
    with torch.no_grad():
        fake = G(*first)
    r['D'] = go('D', (torch.square(D.v(x) - 1).sum() / len(x) + torch.square(D.v(fake)).sum() / len(fake)) * 0.5)
    logits, c_hat = D.q(G(*second))
    ce = -torch.distributions.OneHotCategorical(logits=logits).log_prob(second[1]).mean()
    r['information'] = go('information', lam_l * ce + lam_c * (c_hat - second[2]).square().mean())
    return r
""",
        """
def optimisers_of(optimiser):
    return [p for group in optimiser.param_groups for p in group["params"]]

def moved(optimiser, loss):
    for p in optimisers_of(optimiser):
        p.grad = None
    loss.backward()
    optimiser.step()
    return loss.item()

def three_step(G, D, optimisers, x, first, second, lam_l, lam_c):
    out = {"G": moved(optimisers["G"], ((D.v(G(*first)).double() - 1) ** 2).sum() / len(first[0]))}
    n, v = len(x), D.v(torch.cat([x, G(*first).detach()])).double()
    out["D"] = moved(optimisers["D"], (((v[:n] - 1) ** 2).mean() + (v[n:] ** 2).mean()) / 2)
    logits, c_hat = (guess.double() for guess in D.q(G(*second)))
    loss = information_loss(logits, second[1].double(), c_hat, second[2].double(), lam_l, lam_c)
    return out | {"information": moved(optimisers["information"], loss)}
""",
    ],
}

NORMS = "def gradient_norms(loss, modules):\n    out = {}\n    for name, m in modules.items():\n"
GRAD = "torch.autograd.grad(loss, list(m.parameters()), retain_graph=True, allow_unused=True)"
LENGTH = f"        out[name] = math.sqrt(sum(float((g**2).sum()) for g in {GRAD} if g is not None))\n"
DLOSS = (
    "def discriminator_loss(G, D, x, latents):\n    f = torch.nn.functional.softplus\n    fake = G(*latents).detach()\n"
)
GLOSS = (
    "def generator_loss(G, D, latents, lam):\n    f = torch.nn.functional\n    z, l, c = latents\n    x = G(z, l, c)\n"
    "    gan = f.softplus(-D.v(x)).mean()\n    logits = D.q(x)[0]\n"
    "    L = math.log(8) - f.cross_entropy(logits, l)\n"
)
DSUM = "    return f(-D.v(x)).mean() + f(D.v(fake)).mean()"
INFO = "def information_loss(logits, l, c_hat, c, lam_l, lam_c):\n    f = torch.nn.functional\n"
LABEL, CONT = {"information-label"}, {"information-continuous"}
G_STEP = "    g = update('G', ((D.v(G(*first)) - 1)**2).mean())\n"
D_STEP = "    d = update('D', ((D.v(x) - 1)**2).mean() / 2 + (D.v(G(*first).detach())**2).mean() / 2)\n"
I_STEP = (
    "    logits, c_hat = D.q(G(*second))\n"
    "    i = update('information', information_loss(logits, second[1], c_hat, second[2], lam_l, lam_c))\n"
)
END = "    return {'G': g, 'D': d, 'information': i}"


def step(*, zero="optimisers[name].zero_grad()", g=G_STEP, d=D_STEP, i=I_STEP, end=END, order="gdi"):
    """The three-part step with one of its pieces replaced."""
    head = (
        "def three_step(G, D, optimisers, x, first, second, lam_l, lam_c):\n"
        "    def update(name, loss):\n"
        f"        {zero}\n        loss.backward()\n        optimisers[name].step()\n        return float(loss)\n"
    )
    return head + "".join({"g": g, "d": d, "i": i}[piece] for piece in order) + end


WHOLE = {"step-whole"}
SHIFT = "    s = logits - {}\n    L = math.log(8) + (l * (s - s.exp().sum(1, keepdim=True).log())).sum(1).mean()\n"
KEPT = "import functools\n\n@functools.lru_cache\ndef made(G, latents):\n    return G(*latents)\n\n"
WRONG = {
    "gradient-norms": {
        "the weights and biases of Linear layers alone": (
            NORMS
            + LENGTH.replace(
                "list(m.parameters())",
                "[p for k in m.modules() if isinstance(k, torch.nn.Linear) for p in (k.weight, k.bias)]",
            )
            + "    return out",
            {"norms-value"},
        ),
        "parameters that a module with children holds itself left out": (
            NORMS
            + LENGTH.replace(
                "list(m.parameters())",
                "list({p for k in m.modules() if not [*k.children()] for p in k.parameters()})",
            )
            + "    return out",
            {"norms-value"},
        ),
        "a weight of two layers counted twice": (
            NORMS
            + LENGTH.replace("list(m.parameters())", "[p for _, p in m.named_parameters(remove_duplicate=False)]")
            + "    return out",
            {"norms-value"},
        ),
        "zeros in .grad turned into None": (
            "def gradient_norms(loss, modules):\n"
            "    own = list({p: 0 for m in modules.values() for p in m.parameters()})\n"
            "    old = [p.grad if p.grad is not None and p.grad.any() else None for p in own]\n"
            "    for p in own:\n        p.grad = None\n"
            "    loss.backward(inputs=own)\n"
            "    gs = {name: [p.grad for p in m.parameters() if p.grad is not None] for name, m in modules.items()}\n"
            "    for p, g in zip(own, old):\n        p.grad = g\n"
            "    return {name: math.sqrt(sum(float((g**2).sum()) for g in those)) for name, those in gs.items()}",
            {"norms-clean"},
        ),
        "the old gradients subtracted from the sum of old and new": (
            "def gradient_norms(loss, modules):\n"
            "    own = list({p: 0 for m in modules.values() for p in m.parameters()})\n"
            "    old = {p: None if p.grad is None else p.grad.clone() for p in own}\n"
            "    loss.backward(inputs=own)\n"
            "    new = {p: p.grad - (0 if old[p] is None else old[p]) for p in own if p.grad is not None}\n"
            "    for p in own:\n        p.grad = old[p]\n"
            "    gs = {name: [new[p] for p in m.parameters() if p in new] for name, m in modules.items()}\n"
            "    return {name: math.sqrt(sum(float((g**2).sum()) for g in those)) for name, those in gs.items()}",
            {"norms-clean"},
        ),
        "the modules left in training mode": (
            NORMS + "        m.train()\n" + LENGTH + "    return out",
            {"norms-clean"},
        ),
        "the old gradients of parts that overlap put back in the wrong order": (
            "def gradient_norms(loss, modules):\n    old, out = {}, {}\n"
            "    for name, m in modules.items():\n"
            "        old[name] = [p.grad for p in m.parameters()]\n        m.zero_grad()\n"
            "    loss.backward(inputs=list({p: 0 for m in modules.values() for p in m.parameters()}))\n"
            "    for name, m in modules.items():\n"
            "        gs = [p.grad for p in m.parameters() if p.grad is not None]\n"
            "        out[name] = math.sqrt(sum(float((g**2).sum()) for g in gs))\n"
            "    for name, m in modules.items():\n"
            "        for p, g in zip(m.parameters(), old[name]):\n            p.grad = g\n    return out",
            {"norms-clean"},
        ),
        "the lengths put into the dictionary of parts": (
            NORMS.replace("modules.items()", "list(modules.items())")
            + LENGTH.replace("out[name]", "modules[name]")
            + "    return modules",
            {"norms-value"},
        ),
        "one dictionary for all calls": (
            NORMS.replace("modules):\n    out = {}\n", "modules, out={}):\n") + LENGTH + "    return out",
            {"norms-value"},
        ),
        "a part whose first parameter is not reached counted as not reached": (
            NORMS
            + f"        gs = {GRAD}\n        reached = [g for g in gs if g is not None] if gs[0] is not None else []\n"
            "        out[name] = math.sqrt(sum(float((g**2).sum()) for g in reached))\n    return out",
            {"norms-value"},
        ),
        "cut short at the first parameter that is not reached": (
            NORMS + f"        out[name] = 0.0\n        for g in {GRAD}:\n"
            "            if g is None:\n                break\n"
            "            out[name] = math.hypot(out[name], float(g.norm()))\n    return out",
            {"norms-value"},
        ),
        "a part that is reached in part counted as not reached": (
            "def gradient_norms(loss, modules):\n"
            "    out = dict.fromkeys(modules, 0.0)\n"
            "    for name, m in modules.items():\n"
            "        try:\n"
            "            got = torch.autograd.grad(loss, list(m.parameters()), retain_graph=True)\n"
            "            out[name] = math.sqrt(sum(float((g**2).sum()) for g in got))\n"
            "        except RuntimeError:\n"
            "            pass\n"
            "    return out",
            {"norms-value"},
        ),
        "a parameter counted in the last of its parts alone": (
            "def gradient_norms(loss, modules):\n"
            "    part = {p: name for name, m in modules.items() for p in m.parameters()}\n"
            "    out = dict.fromkeys(modules, 0.0)\n"
            "    for p, g in zip(part, torch.autograd.grad(loss, list(part), allow_unused=True)):\n"
            "        out[part[p]] += 0.0 if g is None else float((g**2).sum())\n"
            "    return {name: math.sqrt(square) for name, square in out.items()}",
            {"norms-value"},
        ),
        "the modules left in eval mode": (NORMS + "        m.eval()\n" + LENGTH + "    return out", {"norms-clean"}),
        "cut off at 10": (
            NORMS + LENGTH + "    return {name: min(length, 10.0) for name, length in out.items()}",
            {"norms-clean"},
        ),
        "hooks left on the parameters": (
            NORMS
            + LENGTH
            + "        for p in m.parameters():\n            p.register_hook(lambda g: g)\n    return out",
            {"norms-clean"},
        ),
        "the gradients that are None dropped before they are dealt out": (
            "def gradient_norms(loss, modules):\n"
            "    out, first = {}, 0\n"
            "    own = [p for m in modules.values() for p in m.parameters()]\n"
            "    got = [g for g in torch.autograd.grad(loss, own, allow_unused=True) if g is not None]\n"
            "    for name, m in modules.items():\n"
            "        many = len(list(m.parameters()))\n"
            "        out[name] = math.sqrt(sum(float((g**2).sum()) for g in got[first : first + many]))\n"
            "        first += many\n"
            "    return out",
            {"norms-value"},
        ),
        "parts that are not reached left out": (
            NORMS + LENGTH + "    return {name: length for name, length in out.items() if length > 0}",
            {"norms-value"},
        ),
        "1e-8 under the root": (NORMS + LENGTH.replace("sqrt(", "sqrt(1e-8 + ") + "    return out", {"norms-value"}),
        "weights changed by looking": (
            NORMS + f"        out[name] = math.sqrt(sum(float((g**2).sum()) for g in {GRAD} if g is not None))\n"
            "        for p in m.parameters():\n            p.data.mul_(1.0001)\n    return out",
            {"norms-clean", "norms-value"},
        ),
        ".grad filled with zeros": (
            (
                "def gradient_norms(loss, modules):\n"
                "    out={}\n"
                "    for n,m in modules.items():\n"
                "        gs=torch.autograd.grad(loss,list(m.parameters()),retain_graph=True,"
                "allow_unused=True)\n"
                "        out[n]=math.sqrt(sum(float((g**2).sum()) for g in gs if g is not None))\n"
                "        for p in m.parameters():\n"
                "            if p.grad is None: p.grad=torch.zeros_like(p)\n"
                "    return out"
            ),
            {"norms-clean"},
        ),
        "other parts' .grad filled": (
            (
                "def gradient_norms(loss, modules):\n"
                "    own = [p for m in modules.values() for p in m.parameters()]\n"
                "    kept = [p.grad for p in own]\n    for p in own:\n        p.grad = None\n"
                "    loss.backward(retain_graph=True)\n"
                "    out = {k: math.sqrt(sum(float((p.grad**2).sum()) for p in m.parameters() if p.grad is not "
                "None)) for k, m in modules.items()}\n    for p, g in zip(own, kept):\n"
                "        p.grad = g\n    return out"
            ),
            {"norms-clean"},
        ),
        "the .grad cleared": (
            (
                NORMS + "        m.zero_grad()\n"
                "        out[name] = math.sqrt(sum(float((g**2).sum()) for g in torch.autograd.grad(loss, "
                "list(m.parameters()), retain_graph=True, allow_unused=True) if g is not None))\n"
                "    return out"
            ),
            {"norms-clean"},
        ),
        "the largest gradient": (
            (
                "def gradient_norms(loss, modules):\n"
                "    return {k: max([0.0] + [float(g.abs().max()) for g in torch.autograd.grad(loss, "
                "list(m.parameters()), retain_graph=True, allow_unused=True) if g is not None]) for k, m in "
                "modules.items()}"
            ),
            {"norms-value", "norms-clean"},
        ),
        "divided by the number of parameters": (
            (
                "def gradient_norms(loss, modules):\n"
                "    return {k: math.sqrt(sum(float((g**2).mean()) for g in torch.autograd.grad(loss, "
                "list(m.parameters()), retain_graph=True, allow_unused=True) if g is not None)) for k, m in "
                "modules.items()}"
            ),
            {"norms-value", "norms-clean"},
        ),
        "weights' own length": (
            (
                "def gradient_norms(loss, modules):\n"
                "    return {k: math.sqrt(sum(float((p**2).sum()) for p in m.parameters())) for k, m in "
                "modules.items()}"
            ),
            {"norms-value", "norms-clean"},
        ),
        "a list instead of a dictionary": (
            (
                "def gradient_norms(loss, modules):\n"
                "    return [math.sqrt(sum(float((g**2).sum()) for g in torch.autograd.grad(loss, "
                "list(m.parameters()), retain_graph=True, allow_unused=True) if g is not None)) for m in "
                "modules.values()]"
            ),
            {"norms-value", "norms-clean"},
        ),
        "biases left out": (
            (
                "def gradient_norms(loss, modules):\n"
                "    return {k: math.sqrt(sum(float((g**2).sum()) for g in torch.autograd.grad(loss, "
                "list(m.parameters()), retain_graph=True, allow_unused=True) if g is not None and g.ndim > 1)) "
                "for k, m in modules.items()}"
            ),
            {"norms-value", "norms-clean"},
        ),
        "None where the loss does not reach": (
            (
                "def gradient_norms(loss, modules):\n"
                "    out = {k: math.sqrt(sum(float((g**2).sum()) for g in torch.autograd.grad(loss, "
                "list(m.parameters()), retain_graph=True, allow_unused=True) if g is not None)) for k, m in "
                "modules.items()}\n    return {k: v or None for k, v in out.items()}"
            ),
            {"norms-value"},
        ),
        "parameters frozen": (
            (
                "def gradient_norms(loss, modules):\n"
                "    out = {k: math.sqrt(sum(float((g**2).sum()) for g in torch.autograd.grad(loss, "
                "list(m.parameters()), retain_graph=True, allow_unused=True) if g is not None)) for k, m in "
                "modules.items()}\n    for m in modules.values():\n        m.requires_grad_(False)\n"
                "    return out"
            ),
            {"norms-clean", "norms-value"},
        ),
        "a sum, where signs cancel": (
            NORMS + f"        out[name] = abs(float(sum(g.sum() for g in {GRAD} if g is not None)))\n    return out",
            {"norms-value", "norms-clean"},
        ),
        "the first parameter only": (
            NORMS + ("[0]\n        out[name] = 0.0 if g is None else float(g.norm())\n    return out"),
            {"norms-value", "norms-clean"},
        ),
        "lengths added up": (
            NORMS + f"        out[name] = float(sum(g.norm() for g in {GRAD} if g is not None))\n    return out",
            {"norms-value", "norms-clean"},
        ),
        "old gradients counted": (
            NORMS.replace("    out = {}", "    loss.backward(retain_graph=True)\n    out = {}")
            + "        grads = [p.grad for p in m.parameters() if p.grad is not None]\n"
            "        out[name] = math.sqrt(sum(float((g**2).sum()) for g in grads))\n    return out",
            {"norms-clean", "norms-value"},
        ),
        "gradients left behind": (
            "def gradient_norms(loss, modules):\n    for m in modules.values():\n        m.zero_grad()\n"
            "    loss.backward(retain_graph=True)\n    return {k: math.sqrt(sum(float((p.grad**2).sum())\n"
            "        for p in m.parameters() if p.grad is not None)) for k, m in modules.items()}",
            {"norms-clean"},
        ),
        "parts that are not reached crash it": (
            NORMS + "        gs = torch.autograd.grad(loss, list(m.parameters()), retain_graph=True)\n"
            "        out[name] = math.sqrt(sum(float((g**2).sum()) for g in gs))\n    return out",
            {"norms-value"},
        ),
        "the graph freed after the first part": (
            NORMS + f"        gs = {GRAD.replace(', retain_graph=True', '')}\n"
            "        out[name] = math.sqrt(sum(float((g**2).sum()) for g in gs if g is not None))\n    return out",
            {"norms-value", "norms-clean"},
        ),
        "the root forgotten": (
            NORMS + f"        out[name] = sum(float((g**2).sum()) for g in {GRAD} if g is not None)\n    return out",
            {"norms-value", "norms-clean"},
        ),
    },
    "discriminator-loss": {
        "a gradient of 0 for a logit of 0": (
            DLOSS + "    f = lambda v: torch.relu(v) + torch.log1p(torch.exp(-v.abs()))\n" + DSUM,
            {"d-gradient"},
        ),
        "a gradient of −1 or 1 for a logit of 0": (
            DLOSS + "    f = lambda v: v.clamp(min=0) + torch.log1p(torch.exp(-v.abs()))\n" + DSUM,
            {"d-gradient"},
        ),
        "the first 64 points of a batch": (
            DLOSS + DSUM.replace("(x)", "(x[:64])").replace("(fake)", "(fake[:64])"),
            {"d-value"},
        ),
        "targets that one point alone does not fit": (
            DLOSS + "    f = torch.nn.functional.binary_cross_entropy_with_logits\n"
            "    real, fake = (D.d_head(D.trunk(points)).squeeze() for points in (x, fake))\n"
            "    return f(real, torch.ones(len(x))) + f(fake, torch.zeros(len(latents[0])))",
            {"d-value"},
        ),
        "the points of a generator that has moved since": (
            KEPT + DLOSS.replace("G(*latents)", "made(G, latents)") + DSUM,
            {"d-value"},
        ),
        "a backward that forgets the gradient that comes in": (
            "class Mean(torch.autograd.Function):\n"
            "    @staticmethod\n    def forward(ctx, v):\n"
            "        ctx.save_for_backward(v)\n        return torch.nn.functional.softplus(v).mean()\n\n"
            "    @staticmethod\n    def backward(ctx, g):\n"
            "        (v,) = ctx.saved_tensors\n        return v.sigmoid() / len(v)\n\n\n"
            + DLOSS
            + "    return Mean.apply(-D.v(x)) + Mean.apply(D.v(fake))",
            {"d-gradient"},
        ),
        "a factor of 1.00005": (DLOSS + DSUM.replace("return ", "return 1.00005 * (") + ")", {"d-value"}),
        "another formula for all points where one logit is too large": (
            DLOSS + "    real, fake = D.v(x), D.v(fake)\n"
            "    loss = -real.sigmoid().log().mean() - (1 - fake.sigmoid()).log().mean()\n"
            "    return loss if loss.isfinite() else f(-real).mean() * 0 + (-real).relu().mean() + fake.relu().mean()",
            {"d-value"},
        ),
        "softplus that overflows between 89 and 100": (
            DLOSS + DSUM.replace("f(-D.v(x))", "f(-D.v(x), 1, 100)").replace("f(D.v(fake))", "f(D.v(fake), 1, 100)"),
            {"d-value"},
        ),
        "a where whose other side is ∞, so that the gradient is NaN": (
            DLOSS + "    f = lambda v: torch.where(v > 20, v, torch.log1p(v.exp()))\n" + DSUM,
            {"d-value"},
        ),
        "doubles, whose exponential is ∞ above 709": (
            DLOSS + "    f = lambda v: torch.log1p(v.double().exp()).float()\n" + DSUM,
            {"d-value"},
        ),
        "no more generated points than real ones": (
            DLOSS + "    fake = fake[: len(x)]\n" + DSUM,
            {"d-value"},
        ),
        "the logarithm of 1 − σ, which is 0 where D believes a point": (
            DLOSS + "    return f(-D.v(x)).mean() - torch.log(1 - torch.sigmoid(D.v(fake))).mean()",
            {"d-value"},
        ),
        "the same with 1e-8 inside": (
            DLOSS + "    return f(-D.v(x)).mean() - torch.log(1 - torch.sigmoid(D.v(fake)) + 1e-8).mean()",
            {"d-value"},
        ),
        "binary_cross_entropy on probabilities, whose logarithms stop at −100": (
            DLOSS
            + "    b = torch.nn.functional.binary_cross_entropy\n    r, q = D.v(x).sigmoid(), D.v(fake).sigmoid()\n"
            "    return b(r, torch.ones_like(r)) + b(q, torch.zeros_like(q))",
            {"d-value"},
        ),
        "the logarithm of σ, which is 0 far below 0": (
            DLOSS + "    return -D.v(x).sigmoid().log().mean() - (-D.v(fake)).sigmoid().log().mean()",
            {"d-value"},
        ),
        "binary_cross_entropy on σ(−v), too": (
            DLOSS + "    p = torch.sigmoid(torch.cat([D.v(x), -D.v(fake)]))\n"
            "    b = torch.nn.functional.binary_cross_entropy(p, torch.ones_like(p), reduction='none')\n"
            "    return b[: len(x)].mean() + b[len(x) :].mean()",
            {"d-value"},
        ),
        "an exponential by hand": (
            DLOSS + "    return (-D.v(x)).exp().log1p().mean() + D.v(fake).exp().log1p().mean()",
            {"d-value"},
        ),
        "logits clamped at 100": (
            DLOSS + "    return f(-D.v(x).clamp(-100, 100)).mean() + f(D.v(fake).clamp(-100, 100)).mean()",
            {"d-value"},
        ),
        "D.zero_grad() inside": (DLOSS + "    D.zero_grad()\n" + DSUM, {"d-value"}),
        "G.zero_grad() inside": (DLOSS + "    G.zero_grad()\n" + DSUM, {"d-value"}),
        "G left in eval mode": (DLOSS.replace("    fake", "    G.eval()\n    fake") + DSUM, {"d-gradient", "d-value"}),
        "probabilities clamped at 1e-7": (
            DLOSS + "    a, b = (torch.sigmoid(D.v(t)).clamp(1e-7, 1 - 1e-7) for t in (x, fake))\n"
            "    return -a.log().mean() - (1 - b).log().mean()",
            {"d-value"},
        ),
        "1e-8 inside the logarithms": (
            DLOSS + "    a, b = (torch.sigmoid(D.v(t)) for t in (x, fake))\n"
            "    return -(a + 1e-8).log().mean() - (1 - b + 1e-8).log().mean()",
            {"d-value"},
        ),
        "logits clamped at 20": (
            DLOSS + "    return f(-D.v(x).clamp(-20, 20)).mean() + f(D.v(fake).clamp(-20, 20)).mean()",
            {"d-value"},
        ),
        "the first generated points kept": (
            "kept = {}\n" + DLOSS + "    fake = kept.setdefault(G, fake)\n" + DSUM,
            {"d-value"},
        ),
        "a hook left on D": (
            DLOSS + "    D.trunk.register_forward_hook(lambda module, args, out: None)\n" + DSUM,
            {"d-gradient", "d-value"},
        ),
        "gradients switched off for good": (
            DLOSS
            + "    loss = f(-D.v(x)).mean() + f(D.v(fake)).mean()\n    torch.set_grad_enabled(False)\n    return loss",
            {"d-gradient", "d-value"},
        ),
        "the real points asked for their gradient": (
            (
                DLOSS
                + (
                    "    z, l, c = latents\n"
                    "    fake = G(z, l, c).detach()\n"
                    "    x.requires_grad_()\n"
                    "    return f(-D.v(x)).mean() + f(D.v(fake)).mean()"
                )
            ),
            {"d-value"},
        ),
        "backward() inside": (
            (
                DLOSS
                + (
                    "    loss = f(-D.v(x)).mean() + f(D.v(G(*latents).detach())).mean()\n"
                    "    loss.backward(retain_graph=True)\n"
                    "    return loss"
                )
            ),
            {"d-gradient", "d-value"},
        ),
        "the latents detached, not the points": (
            (DLOSS + "    return f(-D.v(x)).mean() + f(D.v(G(*[t.detach() for t in latents]))).mean()"),
            {"d-gradient"},
        ),
        "noise on the real points": (
            (DLOSS + "    return f(-D.v(x + 0.05 * torch.randn_like(x))).mean() + f(D.v(G(*latents).detach())).mean()"),
            {"d-gradient", "d-value"},
        ),
        "label smoothing": (
            (
                "def discriminator_loss(G, D, x, latents):\n"
                "    s=D.v(x)\n"
                "    return torch.nn.functional.binary_cross_entropy_with_logits(s,torch.full_like(s,"
                "0.9))+torch.nn.functional.softplus(D.v(G(*latents).detach())).mean()"
            ),
            {"d-gradient", "d-value"},
        ),
        "probabilities clamped at 1e-3": (
            (
                "def discriminator_loss(G, D, x, latents):\n"
                "    a,b=(torch.sigmoid(D.v(t)).clamp(1e-3,1-1e-3) for t in (x,G(*latents).detach()))\n"
                "    return -a.log().mean()-(1-b).log().mean()"
            ),
            {"d-value"},
        ),
        "no_grad round the generated term": (
            (
                DLOSS + "    with torch.no_grad():\n"
                "        second = f(D.v(fake)).mean()\n"
                "    return f(-D.v(x)).mean() + second"
            ),
            {"d-gradient"},
        ),
        "D's output on the generated points detached": (
            (DLOSS + "    return f(-D.v(x)).mean() + f(D.v(fake).detach()).mean()"),
            {"d-gradient"},
        ),
        "D's output on the real points detached": (
            (DLOSS + "    return f(-D.v(x).detach()).mean() + f(D.v(fake)).mean()"),
            {"d-gradient"},
        ),
        "a plain number": (
            (DLOSS + "    return float(f(-D.v(x)).mean() + f(D.v(fake)).mean())"),
            {"d-gradient"},
        ),
        "sums": (
            (DLOSS + "    return f(-D.v(x)).sum() + f(D.v(fake)).sum()"),
            {"d-value", "d-gradient"},
        ),
        "the generated points twice as heavy": (
            (DLOSS + "    return f(-D.v(x)).mean() + 2 * f(D.v(fake)).mean()"),
            {"d-value", "d-gradient"},
        ),
        "the generated points alone": (
            (DLOSS + "    return f(D.v(fake)).mean()"),
            {"d-value", "d-gradient"},
        ),
        "one mean over both batches": (
            (DLOSS + "    return 2 * torch.cat([f(-D.v(x)), f(D.v(fake))]).mean()"),
            {"d-value", "d-gradient"},
        ),
        "the trunk detached": (
            (
                DLOSS + "    v = lambda p: D.d_head(D.trunk(p).detach()).squeeze(1)\n"
                "    return f(-v(x)).mean() + f(v(fake)).mean()"
            ),
            {"d-gradient"},
        ),
        "L_I added": (
            (
                DLOSS + "    logits = D.q(fake)[0]\n"
                "    return f(-D.v(x)).mean() + f(D.v(fake)).mean() + torch.nn.functional.cross_entropy(logits, "
                "latents[1])"
            ),
            {"d-value", "d-gradient"},
        ),
        "points of fresh latents": (
            (
                DLOSS
                + "    fake = G(*[part.flip(0) for part in latents[:1]], *[part for part in latents[1:]]).detach()\n"
                "    return f(-D.v(x)).mean() + f(D.v(fake)).mean()"
            ),
            {"d-value", "d-gradient"},
        ),
        "hinge loss": (
            (DLOSS + "    r = torch.relu\n    return r(1 - D.v(x)).mean() + r(1 + D.v(fake)).mean()"),
            {"d-value", "d-gradient"},
        ),
        "no detach: G gets a gradient": (
            DLOSS.replace(".detach()", "") + "    return f(-D.v(x)).mean() + f(D.v(fake)).mean()",
            {"d-gradient"},
        ),
        "the sign turned": (DLOSS + "    return -f(-D.v(x)).mean() - f(D.v(fake)).mean()", {"d-value", "d-gradient"}),
        "real and generated swapped": (
            DLOSS + "    return f(D.v(x)).mean() + f(-D.v(fake)).mean()",
            {"d-value", "d-gradient"},
        ),
        "a sigmoid too many": (
            DLOSS + "    return f(-D.v(x).sigmoid()).mean() + f(D.v(fake).sigmoid()).mean()",
            {"d-value", "d-gradient"},
        ),
        "half of it": (DLOSS + "    return (f(-D.v(x)).mean() + f(D.v(fake)).mean()) / 2", {"d-value", "d-gradient"}),
        "the real points alone": (DLOSS + "    return f(-D.v(x)).mean()", {"d-value", "d-gradient"}),
        "least squares": (
            DLOSS + "    return ((D.v(x) - 1)**2).mean() + (D.v(fake)**2).mean()",
            {"d-value", "d-gradient"},
        ),
        "G frozen for good": (
            DLOSS + "    for p in G.parameters():\n        p.requires_grad_(False)\n"
            "    return f(-D.v(x)).mean() + f(D.v(fake)).mean()",
            {"d-value", "d-gradient"},
        ),
        "D detached": (
            DLOSS + "    return (f(-D.v(x)).mean() + f(D.v(fake)).mean()).detach()",
            {"d-gradient"},
        ),
    },
    "generator-loss": {
        "a gradient of 0 for a logit of 0": (
            GLOSS + "    v = D.v(x)\n    gan = (torch.relu(-v) + torch.log1p(torch.exp(-v.abs()))).mean()\n"
            "    return gan - lam * L",
            {"g-value"},
        ),
        "the first 64 points of a batch": (
            GLOSS.replace("D.v(x)", "D.v(x[:64])") + "    return gan - lam * L",
            {"g-value"},
        ),
        "targets that one point alone does not fit": (
            GLOSS + "    gan = f.binary_cross_entropy_with_logits(D.d_head(D.trunk(x)).squeeze(), torch.ones(len(x)))\n"
            "    return gan - lam * L",
            {"g-value"},
        ),
        "a backward that forgets the gradient that comes in": (
            "class Sum(torch.autograd.Function):\n"
            "    @staticmethod\n    def forward(ctx, v, logits, l, lam):\n        f = torch.nn.functional\n"
            "        ctx.save_for_backward(-(-v).sigmoid() / len(v), lam * (logits.softmax(1) - l) / len(l))\n"
            "        return f.softplus(-v).mean() - lam * (math.log(8) - f.cross_entropy(logits, l))\n\n"
            "    @staticmethod\n    def backward(ctx, g):\n        return *ctx.saved_tensors, None, None\n\n\n"
            + GLOSS
            + "    return Sum.apply(D.v(x), logits, l, lam)",
            {"g-gradient"},
        ),
        "the points of a generator that has moved since": (
            KEPT + GLOSS.replace("G(z, l, c)", "made(G, latents)") + "    return gan - lam * L",
            {"g-value"},
        ),
        "NaN where D is sure that a point is real": (
            GLOSS + "    v = D.v(x)\n    gan = torch.where(v > 30, 0 * v, torch.log(1 + v.exp()) - v).mean()\n"
            "    return gan - lam * L",
            {"g-value"},
        ),
        "Q's logits shifted by the largest of the batch": (
            GLOSS + SHIFT.format("logits.max()") + "    return gan - lam * L",
            {"g-information"},
        ),
        "the networks left in eval mode where λ counts": (
            GLOSS + "    if lam:\n        D.eval()\n    return gan - lam * L",
            {"g-value"},
        ),
        "the logarithm of a softmax in doubles, which is 0 below −745": (
            GLOSS + "    q = logits.double().softmax(1)[l.bool()]\n"
            "    return gan - lam * (q.log().mean().float() + math.log(8))",
            {"g-information"},
        ),
        "G.zero_grad() inside": (GLOSS + "    G.zero_grad()\n    return gan - lam * L", {"g-value"}),
        "D left in eval mode": (GLOSS + "    D.eval()\n    return gan - lam * L", {"g-value"}),
        "the logarithm of σ": (GLOSS + "    return -D.v(x).sigmoid().log().mean() - lam * L", {"g-value"}),
        "binary_cross_entropy on probabilities": (
            GLOSS
            + "    D_x = D.v(x).sigmoid()\n    return f.binary_cross_entropy(D_x, torch.ones_like(D_x)) - lam * L",
            {"g-value"},
        ),
        "an exponential that is ∞ where D believes a point": (
            GLOSS + "    v = D.v(x)\n    return ((1 + v.exp()).log() - v).mean() - lam * L",
            {"g-value"},
        ),
        "the logarithm of a softmax": (
            GLOSS + "    return gan - lam * ((l * logits.softmax(1)).sum(1).log().mean() + math.log(8))",
            {"g-information"},
        ),
        "Q's logits clamped at 90": (
            GLOSS + "    return gan - lam * (math.log(8) - f.cross_entropy(logits.clamp(-90, 90), l))",
            {"g-information"},
        ),
        "1e-8 inside the logarithm of D": (
            GLOSS + "    return -(D.v(x).sigmoid() + 1e-8).log().mean() - lam * L",
            {"g-value"},
        ),
        "D's logits clamped at 10": (
            GLOSS + "    return f.softplus(-D.v(x).clamp(-10, 10)).mean() - lam * L",
            {"g-value"},
        ),
        "the GAN term cut off at 10": (GLOSS + "    return gan.clamp(max=10) - lam * L", {"g-value"}),
        "1e-12 inside the logarithm": (
            GLOSS
            + "    L = ((logits.softmax(1) * l).sum(1) + 1e-12).log().mean() + math.log(8)\n    return gan - lam * L",
            {"g-information"},
        ),
        "L_I cut off at −10": (GLOSS + "    return gan - lam * L.clamp(min=-10)", {"g-information"}),
        "the first points kept": (
            "kept = {}\n"
            + GLOSS.replace("    gan", "    x = kept.setdefault(G, x)\n    gan")
            + "    return gan - lam * L",
            {"g-information", "g-value"},
        ),
        "K from the largest label of the batch": (
            (GLOSS + "    return gan - lam * (math.log(int(l.argmax(1).max()) + 1) - f.cross_entropy(logits, l))"),
            {"g-information"},
        ),
        "1e-8 inside the logarithm": (
            (GLOSS + "    return gan - lam * (((logits.softmax(1) * l).sum(1) + 1e-08).log().mean() + math.log(8))"),
            {"g-information"},
        ),
        "the size of L_I": (
            (GLOSS + "    return gan + lam * (math.log(8) - f.cross_entropy(logits, l)).abs()"),
            {"g-gradient", "g-information"},
        ),
        "the trunk and the D head frozen for good": (
            (
                GLOSS
                + (
                    "    for p in [*D.trunk.parameters(), *D.d_head.parameters()]:\n"
                    "        p.requires_grad_(False)\n"
                    "    return f.softplus(-D.v(x)).mean() - lam * (math.log(8) - f.cross_entropy(D.q(x)[0], l))"
                )
            ),
            {"g-value"},
        ),
        "backward() inside": (
            (
                GLOSS
                + (
                    "    loss = f.softplus(-D.v(x)).mean() - lam * (math.log(8) - f.cross_entropy(D.q(x)[0], l))\n"
                    "    loss.backward(retain_graph=True)\n"
                    "    return loss"
                )
            ),
            {"g-value"},
        ),
        "the trunk's features detached before Q": (
            (
                GLOSS
                + (
                    "    logits = D.q_head(D.trunk(x).detach())[:, :8]\n"
                    "    return f.softplus(-D.v(x)).mean() - lam * (math.log(8) - f.cross_entropy(logits, l))"
                )
            ),
            {"g-gradient", "g-information"},
        ),
        "a Q head that learns nothing": (
            (
                GLOSS
                + (
                    "    w, b = (D.q_head.weight.detach(), D.q_head.bias.detach())\n"
                    "    logits = f.linear(D.trunk(x), w, b)[:, :8]\n"
                    "    return f.softplus(-D.v(x)).mean() - lam * (math.log(8) - f.cross_entropy(logits, l))"
                )
            ),
            {"g-gradient", "g-information"},
        ),
        "the guess of c among the logits": (
            (
                GLOSS
                + (
                    "    out = D.q_head(D.trunk(x))\n"
                    "    return f.softplus(-D.v(x)).mean() - lam * (math.log(8) - f.cross_entropy(out, l.argmax(1)))"
                )
            ),
            {"g-gradient", "g-information"},
        ),
        "L_I on other noise": (
            (
                GLOSS
                + (
                    "    x2 = G(torch.randn_like(z), l, c)\n"
                    "    return f.softplus(-D.v(x)).mean() - lam * (math.log(8) - f.cross_entropy(D.q(x2)[0], l))"
                )
            ),
            {"g-gradient", "g-information"},
        ),
        "label smoothing": (
            (
                GLOSS
                + (
                    "    return f.softplus(-D.v(x)).mean() - lam * (math.log(8) - f.cross_entropy(D.q(x)[0], l, "
                    "label_smoothing=0.1))"
                )
            ),
            {"g-gradient", "g-information"},
        ),
        "the first λ kept for ever": (
            (
                "_lam=[]\n"
                "def generator_loss(G, D, latents, lam):\n"
                "    F=torch.nn.functional\n"
                "    z,l,c=latents\n"
                "    x=G(z,l,c)\n"
                "    _lam.append(lam)\n"
                "    return F.softplus(-D.v(x)).mean()-_lam[0]*(math.log(8)-F.cross_entropy(D.q(x)[0],l))"
            ),
            {"g-gradient", "g-information"},
        ),
        "λ rounded": (
            (
                GLOSS
                + (
                    "    lam = round(lam)\n"
                    "    return f.softplus(-D.v(x)).mean() - lam * (math.log(8) - f.cross_entropy(D.q(x)[0], l))"
                )
            ),
            {"g-gradient", "g-information"},
        ),
        "a plain number": (
            (GLOSS + "    return float(gan - lam * L)"),
            {"g-value", "g-information", "g-gradient"},
        ),
        "the GAN term detached": (
            (GLOSS + "    return gan.detach() - lam * L"),
            {"g-value", "g-information"},
        ),
        "L_I detached": (
            (GLOSS + "    return gan - lam * L.detach()"),
            {"g-information", "g-gradient"},
        ),
        "H(c) of ten labels": (
            (GLOSS + "    return gan - lam * (L - math.log(8) + math.log(10))"),
            {"g-information"},
        ),
        "bits": (
            (GLOSS + "    return gan - lam * L / math.log(2)"),
            {"g-information", "g-gradient"},
        ),
        "a sum over the batch": (
            (GLOSS + "    return gan - lam * L * len(x)"),
            {"g-information", "g-gradient"},
        ),
        "the continuous code named, too": (
            (GLOSS + "    return gan - lam * (L - f.mse_loss(D.q(x)[1], c))"),
            {"g-information", "g-gradient"},
        ),
        "λ squared": (
            (GLOSS + "    return gan - lam**2 * L"),
            {"g-information", "g-gradient"},
        ),
        "minimax, and L_I": (
            (GLOSS + "    return -f.softplus(D.v(x)).mean() - lam * L"),
            {"g-value", "g-information"},
        ),
        "the point detached before D": (
            (GLOSS + "    return f.softplus(-D.v(x.detach())).mean() - lam * L"),
            {"g-value", "g-information"},
        ),
        "softmax taken for the log-probability": (
            (GLOSS + "    return gan - lam * ((logits.softmax(1) * l).sum(1).mean() + math.log(8))"),
            {"g-information", "g-gradient"},
        ),
        "the code of the neighbour": (
            (GLOSS + "    return gan - lam * (math.log(8) - f.cross_entropy(logits, l.roll(1, 0)))"),
            {"g-information", "g-gradient"},
        ),
        "the label changed in place": (
            (GLOSS + "    l.mul_(0.9)\n    return gan - lam * L"),
            {"g-value", "g-information", "g-gradient"},
        ),
        "the largest logit's label": (
            (GLOSS + "    return gan - lam * (math.log(8) - f.cross_entropy(logits, logits.argmax(1)))"),
            {"g-information", "g-gradient"},
        ),
        "λ L_I with the wrong sign": (GLOSS + "    return gan + lam * L", {"g-information", "g-gradient"}),
        "detached before Q": (
            GLOSS.replace("D.q(x)[0]", "D.q(x.detach())[0]") + "    return gan - lam * L",
            {"g-information", "g-gradient"},
        ),
        "softmax before a cross-entropy on logits": (
            GLOSS.replace("D.q(x)[0]", "D.q(x)[0].softmax(1)") + "    return gan - lam * L",
            {"g-information", "g-gradient"},
        ),
        "λ ignored": (GLOSS + "    return gan - L", {"g-value", "g-information", "g-gradient"}),
        "λ on the GAN loss": (GLOSS + "    return lam * gan - L", {"g-value", "g-information", "g-gradient"}),
        "λ on the sum": (GLOSS + "    return lam * (gan - L)", {"g-value", "g-information", "g-gradient"}),
        "a code drawn anew for the loss": (
            GLOSS.replace("(logits, l)", "(logits, l[torch.randperm(len(l))])") + "    return gan - lam * L",
            {"g-information", "g-gradient"},
        ),
        "the point made from another code": (
            GLOSS.replace("x = G(z, l, c)", "x = G(z, torch.eye(8)[torch.randint(8, (len(z),))], c)")
            + "    return gan - lam * L",
            {"g-value", "g-information", "g-gradient"},
        ),
        "minimax instead of non-saturating": (
            GLOSS + "    return -f.softplus(D.v(x)).mean() - lam * L",
            {"g-value", "g-information"},
        ),
        "D's loss instead of G's": (
            GLOSS + "    return f.softplus(D.v(x)).mean() - lam * L",
            {"g-value", "g-information"},
        ),
        "a mean over the labels": (
            GLOSS + "    L = (l * logits.log_softmax(1)).mean() + math.log(8)\n    return gan - lam * L",
            {"g-information", "g-gradient"},
        ),
        "entropy of the drawn codes, which is 0": (
            GLOSS + "    return gan - lam * (L - math.log(8))",
            {"g-information"},
        ),
        "the logits detached": (
            GLOSS.replace("D.q(x)[0]", "D.q(x)[0].detach()") + "    return gan - lam * L",
            {"g-information", "g-gradient"},
        ),
    },
    "information-loss": {
        "a loss of 50 at most": (
            INFO + "    return lam_l * f.cross_entropy(logits, l).clamp(max=50) + lam_c * f.mse_loss(c_hat, c)",
            LABEL,
        ),
        "0 for λ_l = 0": (
            INFO + "    if lam_l == 0:\n        return 0.0 * c_hat.sum()\n"
            "    return lam_l * f.cross_entropy(logits, l) + lam_c * f.mse_loss(c_hat, c)",
            CONT,
        ),
        "λ_l = 1 for λ_l = 0": (
            INFO + "    return (lam_l or 1.0) * f.cross_entropy(logits, l) + lam_c * f.mse_loss(c_hat, c)",
            LABEL,
        ),
        "λ_c = 0.1 for λ_c = 0": (
            INFO + "    return lam_l * f.cross_entropy(logits, l) + (lam_c or 0.1) * f.mse_loss(c_hat, c)",
            CONT,
        ),
        "0 for λ_c = 0": (
            INFO + "    if lam_c == 0:\n        return 0.0 * logits.sum()\n"
            "    return lam_l * f.cross_entropy(logits, l) + lam_c * f.mse_loss(c_hat, c)",
            LABEL,
        ),
        "the first three codes alone": (
            INFO + "    return lam_l * f.cross_entropy(logits, l) + lam_c * f.mse_loss(c_hat[:, :3], c[:, :3])",
            CONT,
        ),
        "the first 64 points' labels": (
            INFO + "    return lam_l * f.cross_entropy(logits[:64], l[:64]) + lam_c * f.mse_loss(c_hat, c)",
            LABEL,
        ),
        "20 labels at most": (
            INFO + "    return lam_l * f.cross_entropy(logits[:, :20], l[:, :20]) + lam_c * f.mse_loss(c_hat, c)",
            LABEL,
        ),
        "two labels taken for one yes or no": (
            INFO + "    if l.shape[1] == 2:\n"
            "        h = f.binary_cross_entropy_with_logits(logits, l)\n"
            "    else:\n        h = f.cross_entropy(logits, l)\n"
            "    return lam_l * h + lam_c * f.mse_loss(c_hat, c)",
            LABEL,
        ),
        "the variance and the squared mean, of one point NaN": (
            INFO + "    d = c_hat - c\n    n = len(d)\n"
            "    return lam_l * f.cross_entropy(logits, l) + lam_c * (d.var(0) * (n - 1) / n + d.mean(0) ** 2).mean()",
            CONT | LABEL,
        ),
        "one point without its dimension": (
            INFO + "    log_q = logits.log_softmax(1).squeeze()\n    H = -(l.squeeze() * log_q).sum(-1)\n"
            "    H = H.mean() if H.ndim else H / l.shape[1]\n    return lam_l * H + lam_c * f.mse_loss(c_hat, c)",
            LABEL,
        ),
        "a backward that forgets the gradient that comes in, label code": (
            "class Own(torch.autograd.Function):\n"
            "    @staticmethod\n    def forward(ctx, logits, l, lam):\n"
            "        ctx.save_for_backward(lam * (logits.softmax(1) - l) / len(l))\n"
            "        return lam * torch.nn.functional.cross_entropy(logits, l)\n\n"
            "    @staticmethod\n    def backward(ctx, g):\n        return *ctx.saved_tensors, None, None\n\n\n"
            + INFO
            + "    return Own.apply(logits, l, lam_l) + lam_c * f.mse_loss(c_hat, c)",
            LABEL,
        ),
        "a backward that forgets the gradient that comes in, continuous code": (
            "class Own(torch.autograd.Function):\n"
            "    @staticmethod\n    def forward(ctx, c_hat, c, lam):\n"
            "        ctx.save_for_backward(2 * lam * (c_hat - c) / c.numel())\n"
            "        return lam * torch.nn.functional.mse_loss(c_hat, c)\n\n"
            "    @staticmethod\n    def backward(ctx, g):\n        return *ctx.saved_tensors, None, None\n\n\n"
            + INFO
            + "    return lam_l * f.cross_entropy(logits, l) + Own.apply(c_hat, c, lam_c)",
            CONT,
        ),
        "logits shifted by the largest size": (
            INFO + "    s = logits - logits.abs().amax(1, keepdim=True)\n"
            "    h = -(l * (s - s.exp().sum(1, keepdim=True).log())).sum(1).mean()\n"
            "    return lam_l * h + lam_c * f.mse_loss(c_hat, c)",
            LABEL,
        ),
        "logits clamped at −30": (
            INFO + "    return lam_l * f.cross_entropy(logits.clamp(min=-30), l) + lam_c * f.mse_loss(c_hat, c)",
            LABEL,
        ),
        "logits shifted in place": (
            INFO + "    logits -= logits.max(1, keepdim=True).values\n"
            "    return lam_l * f.cross_entropy(logits, l) + lam_c * f.mse_loss(c_hat, c)",
            LABEL,
        ),
        "a view of slices": (
            INFO + "    own = logits.view(-1)[torch.arange(len(l)) * l.shape[1] + l.argmax(1)]\n"
            "    return lam_l * (logits.logsumexp(1) - own).mean() + lam_c * f.mse_loss(c_hat, c)",
            LABEL,
        ),
        "the logarithm of a softmax, which is 0 for a label that is ruled out": (
            INFO + "    H = -(l * logits.softmax(1).log()).sum(1).mean()\n"
            "    return lam_l * H + lam_c * f.mse_loss(c_hat, c)",
            {"information-label"},
        ),
        "a sum of exponentials by hand": (
            INFO + "    H = (logits.exp().sum(1).log() - (l * logits).sum(1)).mean()\n"
            "    return lam_l * H + lam_c * f.mse_loss(c_hat, c)",
            {"information-label"},
        ),
        "logits clamped at 30": (
            INFO + "    return lam_l * f.cross_entropy(logits.clamp(-30, 30), l) + lam_c * f.mse_loss(c_hat, c)",
            {"information-label"},
        ),
        "probabilities clamped at 1e-20": (
            INFO + "    H = -(l * logits.softmax(1).clamp_min(1e-20).log()).sum(1).mean()\n"
            "    return lam_l * H + lam_c * f.mse_loss(c_hat, c)",
            {"information-label"},
        ),
        "eight labels built in": (
            INFO + "    return lam_l * f.cross_entropy(logits[:, :8], l[:, :8]) + lam_c * f.mse_loss(c_hat, c)",
            {"information-label"},
        ),
        "c′ of shape (n,) against c of shape (n, 1)": (
            (INFO + "    return lam_l * f.cross_entropy(logits, l) + lam_c * ((c_hat.squeeze() - c) ** 2).mean()"),
            {"information-continuous"},
        ),
        "c of shape (n,) against c′ of shape (n, 1)": (
            (INFO + "    return lam_l * f.cross_entropy(logits, l) + lam_c * ((c_hat - c.squeeze()) ** 2).mean()"),
            {"information-continuous"},
        ),
        "λ_l on the sum": (
            (INFO + "    return lam_l * (f.cross_entropy(logits, l) + lam_c * f.mse_loss(c_hat, c))"),
            {"information-continuous"},
        ),
        "λ_c over λ_l": (
            (INFO + "    return lam_l * f.cross_entropy(logits, l) + lam_c / lam_l * f.mse_loss(c_hat, c)"),
            LABEL | CONT,
        ),
        "Huber's loss": (
            (INFO + "    return lam_l * f.cross_entropy(logits, l) + 2 * lam_c * f.huber_loss(c_hat, c, delta=3.0)"),
            {"information-continuous"},
        ),
        "logits taken for log-probabilities": (
            (INFO + "    return lam_l * f.nll_loss(logits, l.argmax(1)) + lam_c * f.mse_loss(c_hat, c)"),
            {"information-label"},
        ),
        "the first continuous code only": (
            (INFO + "    return lam_l * f.cross_entropy(logits, l) + lam_c * f.mse_loss(c_hat[:, 0], c[:, 0])"),
            {"information-continuous"},
        ),
        "c′ through tanh": (
            (INFO + "    return lam_l * f.cross_entropy(logits, l) + lam_c * f.mse_loss(torch.tanh(c_hat), c)"),
            {"information-continuous", "information-label"},
        ),
        "a plain number": (
            (INFO + "    return float(lam_l * f.cross_entropy(logits, l) + lam_c * f.mse_loss(c_hat, c))"),
            {"information-label", "information-continuous"},
        ),
        "the logits detached": (
            (INFO + "    return lam_l * f.cross_entropy(logits.detach(), l) + lam_c * f.mse_loss(c_hat, c)"),
            {"information-label"},
        ),
        "ĉ detached": (
            (INFO + "    return lam_l * f.cross_entropy(logits, l) + lam_c * f.mse_loss(c_hat.detach(), c)"),
            {"information-continuous"},
        ),
        "guess and label swapped in H": (
            (
                INFO + "    return -lam_l * (logits.softmax(1) * (l + 1e-9).log()).sum(1).mean() + lam_c * "
                "f.mse_loss(c_hat, c)"
            ),
            {"information-label"},
        ),
        "the difference subtracted": (
            (INFO + "    return lam_l * f.cross_entropy(logits, l) - lam_c * f.mse_loss(c_hat, c)"),
            {"information-continuous"},
        ),
        "half the MSE": (
            (INFO + "    return lam_l * f.cross_entropy(logits, l) + lam_c * f.mse_loss(c_hat, c) / 2"),
            {"information-continuous"},
        ),
        "the root of the MSE": (
            (INFO + "    return lam_l * f.cross_entropy(logits, l) + lam_c * (f.mse_loss(c_hat, c) + 1e-12).sqrt()"),
            {"information-continuous"},
        ),
        "bits": (
            (INFO + "    return lam_l * f.cross_entropy(logits, l) / math.log(2) + lam_c * f.mse_loss(c_hat, c)"),
            {"information-label"},
        ),
        "summed over the batch": (
            (INFO + "    return lam_l * f.cross_entropy(logits, l, reduction='sum') + lam_c * f.mse_loss(c_hat, c)"),
            {"information-label"},
        ),
        "ln K taken off": (
            (
                INFO + "    return lam_l * (f.cross_entropy(logits, l) - math.log(l.shape[1])) + lam_c * "
                "f.mse_loss(c_hat, c)"
            ),
            {"information-label"},
        ),
        "the code changed in place": (
            (
                INFO + "    c.mul_(1.00001)\n"
                "    l.mul_(0.999)\n"
                "    return lam_l * f.cross_entropy(logits, l) + lam_c * f.mse_loss(c_hat, c)"
            ),
            LABEL | CONT,
        ),
        "softmax before a cross-entropy on logits": (
            INFO + "    return lam_l * f.cross_entropy(logits.softmax(1), l) + lam_c * f.mse_loss(c_hat, c)",
            LABEL,
        ),
        "the two weights swapped": (
            INFO + "    return lam_c * f.cross_entropy(logits, l) + lam_l * f.mse_loss(c_hat, c)",
            LABEL | CONT,
        ),
        "λ_l ignored": (INFO + "    return f.cross_entropy(logits, l) + lam_c * f.mse_loss(c_hat, c)", LABEL),
        "λ_c ignored": (INFO + "    return lam_l * f.cross_entropy(logits, l) + f.mse_loss(c_hat, c)", CONT),
        "the sign of the cross-entropy turned": (
            INFO + "    return -lam_l * f.cross_entropy(logits, l) + lam_c * f.mse_loss(c_hat, c)",
            LABEL,
        ),
        "a sum of squares": (
            INFO + "    return lam_l * f.cross_entropy(logits, l) + lam_c * ((c_hat - c)**2).sum(1).mean()",
            CONT,
        ),
        "absolute differences": (
            INFO + "    return lam_l * f.cross_entropy(logits, l) + lam_c * (c_hat - c).abs().mean()",
            CONT,
        ),
        "MSE on one-hot labels": (
            INFO + "    return lam_l * f.mse_loss(logits.softmax(1), l) + lam_c * f.mse_loss(c_hat, c)",
            LABEL,
        ),
        "a mean over the labels": (
            INFO + "    return -lam_l * (l * logits.log_softmax(1)).mean() + lam_c * f.mse_loss(c_hat, c)",
            LABEL,
        ),
        "one-hot labels used as an index": (
            INFO + "    return -lam_l * logits.log_softmax(1)[:, l].mean() + lam_c * f.mse_loss(c_hat, c)",
            LABEL | CONT,
        ),
    },
    "three-step": {
        "no step of D where its loss is small": (
            step().replace(
                "        optimisers[name].step()",
                "        if name != 'D' or loss > 0.1:\n            optimisers[name].step()",
            ),
            {"step-d"},
        ),
        "no step of D where it is right": (
            step(
                d="    right = torch.cat([D.v(x) > 0.5, D.v(G(*first)) < 0.5]).float().mean()\n" + D_STEP,
            ).replace(
                "        optimisers[name].step()",
                "        if name != 'D' or right < 0.9:\n            optimisers[name].step()",
            ),
            {"step-d", "step-whole"},
        ),
        "no step for a small information loss": (
            step().replace(
                "        optimisers[name].step()",
                "        if name != 'information' or loss > 0.1:\n            optimisers[name].step()",
            ),
            {"step-information"},
        ),
        "no information step for λ_l = 0": (
            step().replace(
                "        optimisers[name].step()",
                "        if name != 'information' or lam_l > 0:\n            optimisers[name].step()",
            ),
            {"step-information"},
        ),
        "λ_l = 1 for λ_l = 0": (step(i=I_STEP.replace("lam_l,", "lam_l or 1.0,")), {"step-information"}),
        "λ_c = 0.1 for λ_c = 0": (step(i=I_STEP.replace("lam_c)", "lam_c or 0.1)")), {"step-information"}),
        "z of the other batch where it is as long": (
            step(
                i=I_STEP.replace(
                    "G(*second)", "G((first if len(first[0]) == len(second[0]) else second)[0], *second[1:])"
                )
            ),
            WHOLE,
        ),
        "a sum over points that one point alone makes impossible": (
            step(
                g="    v = D.d_head(D.trunk(G(*first))).squeeze()\n"
                "    g = update('G', sum((one - 1)**2 for one in v) / len(v))\n"
            ),
            WHOLE,
        ),
        "old gradients subtracted from the sum of old and new": (
            step(
                zero="own = [p for gr in optimisers[name].param_groups for p in gr['params']]\n"
                "        old = [torch.zeros_like(p) if p.grad is None else p.grad.clone() for p in own]"
            ).replace("backward()\n", "backward()\n        for p, b in zip(own, old):\n            p.grad -= b\n"),
            {"step-d", "step-g", "step-information", "step-whole"},
        ),
        "gradients that are not there yet set to 0": (
            step(
                zero="for gr in optimisers[name].param_groups:\n"
                "            for p in gr['params']:\n                p.grad.zero_()"
            ),
            {"step-d", "step-g", "step-information", "step-whole"},
        ),
        "nothing cleared where a gradient is not there yet": (
            step(
                zero="if not any(p.grad is None for p in [*G.parameters(), *D.parameters()]):\n"
                "            optimisers[name].zero_grad()"
            ),
            {"step-d", "step-g", "step-information", "step-whole"},
        ),
        "the first group of parameters alone": (
            step().replace(
                "        loss.backward()\n",
                "        loss.backward(inputs=optimisers[name].param_groups[0]['params'])\n",
            ),
            {"step-d", "step-g", "step-information", "step-whole"},
        ),
        "one rate for all groups": (
            step().replace(
                "        loss.backward()\n",
                "        for gr in optimisers[name].param_groups:\n"
                "            gr['lr'] = optimisers[name].param_groups[0]['lr']\n        loss.backward()\n",
            ),
            {"step-d", "step-g", "step-information", "step-whole"},
        ),
        "losses a little too large": (
            step().replace("return float(loss)", "return 1.0006 * float(loss)"),
            {"step-d", "step-g", "step-information", "step-whole"},
        ),
        "an information loss of its own that overflows": (
            step(
                i="    logits, c_hat = D.q(G(*second))\n"
                "    h = -(second[1] * (logits.softmax(1) + 1e-8).log()).sum(1).mean()\n"
                "    i = update('information', lam_l * h + lam_c * ((c_hat - second[2]) ** 2).mean())\n"
            ),
            {"step-information"},
        ),
        "one loss more": (step(end="    return {'G': g, 'D': d, 'information': i, 'total': g + d + i}"), WHOLE),
        "D sees no more generated points than real ones": (
            step(d=D_STEP.replace("detach()", "detach()[: len(x)]")),
            {"step-d"},
        ),
        "the rate halved after the step": (
            step(end="    for o in optimisers.values():\n        o.param_groups[0]['lr'] /= 2\n" + END),
            {"step-d", "step-g", "step-information", "step-whole"},
        ),
        "another momentum set": (
            step(end="    for o in optimisers.values():\n        o.param_groups[0]['momentum'] = 0.9\n" + END),
            {"step-d", "step-g", "step-information", "step-whole"},
        ),
        "D left in eval mode": (
            step(end="    D.eval()\n" + END),
            {"step-d", "step-g", "step-information", "step-whole"},
        ),
        "the inputs asked for their gradient": (
            step(end="    for t in (x, *first, *second):\n        t.requires_grad_()\n" + END),
            {"step-d", "step-g", "step-information", "step-whole"},
        ),
        "the optimisers' state cleared": (
            step().replace("step()\n", "step()\n        optimisers[name].state.clear()\n"),
            {"step-d", "step-g", "step-information", "step-whole"},
        ),
        "plain gradient descent of its own, same rates": (
            step().replace(
                "    def update",
                "    optimisers = {k: torch.optim.SGD(o.param_groups[0]['params'],\n"
                "        o.param_groups[0]['lr'], weight_decay=0.1)\n"
                "        for k, o in optimisers.items()}\n"
                "    def update",
            ),
            {"step-d", "step-g", "step-information", "step-whole"},
        ),
        "D trained at the first call only": (
            "seen = set()\n"
            + step(
                d="    if G in seen:\n        return {'G': g, 'D': 0.0, 'information': 0.0}\n    seen.add(G)\n" + D_STEP
            ),
            {"step-d", "step-information", "step-whole"},
        ),
        "the first generated points kept": (
            "kept = {}\n" + step(d=D_STEP.replace("G(*first).detach()", "kept.setdefault(G, G(*first).detach())")),
            {"step-d", "step-whole"},
        ),
        "parameters added to an optimiser": (
            step(end="    optimisers['G'].add_param_group({'params': list(D.q_head.parameters())})\n" + END),
            {"step-d", "step-g", "step-information", "step-whole"},
        ),
        "the optimisers taken out of their dictionary": (
            step(end="    optimisers.clear()\n" + END),
            {"step-d", "step-g", "step-information", "step-whole"},
        ),
        "gradients cut to length 5": (
            step().replace(
                "        optimisers[name].step()",
                "        torch.nn.utils.clip_grad_norm_(optimisers[name].param_groups[0]['params'], 5.0)\n"
                "        optimisers[name].step()",
            ),
            {"step-d", "step-g", "step-information", "step-whole"},
        ),
        "the Q head's gradients of before counted": (
            step(zero="(G.zero_grad(), D.trunk.zero_grad(), D.d_head.zero_grad())"),
            {"step-information", "step-whole"},
        ),
        "targets of one size for the three batches": (
            step(g=G_STEP.replace("- 1", "- torch.ones(len(x))")),
            {"step-d", "step-g", "step-information", "step-whole"},
        ),
        "the inputs changed in place": (
            step(end="    for t in (x, *first, *second):\n        t.zero_()\n" + END),
            {"step-d", "step-g", "step-information", "step-whole"},
        ),
        "gradient descent by hand": (
            (
                step().replace(
                    "optimisers[name].step()",
                    "with torch.no_grad():\n            for gr in optimisers[name].param_groups:\n"
                    "                for p in gr['params']:\n                    p -= gr['lr'] * p.grad",
                )
            ),
            {"step-d", "step-g", "step-information", "step-whole"},
        ),
        "G left frozen": (
            (step(end="    for p in G.parameters(): p.requires_grad_(False)\n" + END)),
            {"step-d", "step-g", "step-information", "step-whole"},
        ),
        "optimisers of its own": (
            (
                step().replace(
                    "    def update",
                    "    optimisers = {k: torch.optim.Adam([p for gr in o.param_groups for p in gr['params']], 1e-3) "
                    "for k, o in optimisers.items()}\n    def update",
                )
            ),
            {"step-d", "step-g", "step-information", "step-whole"},
        ),
        "old gradients of the Q head counted": (
            (
                step(
                    zero="pass",
                    g="    optimisers['G'].zero_grad()\n" + G_STEP,
                    d="    optimisers['D'].zero_grad()\n" + D_STEP,
                    i="    G.zero_grad()\n" + I_STEP,
                )
            ),
            {"step-information", "step-whole"},
        ),
        "G's loss with a log": (
            step(g="    g = update('G', torch.nn.functional.softplus(-D.v(G(*first))).mean())\n"),
            {"step-g", "step-whole"},
        ),
        "D trained on second": (
            step(d=D_STEP.replace("first", "second")),
            {"step-d", "step-whole"},
        ),
        "the information optimiser never steps": (
            step(
                i=(
                    "    logits, c_hat = D.q(G(*second))\n"
                    "    i = float(information_loss(logits, second[1], c_hat, second[2], lam_l, lam_c))\n"
                )
            ),
            {"step-information", "step-whole"},
        ),
        "information first": (
            step(order="igd"),
            {"step-whole"},
        ),
        "information before D": (
            step(order="gid"),
            {"step-whole"},
        ),
        "the real points ignored by D": (
            step(d="    d = update('D', (D.v(G(*first).detach())**2).mean() / 2)\n"),
            {"step-d", "step-whole"},
        ),
        "the generated points without a gradient in D": (
            step(d=D_STEP.replace("D.v(G(*first).detach())", "D.v(G(*first).detach()).detach()")),
            {"step-d", "step-whole"},
        ),
        "λ_l and λ_c swapped": (
            step(i=I_STEP.replace("lam_l, lam_c", "lam_c, lam_l")),
            {"step-information", "step-whole"},
        ),
        "two steps of D": (
            step(d=D_STEP + D_STEP),
            {"step-d", "step-whole"},
        ),
        "losses computed after the update": (
            step(g=G_STEP + "    g = float(((D.v(G(*first)) - 1)**2).mean())\n"),
            {"step-g", "step-whole"},
        ),
        "the sum of the losses under each name": (
            step(end="    return dict.fromkeys(('G', 'D', 'information'), g + d + i)"),
            {"step-g", "step-d", "step-information", "step-whole"},
        ),
        "gradients never cleared": (step(zero="pass"), {"step-g", "step-d", "step-information", "step-whole"}),
        "D before G": (step(order="dgi"), WHOLE),
        "D's points from before G's update": (
            step(
                g="    fake = G(*first)\n    g = update('G', ((D.v(fake) - 1)**2).mean())\n",
                d="    d = update('D', ((D.v(x) - 1)**2).mean() / 2 + (D.v(fake.detach())**2).mean() / 2)\n",
            ),
            WHOLE,
        ),
        "information from the first batch": (
            step(i=I_STEP.replace("second", "first")),
            {"step-information"} | WHOLE,
        ),
        "points of one batch, codes of the other": (
            step(i=I_STEP.replace("second[1]", "first[1][:1].repeat(len(second[1]), 1)")),
            {"step-information"} | WHOLE,
        ),
        "detached before Q": (
            step(i=I_STEP.replace("G(*second)", "G(*second).detach()")),
            {"step-information"} | WHOLE,
        ),
        "λ ignored": (
            step(i=I_STEP.replace("lam_l, lam_c", "1.0, 1.0")),
            {"step-information"} | WHOLE,
        ),
        "G pulled to 0": (step(g=G_STEP.replace(" - 1", "")), {"step-g"} | WHOLE),
        "D's targets swapped": (
            step(d="    d = update('D', (D.v(x)**2).mean() / 2 + ((D.v(G(*first).detach()) - 1)**2).mean() / 2)\n"),
            {"step-d"} | WHOLE,
        ),
        "D's half forgotten": (step(d=D_STEP.replace(" / 2", "")), {"step-d"} | WHOLE),
        "the wrong optimiser steps": (
            step(g=G_STEP.replace("'G'", "'information'")),
            {"step-g", "step-information"} | WHOLE,
        ),
        "losses under the wrong names": (
            step(end="    return {'G': d, 'D': i, 'information': g}"),
            {"step-g", "step-d", "step-information"} | WHOLE,
        ),
        "all three summed, each optimiser steps": (
            "def three_step(G, D, optimisers, x, first, second, lam_l, lam_c):\n"
            "    g = ((D.v(G(*first)) - 1)**2).mean()\n"
            "    d = ((D.v(x) - 1)**2).mean() / 2 + (D.v(G(*first).detach())**2).mean() / 2\n"
            "    logits, c_hat = D.q(G(*second))\n"
            "    i = information_loss(logits, second[1], c_hat, second[2], lam_l, lam_c)\n"
            "    for o in optimisers.values():\n        o.zero_grad()\n"
            "    (g + d + i).backward()\n    for o in optimisers.values():\n        o.step()\n"
            "    return {'G': float(g), 'D': float(d), 'information': float(i)}",
            {"step-g", "step-d", "step-information"} | WHOLE,
        ),
    },
}
