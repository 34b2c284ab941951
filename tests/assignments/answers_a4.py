"""Assignment 4: right answers in different styles, and wrong ones with the check cells they fail.

The three texts and the run itself are graded by hand.
"""

RIGHT = {
    "name-categories": [
        """
def name_categories(D, spec, images):
    from infogan_utils.looking import looking

    with looking(D):
        answers = torch.cat([D(x[:, None] / 255.0)[1] for x in images.split(7)])
    return spec.posteriors(answers)["cat 1"].probs.argmax(1)
""",
        """
def name_categories(D, spec, images):
    import copy

    judge = copy.deepcopy(D).eval()
    x = images.to(torch.float32).div(255).reshape(-1, 1, 28, 28)
    parts = spec.split(judge.q_head(judge.trunk(x)))
    return parts[spec.discrete[0]].softmax(dim=-1).max(dim=-1).indices
""",
        """
def name_categories(D, spec, images):
    training = {m: m.training for m in D.modules()}
    D.train(False)
    out = torch.empty(len(images), dtype=torch.int64)
    with torch.inference_mode():
        for i in range(len(images)):
            _, answers = D(images[i].view(1, 1, 28, 28).float() * (1 / 255))
            out[i] = int(spec.posteriors(answers)[spec.discrete[0]].logits[0].argmax())
    for m in D.modules():
        m.train(training[m]) if not list(m.children()) else setattr(m, "training", training[m])
    return out
""",
        """
def name_categories(D, spec, images):
    import numpy as np
    modes = [m.training for m in D.modules()]
    D.eval()
    try:
        x = torch.from_numpy(images.numpy().astype('float32') / 255)[:, None]
        v, a = D(x)
    finally:
        for m, t in zip(D.modules(), modes): m.train(t)
    p = spec.posteriors(a)[spec.discrete[0]].probs.detach().numpy()
    return torch.from_numpy(p.argmax(axis=1)).long()
""",
        """
def name_categories(D, spec, images):
    from torch.utils.data import DataLoader

    modes = {m: m.training for m in D.modules()}
    D.eval()
    with torch.no_grad():
        answers = torch.cat([D(x[:, None] / 255)[1] for x in DataLoader(images, batch_size=16)])
    for m, mode in modes.items():
        m.training = mode
    return spec.posteriors(answers)[spec.discrete[0]].logits.argmax(1)
""",
        """
def name_categories(D, spec, images):
    modes = {m: m.training for m in D.modules()}
    D.eval()
    with torch.no_grad():
        answers = torch.cat([D(x[:, None] / 255)[1] for x in images.split(64)])
    for m, mode in modes.items():
        m.training = mode
    first = spec.discrete[0]
    p = spec.posteriors(answers)[first].probs
    return (p[:, 1] > p[:, 0]).long() if spec[first].k == 2 else p.argmax(1)
""",
    ],
    "best-match": [
        """
def best_match(categories, labels, k):
    import scipy.optimize

    counts = torch.bincount(categories * k + labels, minlength=k * k).reshape(k, k)
    i, j = scipy.optimize.linear_sum_assignment(-counts.numpy())
    return counts[i, j].sum() / labels.numel()
""",
        """
def best_match(categories, labels, k):
    counts = [[int(((categories == i) & (labels == j)).sum()) for j in range(k)] for i in range(k)]
    price, owner, free = [0.0] * k, {}, list(range(k))
    while free:  # an auction: exact for whole numbers where a bid adds less than 1 / k
        i = free.pop()
        gains = [c - p for c, p in zip(counts[i], price)]
        second, first = sorted(gains)[-2:]
        j = gains.index(first)
        price[j] += first - second + 0.9 / k
        if j in owner:
            free.append(owner[j])
        owner[j] = i
    return sum(counts[i][j] for j, i in owner.items()) / len(labels)
""",
        """
def best_match(categories, labels, k):
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    cost = np.zeros((k, k))
    np.subtract.at(cost, (labels.numpy(), categories.numpy()), 1)
    rows, cols = linear_sum_assignment(cost)
    name = dict(zip(cols, rows))
    same = [name[c] == l for c, l in zip(categories.tolist(), labels.tolist())]
    return np.float32(sum(same)) / np.float32(len(labels))
""",
        """
def best_match(categories, labels, k):
    from scipy.optimize import linear_sum_assignment
    one = torch.nn.functional.one_hot
    t = torch.einsum('nc,nl->cl', one(categories, k).float(), one(labels, k).float())
    r, c = linear_sum_assignment(t.max() - t)
    names = torch.empty(k, dtype=torch.int64)
    names[torch.as_tensor(r)] = torch.as_tensor(c)
    return (names[categories] == labels).double().mean()
""",
        """
def best_match(categories, labels, k):
    import numpy as np, scipy.optimize as so
    t = np.histogram2d(categories.numpy(), labels.numpy(), bins=k, range=[[-.5, k-.5]]*2)[0]
    each = np.vstack([np.kron(np.eye(k), np.ones(k)), np.kron(np.ones(k), np.eye(k))])
    return -so.linprog(-t.ravel(), A_eq=each, b_eq=np.ones(2 * k), bounds=(0, 1)).fun / len(labels)
""",
        """
def best_match(categories, labels, k):
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    (rows, i), (columns, j) = (np.unique(x.numpy(), return_inverse=True) for x in (categories, labels))
    table = np.zeros((len(rows), len(columns)))  # as wide as what was seen
    np.add.at(table, (i, j), 1)
    return table[linear_sum_assignment(table, maximize=True)].sum() / len(labels)
""",
    ],
    "answer-information": [
        """
def answer_information(p):
    H = torch.distributions.Categorical
    def entropy(q):
        return torch.special.entr(q).sum(-1)
    return entropy(p.mean(0)) - entropy(p).mean(0)
""",
        """
def answer_information(p):
    mean = p.mean(dim=0)
    return (torch.xlogy(p, p) - torch.xlogy(p, mean)).sum(dim=1).mean()
""",
        """
def answer_information(p):
    total = 0.0
    mean = [sum(col) / len(p) for col in zip(*p.tolist())]
    for row in p.tolist():
        total += sum(q * math.log(q / m) for q, m in zip(row, mean) if q > 0)
    return total / len(p)
""",
        """
def answer_information(p):
    import numpy as np
    q = p.numpy().astype('float64')
    m = q.mean(axis=0)
    with np.errstate(divide='ignore', invalid='ignore'):
        kl = np.where(q > 0, q * np.log(q / m), 0)
    return kl.sum(axis=1).mean()
""",
        """
def answer_information(p):
    C = torch.distributions.Categorical
    return C(probs=p.mean(0)).entropy() - C(probs=p).entropy().mean()
""",
        """
def answer_information(p):
    p = p[:, p.mean(0) > 0]  # what no picture uses adds nothing
    return (torch.special.entr(p.mean(0)).sum() - torch.special.entr(p).sum(1).mean()).clamp(min=0)
""",
    ],
    "traversal": [
        """
def traversal(spec, z, category, name, values):
    r, v = len(z), len(values)
    c = {other: torch.zeros(r * v, dtype=code.dtype) for other, code in spec.items()}
    c[spec.discrete[0]] += category
    c[name] = values.expand(r, v).reshape(-1)
    return Latents(z[:, None].expand(-1, v, -1).reshape(r * v, -1), c)
""",
        """
def traversal(spec, z, category, name, values):
    zs, swept = [], []
    for row in z:
        for value in values.tolist():
            zs.append(row)
            swept.append(value)
    return spec.by_hand(torch.stack(zs), {name: swept, spec.discrete[0]: category})
""",
        """
def traversal(spec, z, category, name, values):
    latents = spec.sample(len(z) * len(values), torch.Generator().manual_seed(0))
    for code in latents.c.values():
        code.zero_()
    latents.c[spec.discrete[0]].fill_(category)
    latents.c[name].copy_(torch.cat([values] * len(z)))
    latents.z.copy_(torch.kron(z, torch.ones(len(values), 1)))
    return latents
""",
        """
def traversal(spec, z, category, name, values):
    import numpy as np
    n = len(z) * len(values)
    zz = torch.from_numpy(np.repeat(z.numpy(), len(values), axis=0))
    c = {}
    for other in spec.names:
        if other == spec.discrete[0]: c[other] = torch.full((n,), int(category))
        elif other == name: c[other] = torch.from_numpy(np.tile(values.numpy(), len(z)))
        elif other in spec.discrete: c[other] = torch.zeros(n).long()
        else: c[other] = torch.zeros(n)
    return Latents(zz, c)
""",
        """
def traversal(spec, z, category, name, values):
    pairs = torch.cartesian_prod(torch.arange(len(z)), torch.arange(len(values)))
    held = {name: values[pairs[:, 1]]}
    held[spec.discrete[0]] = torch.tensor([category] * len(pairs))
    return spec.by_hand(torch.einsum('rn,pr->pn', z, torch.nn.functional.one_hot(pairs[:, 0], len(z)).float()), held)
""",
        """
def traversal(spec, z, category, name, values):
    n, noise = len(z) * len(values), []
    for row in z.tolist():
        noise += [row] * len(values)
    c = {other: torch.zeros(1, dtype=code.dtype).expand(n) for other, code in sorted(spec.items(), reverse=True)}
    c[spec.discrete[0]] = torch.tensor([category]).expand(n)
    c[name] = torch.cat([values] * len(z))
    return Latents(torch.tensor(noise, dtype=torch.float64), c)
""",
    ],
}

NAMES = (
    "def name_categories(D, spec, images):\n    modes = [(m, m.training) for m in D.modules()]\n    D.eval()\n"
    "    with torch.no_grad():\n        v, answers = D(images.unsqueeze(1).float() / 255)\n"
    "    for m, mode in modes:\n        m.training = mode\n"
    "    logits = spec.posteriors(answers)[spec.discrete[0]].logits\n"
)
BACK = "    for m, mode in modes:\n        m.training = mode\n"
BEST = "    return logits.argmax(1)"
MATCH = (
    "def best_match(categories, labels, k):\n    from scipy.optimize import linear_sum_assignment\n"
    "    n = len(labels)\n    t = torch.bincount(categories * k + labels, minlength=k * k).view(k, k).numpy()\n"
)
INFO = (
    "def answer_information(p):\n    def H(q):\n        return -torch.xlogy(q, q).sum(-1)\n"
    "    m = p.mean(0)\n    return "
)
SWEEP = (
    "def traversal(spec, z, category, name, values):\n    n = len(z) * len(values)\n"
    "    c = {other: torch.zeros(n, dtype=code.dtype) for other, code in spec.items()}\n"
    "    c[spec.discrete[0]] += category\n    c[name] = values.repeat(len(z))\n"
    "    z = z.repeat_interleave(len(values), 0)\n    return Latents(z, c)"
)
VALUE, MODE = {"names-value"}, {"names-mode"}
MATCHED, MERGED = {"match-value"}, {"match-merged"}
BETWEEN, EXTREME = {"information-value"}, {"information-extreme"}
SWEPT, HELD = {"traversal-swept"}, {"traversal-held"}

WRONG = {
    "name-categories": {
        "two categories told apart by the second's logit alone": (
            NAMES + "    if logits.shape[1] == 2:\n        return (logits[:, 1] > 0).long()\n" + BEST,
            VALUE,
        ),
        "the category with the most values": (
            NAMES + "    most = max(spec.discrete, key=lambda name: spec[name].k)\n"
            "    return spec.posteriors(answers)[most].logits.argmax(1)",
            VALUE,
        ),
        "two answers for each continuous code": (
            NAMES + "    at = 2 * spec.names.index(spec.discrete[0])\n"
            "    return answers[:, at : at + logits.shape[1]].argmax(1)",
            VALUE,
        ),
        "the first 128 pictures": (NAMES.replace("images.un", "images[:128].un") + BEST, VALUE),
        "D copied once": (
            "import copy\n\nkept = {}\n"
            + NAMES.replace(" D(images", " kept[D](images").replace(
                "    D.eval()\n",
                "    D.eval()\n    if D not in kept:\n        kept[D] = copy.deepcopy(D)\n",
            )
            + BEST,
            MODE,
        ),
        "D's weights copied once": (
            "kept = {}\n"
            + NAMES.replace(" D(images", " torch.func.functional_call(D, w, (images")
            .replace("/ 255)", "/ 255,))")
            .replace(
                "    D.eval()\n",
                "    D.eval()\n    w = kept.setdefault(D, {k: p.clone() for k, p in D.named_parameters()})\n",
            )
            + BEST,
            MODE,
        ),
        "D's running averages copied once": (
            "kept = {}\n"
            + NAMES.replace(" D(images", " torch.func.functional_call(D, w, (images")
            .replace("/ 255)", "/ 255,))")
            .replace(
                "    D.eval()\n",
                "    D.eval()\n    w = kept.setdefault(D, {k: b.clone() for k, b in D.named_buffers()})\n",
            )
            + BEST,
            MODE,
        ),
        "the names of pictures seen before kept": (
            "kept = {}\n" + NAMES + "    return kept.setdefault((D, images.numpy().tobytes()), logits.argmax(1))",
            MODE,
        ),
        "bytes taken for [0, 1] where none is above 1": (
            NAMES.replace("images.unsqueeze(1).float() / 255", "x / 255 if x.max() > 1 else x").replace(
                "    D.eval()\n", "    D.eval()\n    x = images.unsqueeze(1).float()\n"
            )
            + BEST,
            VALUE,
        ),
        "eval mode only where D as a whole is in training mode": (
            NAMES.replace("    D.eval()\n", "    if D.training:\n        D.eval()\n") + BEST,
            MODE,
        ),
        "modes put back only where D as a whole was in training mode": (
            NAMES.replace("    D.eval()\n", "    was = D.training\n    D.eval()\n").replace(
                "m.training = mode", "m.training = mode if was else False"
            )
            + BEST,
            MODE,
        ),
        "no eval() for two pictures": (
            NAMES.replace("    D.eval()\n", "    if len(images) != 2:\n        D.eval()\n")
            .replace(" D(images", " copy.deepcopy(D)(images")
            .replace("def", "import copy\n\ndef", 1)
            + BEST,
            MODE,
        ),
        "D as a whole left in training mode": (
            NAMES.replace("    logits =", "    D.training = True\n    logits =") + BEST,
            MODE,
        ),
        "batch norm's momentum left at 0": (
            NAMES + "    for m in D.modules():\n"
            "        if isinstance(m, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):\n"
            "            m.momentum = 0.0\n" + BEST,
            {"names-mode"},
        ),
        "batch norm without running averages from now on": (
            NAMES + "    for m in D.modules():\n"
            "        if isinstance(m, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):\n"
            "            m.track_running_stats = False\n" + BEST,
            {"names-mode"},
        ),
        "D.zero_grad() inside": (NAMES + "    D.zero_grad()\n" + BEST, {"names-mode"}),
        "backward() inside": (
            NAMES.replace(
                "    with torch.no_grad():\n        v, answers", "    with torch.enable_grad():\n        v, answers"
            )
            + "    logits.sum().backward()\n"
            + BEST,
            {"names-mode"},
        ),
        "a hook left on D": (
            NAMES + "    D.q_head.register_forward_hook(lambda module, args, out: None)\n" + BEST,
            {"names-mode"},
        ),
        "a frozen part of D unfrozen": (NAMES + "    D.requires_grad_(True)\n" + BEST, {"names-mode"}),
        "the trunk alone in eval mode": (NAMES.replace("D.eval()", "D.trunk.eval()") + BEST, {"names-mode"}),
        "an attribute left on D": (NAMES + "    D.names = logits.argmax(1)\n" + BEST, {"names-mode"}),
        "gradients switched off for good": (NAMES + "    torch.set_grad_enabled(False)\n" + BEST, {"names-mode"}),
        "gradients switched on for good": (NAMES + "    torch.set_grad_enabled(True)\n" + BEST, {"names-mode"}),
        "one answer for each number of pictures kept": (
            "kept = {}\n" + NAMES + "    return kept.setdefault((D, len(images)), logits.argmax(1))",
            {"names-mode"},
        ),
        "the last category": (
            (NAMES + "    return spec.posteriors(answers)[spec.discrete[-1]].logits.argmax(1)"),
            {"names-mode", "names-value"},
        ),
        "D's parameters frozen for good": (
            NAMES + "    D.requires_grad_(False)\n" + BEST,
            {"names-mode"},
        ),
        "squeezed": (
            (NAMES + "    return logits.argmax(1).squeeze()"),
            {"names-mode"},
        ),
        "ten categories built in": (
            (NAMES + "    return logits[:, :10].argmax(1)"),
            {"names-value"},
        ),
        "drawn from Q": (
            (NAMES + "    return torch.multinomial(spec.posteriors(answers)[spec.discrete[0]].probs, 1)[:, 0]"),
            {"names-mode", "names-value"},
        ),
        "pictures transposed": (
            NAMES.replace("unsqueeze(1)", "unsqueeze(1).mT") + BEST,
            {"names-mode", "names-value"},
        ),
        "eval mode for one kind of norm": (
            (
                "def name_categories(D, spec, images):\n"
                "    ms=[m for m in D.modules() if isinstance(m,torch.nn.BatchNorm2d)]\n"
                "    modes=[(m,m.training) for m in ms]\n"
                "    for m in ms: m.eval()\n"
                "    with torch.no_grad(): _,a=D(images[:,None].float()/255)\n"
                "    for m,t in modes: m.training=t\n"
                "    return spec.posteriors(a)[spec.discrete[0]].logits.argmax(1)"
            ),
            {"names-mode"},
        ),
        "no eval(), so batch statistics leak": (NAMES.replace("    D.eval()\n", "") + BEST, MODE),
        "left in eval mode": (NAMES.replace(BACK, "") + BEST, MODE),
        "always put into training mode": (NAMES.replace(BACK, "    D.train()\n") + BEST, MODE),
        "the modes of the parts lost": (NAMES.replace(BACK, "    D.train(modes[0][1])\n") + BEST, MODE),
        "in training mode on purpose": (NAMES.replace("D.eval()", "D.train()") + BEST, VALUE | MODE),
        "bytes not brought into [0, 1]": (NAMES.replace(" / 255", "") + BEST, {"names-value", "names-mode"}),
        "divided by 256": (NAMES.replace("255", "256") + BEST, VALUE),
        "brought into [−1, 1]": (NAMES.replace("/ 255", "/ 127.5 - 1") + BEST, {"names-value", "names-mode"}),
        "each picture stretched to its own brightest byte": (
            NAMES.replace("/ 255", "/ images.amax((1, 2))[:, None, None, None]") + BEST,
            {"names-value", "names-mode"},
        ),
        "the least likely category": (NAMES + "    return logits.argmin(1)", VALUE | MODE),
        "the largest over the batch": (NAMES + "    return logits.argmax(0)", VALUE | MODE),
        "the D head": (NAMES + "    return (v > 0).long()", VALUE | MODE),
        "numbers instead of categories": (NAMES + "    return logits.softmax(1)", VALUE | MODE),
        "float categories": (NAMES + "    return logits.argmax(1).float()", VALUE),
        "32-bit categories": (NAMES + "    return logits.argmax(1).int()", VALUE),
        "a NumPy array": (NAMES + "    return logits.argmax(1).numpy()", VALUE | MODE),
        "a list": (NAMES + "    return logits.argmax(1).tolist()", VALUE | MODE),
        "a column (n, 1)": (NAMES + "    return logits.argmax(1, keepdim=True)", VALUE | MODE),
        "the first answers, whatever the codes": (NAMES + "    return answers[:, :10].argmax(1)", VALUE | MODE),
        "a running average moved": (
            NAMES.replace("    D.eval()\n", "    D.train()\n    D(images.unsqueeze(1) / 255)\n    D.eval()\n") + BEST,
            {"names-value", "names-mode"},
        ),
    },
    "best-match": {
        "the best matching up to twelve categories, greedy above": (
            MATCH
            + "    if k <= 12:\n        i, j = linear_sum_assignment(-t)\n        return float(t[i, j].sum() / n)\n"
            "    t, total = t.copy(), 0\n    for _ in range(k):\n"
            "        i, j = divmod(int(t.argmax()), k)\n        total += max(0, t[i, j])\n"
            "        t[i], t[:, j] = -1, -1\n    return float(total / n)",
            MERGED,
        ),
        "twelve categories at most": (
            MATCH + "    t = t[:12, :12]\n    i, j = linear_sum_assignment(-t)\n    return float(t[i, j].sum() / n)",
            MERGED,
        ),
        "the best of 100 random starts with swaps": (
            MATCH + "    best, generator = 0, torch.Generator().manual_seed(0)\n    for _ in range(100):\n"
            "        name, go = torch.randperm(k, generator=generator).tolist(), True\n"
            "        while go:\n            go = False\n"
            "            for a in range(k):\n                for b in range(a):\n"
            "                    i, j = name[a], name[b]\n"
            "                    if t[a, j] + t[b, i] > t[a, i] + t[b, j]:\n"
            "                        name[a], name[b], go = j, i, True\n"
            "        best = max(best, t[range(k), name].sum())\n    return float(best / n)",
            MERGED,
        ),
        "greedy by the share of a category": (
            MATCH + "    u, total = t / t.sum(1, keepdims=True).clip(1), 0\n    for _ in range(k):\n"
            "        i, j = divmod(int(u.argmax()), k)\n        total += t[i, j]\n"
            "        u[i], u[:, j] = -1, -1\n    return float(total / n)",
            MERGED,
        ),
        "stable marriages": (
            MATCH
            + "    free, of = list(range(k)), {}\n    wish = [list((-t[i]).argsort(kind='stable')) for i in range(k)]\n"
            "    while free:\n        i = free.pop()\n        j = wish[i].pop(0)\n"
            "        if j not in of:\n            of[j] = i\n"
            "        elif t[i, j] > t[of[j], j]:\n            free.append(of[j])\n            of[j] = i\n"
            "        else:\n            free.append(i)\n"
            "    return float(sum(t[i, j] for j, i in of.items()) / n)",
            MERGED,
        ),
        "empty categories left out, and as many of the classes": (
            MATCH + "    used = t.sum(1) > 0\n    t = t[used][:, : used.sum()]\n"
            "    i, j = linear_sum_assignment(-t)\n    return float(t[i, j].sum() / n)",
            MERGED,
        ),
        "several empty classes left out, and as many of the categories": (
            MATCH + "    used = t.sum(0) > 0\n    t = t[:, used][: used.sum()] if used.sum() < k - 1 else t\n"
            "    i, j = linear_sum_assignment(-t)\n    return float(t[i, j].sum() / n)",
            MERGED,
        ),
        "matched by counts in 8 bits": (
            MATCH
            + "    i, j = linear_sum_assignment(-t.astype('int8').astype(int))\n    return float(t[i, j].sum() / n)",
            MERGED,
        ),
        "all matchings up to eight categories, greedy above": (
            MATCH + "    import itertools\n\n    if k <= 8:\n"
            "        return max(sum(t[i, j] for i, j in enumerate(p)) for p in itertools.permutations(range(k))) / n\n"
            "    right, t = 0, t.copy()\n    for _ in range(k):\n"
            "        i, j = divmod(int(t.argmax()), k)\n        right += max(int(t[i, j]), 0)\n"
            "        t[i], t[:, j] = -1, -1\n    return right / n",
            MERGED,
        ),
        "pairs numbered for 16 categories": (
            MATCH.replace("categories * k", "categories * 16").replace("k * k", "256").replace("(k, k)", "(16, 16)")
            + "    i, j = linear_sum_assignment(-t)\n    return float(t[i, j].sum() / n)",
            MERGED,
        ),
        "pairs numbered in 8 bits": (
            MATCH.replace("(categories * k + labels,", "((categories.byte() * k + labels.byte()).long(),")
            + "    i, j = linear_sum_assignment(-t)\n    return float(t[i, j].sum() / n)",
            MERGED,
        ),
        "as many categories as the answers show": (
            MATCH.replace("    t =", "    k = int(categories.max()) + 1\n    labels = labels.clamp_max(k - 1)\n    t =")
            + "    i, j = linear_sum_assignment(-t)\n    return float(t[i, j].sum() / n)",
            MERGED,
        ),
        "as many pairs as possible, whatever their size": (
            MATCH + "    i, j = linear_sum_assignment(-(t + 10.0**9 * (t > 0)))\n    return float(t[i, j].sum() / n)",
            MERGED,
        ),
        "ten categories built in": (
            MATCH.replace("    n =", "    k = 10\n    n =") + "    i, j = linear_sum_assignment(-t)\n"
            "    return float(t[i, j].sum() / n)",
            {"match-merged", "match-value"},
        ),
        "the first 50,000 matchings tried": (
            MATCH + "    from itertools import islice, permutations\n"
            "    tried = torch.tensor(list(islice(permutations(range(k)), 50_000)))\n"
            "    return float(torch.as_tensor(t)[torch.arange(k), tried].sum(1).max() / n)",
            {"match-merged", "match-value"},
        ),
        "counts in 8 bits": (
            MATCH + "    t = t.astype('uint8').astype(int)\n"
            "    i, j = linear_sum_assignment(-t)\n"
            "    return float(t[i, j].sum() / n)",
            {"match-merged"},
        ),
        "counts in half precision": (
            MATCH + "    t = t.astype('float16').astype(float)\n"
            "    i, j = linear_sum_assignment(-t)\n"
            "    return float(t[i, j].sum() / n)",
            {"match-merged"},
        ),
        "as many classes as the labels show": (
            MATCH.replace("    t =", "    k = int(labels.max()) + 1\n    t =")
            + "    i, j = linear_sum_assignment(-t)\n    return float(t[i, j].sum() / n)",
            {"match-merged"},
        ),
        "greedy, then swaps until none helps": (
            MATCH + "    u, name, go = t.copy(), [0] * k, True\n"
            "    for _ in range(k):\n"
            "        i, j = divmod(int(u.argmax()), k)\n"
            "        name[i] = j\n"
            "        u[i], u[:, j] = -1, -1\n"
            "    while go:\n"
            "        go = False\n"
            "        for a in range(k):\n"
            "            for b in range(a):\n"
            "                i, j = name[a], name[b]\n"
            "                if t[a, j] + t[b, i] > t[a, i] + t[b, j]:\n"
            "                    name[a], name[b], go = j, i, True\n"
            "    return float(t[range(k), name].sum() / n)",
            {"match-merged"},
        ),
        "each class its largest among the categories that vote for it": (
            MATCH + "    votes = [[t[i, j] for i in range(k) if t[i].argmax() == j] for j in range(k)]\n"
            "    return float(sum(max(v) for v in votes if v) / n)",
            {"match-merged"},
        ),
        "swaps until none helps": (
            (
                MATCH
                + (
                    "    p = list(range(k))\n"
                    "    go = True\n"
                    "    while go:\n"
                    "        go = False\n"
                    "        for a in range(k):\n"
                    "            for b in range(a + 1, k):\n"
                    "                if t[a, p[b]] + t[b, p[a]] > t[a, p[a]] + t[b, p[b]]:\n"
                    "                    p[a], p[b] = (p[b], p[a])\n"
                    "                    go = True\n"
                    "    return float(sum((t[a, p[a]] for a in range(k))) / n)"
                )
            ),
            {"match-merged"},
        ),
        "a table of what was seen": (
            (
                MATCH
                + (
                    "    import numpy as np\n"
                    "    cs, ls = (np.unique(categories), np.unique(labels))\n"
                    "    t = np.array([[int(((categories == a) & (labels == b)).sum()) for b in ls] for a in cs])\n"
                    "    m = min(t.shape)\n"
                    "    i, j = linear_sum_assignment(-t[:m, :m])\n"
                    "    return float(t[i, j].sum() / n)"
                )
            ),
            {"match-merged"},
        ),
        "logarithms of the counts": (
            (
                MATCH
                + (
                    "    import numpy as np\n"
                    "    i, j = linear_sum_assignment(-np.log1p(t))\n"
                    "    return float(t[i, j].sum() / n)"
                )
            ),
            {"match-merged"},
        ),
        "columns normalised for matching": (
            (
                MATCH
                + (
                    "    import numpy as np\n"
                    "    c = t / np.maximum(t.sum(0), 1)\n"
                    "    i, j = linear_sum_assignment(-c)\n"
                    "    return float(t[i, j].sum() / n)"
                )
            ),
            {"match-merged"},
        ),
        "one round of swaps": (
            (
                "def best_match(categories, labels, k):\n"
                "    t=torch.bincount(categories*k+labels,minlength=k*k).view(k,k)\n"
                "    perm=list(range(k))\n"
                "    for a in range(k):\n"
                "        for b in range(a+1,k):\n"
                "            if t[a,perm[b]]+t[b,perm[a]]>t[a,perm[a]]+t[b,perm[b]]: perm[a],"
                "perm[b]=perm[b],perm[a]\n"
                "    return float(sum(t[a,perm[a]] for a in range(k))/len(labels))"
            ),
            {"match-merged"},
        ),
        "each pair's larger direction": (
            (MATCH + "    i, j = linear_sum_assignment(-(t + t.T))\n    return float(t[i, j].sum() / n)"),
            {"match-value", "match-merged"},
        ),
        "rows normalised before matching": (
            (
                MATCH + "    r = t / t.sum(1, keepdims=True).clip(1)\n"
                "    i, j = linear_sum_assignment(-r)\n"
                "    return float(r[i, j].mean())"
            ),
            {"match-value", "match-merged"},
        ),
        "greedy by the classes in their order": (
            (
                MATCH + "    free, total = set(range(k)), 0\n"
                "    for j in range(k):\n"
                "        i = max(free, key=lambda i: t[i, j])\n"
                "        free.remove(i)\n"
                "        total += t[i, j]\n"
                "    return float(total / n)"
            ),
            {"match-merged"},
        ),
        "the error rate": (
            (MATCH + "    i, j = linear_sum_assignment(-t)\n    return 1 - float(t[i, j].sum() / n)"),
            {"match-value", "match-merged"},
        ),
        "the most frequent class": (
            (MATCH + "    return float(t.sum(0).max() / n)"),
            {"match-value", "match-merged"},
        ),
        "purity": (
            (MATCH + "    return float(t.max(1).sum() / n)"),
            {"match-merged"},
        ),
        "no matching at all": (MATCH + "    return float((categories == labels).sum() / n)", MATCHED | MERGED),
        "each category its most frequent class": (MATCH + "    return float(t.max(1).sum() / n)", MERGED),
        "each class its most frequent category": (MATCH + "    return float(t.max(0).sum() / n)", MERGED),
        "greedy": (
            MATCH + "    t, total = t.copy(), 0\n    for _ in range(k):\n"
            "        i, j = divmod(int(t.argmax()), k)\n        total += max(0, t[i, j])\n"
            "        t[i], t[:, j] = -1, -1\n    return float(total / n)",
            MERGED,
        ),
        "the smallest sum": (
            MATCH + "    i, j = linear_sum_assignment(t)\n    return float(t[i, j].sum() / n)",
            MATCHED | MERGED,
        ),
        "a count, not a share": (
            MATCH + "    i, j = linear_sum_assignment(-t)\n    return float(t[i, j].sum())",
            MATCHED | MERGED,
        ),
        "per cent": (
            MATCH + "    i, j = linear_sum_assignment(-t)\n    return float(100 * t[i, j].sum() / n)",
            MATCHED | MERGED,
        ),
        "the mean of each class's share": (
            MATCH + "    i, j = linear_sum_assignment(-t)\n    return float((t[i, j] / t.sum(0)[j].clip(1)).mean())",
            MATCHED | MERGED,
        ),
    },
    "answer-information": {
        "two categories in bits": (
            INFO.replace("    m =", "    unit = math.log(2) if p.shape[1] == 2 else 1\n    m =")
            + "(H(m) - H(p).mean()) / unit",
            BETWEEN,
        ),
        "two categories as one number": (
            INFO.replace("    m =", "    p = p[:, :1] if p.shape[1] == 2 else p\n    m =") + "H(m) - H(p).mean()",
            BETWEEN,
        ),
        "sixteen categories at most": (
            INFO.replace("    m =", "    p = p[:, :16]\n    m =") + "H(m) - H(p).mean()",
            BETWEEN,
        ),
        "as many categories as are used, the first ones": (
            INFO.replace("    m =", "    p = p[:, : (p.sum(0) > 0).sum()]\n    m =") + "H(m) - H(p).mean()",
            EXTREME,
        ),
        "the mean over the unsure answers alone": (INFO + "H(m) - H(p)[H(p) > 0].mean()", EXTREME),
        "nearly blind answers taken for blind ones": (
            INFO.removesuffix("return ") + "r = H(m) - H(p).mean()\n    return r if r > 0.01 else 0.0",
            EXTREME,
        ),
        "rarely used categories left out": (
            INFO.replace("    m =", "    p = p[:, p.mean(0) > 1e-3]\n    m =") + "H(m) - H(p).mean()",
            BETWEEN | EXTREME,
        ),
        "probabilities below 1e-6 taken for none": (
            INFO.replace("    m =", "    p = p * (p > 1e-6)\n    m =") + "H(m) - H(p).mean()",
            EXTREME,
        ),
        "the mean's logarithm where no picture uses a category": (
            INFO + "-(m * m.log()).sum() - H(p).mean()",
            EXTREME,
        ),
        "probabilities clamped at 1e-4 inside the logarithm": (
            "def answer_information(p):\n    H = lambda q: -(q * q.clamp(1e-4).log()).sum(-1)\n"
            "    return H(p.mean(0)) - H(p).mean()",
            {"information-extreme"},
        ),
        "blind answers left out": (
            INFO.replace(
                "    m =",
                "    p = p[H(p) < math.log(p.shape[1]) - 1e-5]\n    if not len(p):\n        return 0.0\n    m =",
            )
            + "H(m) - H(p).mean()",
            {"information-extreme"},
        ),
        "each answer counted once": (
            INFO.replace("    m =", "    p = p.unique(dim=0)\n    m =") + "H(m) - H(p).mean()",
            {"information-extreme"},
        ),
        "ten categories built in": (
            INFO.replace("    m =", "    p = p[:, :10]\n    m =") + "H(m) - H(p).mean()",
            {"information-extreme", "information-value"},
        ),
        "1e-4 inside the mean's logarithm": (
            INFO + "-(m * (m + 1e-4).log()).sum() - H(p).mean()",
            {"information-extreme", "information-value"},
        ),
        "pictures with a sure answer left out": (
            INFO.replace("    m =", "    ok = (p > 0).all(1)\n    p = p[ok] if ok.any() else p\n    m =")
            + "H(m) - H(p).mean()",
            {"information-extreme"},
        ),
        "1e-5 inside the logarithm": (
            (
                "def answer_information(p):\n"
                "    H = lambda q: -(q * (q + 1e-5).log()).sum(-1)\n"
                "    return H(p.mean(0)) - H(p).mean()"
            ),
            {"information-extreme"},
        ),
        "zeros dropped before a mean": (
            (
                "def answer_information(p):\n"
                "    H = lambda q: torch.special.entr(q).sum(-1)\n"
                "    h = -(p[p > 0] * p[p > 0].log()).mean() * p.shape[1]\n"
                "    return H(p.mean(0)) - h"
            ),
            {"information-extreme"},
        ),
        "the median entropy": (
            (
                "def answer_information(p):\n"
                "    H=lambda q: torch.special.entr(q).sum(-1)\n"
                "    return H(p.mean(0))-H(p).median()"
            ),
            {"information-value", "information-extreme"},
        ),
        "clipped at 1": (
            (
                "def answer_information(p):\n"
                "    H=lambda q: torch.special.entr(q).sum(-1)\n"
                "    return (H(p.mean(0))-H(p).mean()).clamp(max=1.0)"
            ),
            {"information-extreme"},
        ),
        "1e-4 inside the logarithm": (
            (
                "def answer_information(p):\n"
                "    H=lambda q: -(q*(q+1e-4).log()).sum(-1)\n"
                "    return H(p.mean(0))-H(p).mean()"
            ),
            {"information-extreme", "information-value"},
        ),
        "of the named categories only": (
            (
                "def answer_information(p):\n"
                "    h = torch.nn.functional.one_hot(p.argmax(1), p.shape[1]).float().mean(0)\n"
                "    return -torch.xlogy(h, h).sum()"
            ),
            {"information-value", "information-extreme"},
        ),
        "a share of ln K": (
            (INFO + "(H(m) - H(p).mean()) / math.log(p.shape[1])"),
            {"information-value", "information-extreme"},
        ),
        "clamped away from 0 at 0.01": (
            (
                "def answer_information(p):\n    q = p.clamp_min(1e-2)\n    m = q.mean(0)\n"
                "    return (q * (q / m).log()).sum(1).mean()"
            ),
            {"information-value", "information-extreme"},
        ),
        "the answers changed in place": (
            (
                "def answer_information(p):\n    p.clamp_(min=1e-20)\n    m = p.mean(0)\n"
                "    return (p * (p / m).log()).sum(1).mean()"
            ),
            {"information-extreme"},
        ),
        "one number a picture": (
            (
                "def answer_information(p):\n    m = p.mean(0)\n"
                "    return (torch.xlogy(p, p) - torch.xlogy(p, m)).sum(1)"
            ),
            {"information-value", "information-extreme"},
        ),
        "against equal categories": (
            "def answer_information(p):\n    return (torch.xlogy(p, p).sum(1) + math.log(p.shape[1])).mean()",
            {"information-value", "information-extreme"},
        ),
        "the sign turned": (INFO + "H(p).mean() - H(m)", BETWEEN | EXTREME),
        "the entropy of the mean alone": (INFO + "H(m)", BETWEEN | EXTREME),
        "the mean entropy alone": (INFO + "H(p).mean()", BETWEEN | EXTREME),
        "0 · ln 0 is not a number": (
            INFO.replace("torch.xlogy(q, q)", "(q * q.log())") + "H(m) - H(p).mean()",
            EXTREME,
        ),
        "bits": (INFO + "(H(m) - H(p).mean()) / math.log(2)", BETWEEN | EXTREME),
        "a mean over the categories": (INFO.replace("sum(-1)", "mean(-1)") + "H(m) - H(p).mean()", BETWEEN | EXTREME),
        "a sum over the pictures": (INFO + "H(m) - H(p).sum()", BETWEEN | EXTREME),
        "a softmax on probabilities": (
            INFO.replace("    m = ", "    p = p.softmax(1)\n    m = ") + "H(m) - H(p).mean()",
            BETWEEN | EXTREME,
        ),
        "the ceiling instead of the answers used": (INFO + "math.log(p.shape[1]) - H(p).mean()", BETWEEN | EXTREME),
    },
    "traversal": {
        "a single picture squeezed away": (
            """
def traversal(spec, z, category, name, values):
    r, v = len(z), len(values)
    c = {other: torch.zeros(r * v) for other in spec.names}
    c |= {other: torch.zeros(r * v, dtype=torch.long) for other in spec.discrete}
    c[spec.discrete[0]] += category
    c[name] = values.repeat(r)
    return Latents(z.repeat_interleave(v, dim=0).squeeze(), c)
""",
            {"traversal-swept"},
        ),
        "every code whose name starts like the swept one's": (
            SWEEP.replace("c[name] = ", "c |= dict.fromkeys([k for k in c if k.startswith(name)], ").replace(
                "values.repeat(len(z))", "values.repeat(len(z)))"
            ),
            HELD,
        ),
        "the code of the name's last digit": (SWEEP.replace("c[name]", "c['cont ' + name[-1]]"), SWEPT),
        "noise as a NumPy array": (SWEEP.replace("Latents(z,", "Latents(z.numpy(),"), HELD),
        "codes and noise as NumPy arrays": (
            SWEEP.replace("Latents(z, c)", "Latents(z.numpy(), {k: code.numpy() for k, code in c.items()})"),
            HELD,
        ),
        "one of two categories as a truth value": (
            SWEEP.replace(
                "    return",
                "    cat = spec.discrete[0]\n    if spec[cat].k == 2:\n        c[cat] = c[cat] == 1\n    return",
            ),
            HELD,
        ),
        "ten categories built in": (
            SWEEP.replace("    return", "    c[spec.discrete[0]] %= 10\n    return"),
            HELD,
        ),
        "each value once": (
            SWEEP.replace("    n =", "    values = torch.tensor(list(dict.fromkeys(values.tolist())))\n    n ="),
            SWEPT,
        ),
        "three rows of noise at most": (SWEEP.replace("    n =", "    z = z[:3]\n    n ="), SWEPT),
        "nine values at most": (SWEEP.replace("    n =", "    values = values[:9]\n    n ="), SWEPT),
        "noise clipped to [−3, 3]": (SWEEP.replace("Latents(z,", "Latents(z.clamp(-3, 3),"), SWEPT),
        "codes as NumPy arrays": (
            SWEEP.replace("Latents(z, c)", "Latents(z, {k: code.numpy() for k, code in c.items()})"),
            HELD,
        ),
        "two categories written down": (
            SWEEP.replace("    z = z.rep", '    c["cat 2"] = torch.zeros(n, dtype=torch.int64)\n    z = z.rep'),
            SWEPT,
        ),
        "only the second of the further categories set": (
            SWEEP.replace("    z = z.rep", "    for other in spec.discrete[2:]:\n        del c[other]\n    z = z.rep"),
            HELD,
        ),
        "the values set to 0 afterwards": (
            SWEEP.replace("    return", "    values.zero_()\n    return"),
            {"traversal-swept"},
        ),
        "the values asked for their gradient": (
            SWEEP.replace("    c[name] =", "    values.requires_grad_()\n    c[name] ="),
            {"traversal-swept"},
        ),
        "clipped to [−3, 3]": (SWEEP.replace("values.repeat", "values.clamp(-3, 3).repeat"), {"traversal-swept"}),
        "the first noise kept": (
            "kept = {}\n" + SWEEP.replace("Latents(z, c)", "Latents(kept.setdefault(z.shape, z), c)"),
            {"traversal-swept"},
        ),
        "held continuous codes as whole numbers": (
            (
                "def traversal(spec, z, category, name, values):\n"
                "    n = len(z) * len(values)\n"
                "    c = {k: torch.zeros(n, dtype=torch.int64) for k in spec.names}\n"
                "    c[spec.discrete[0]] += category\n"
                "    c[name] = values.repeat(len(z))\n"
                "    return Latents(z.repeat_interleave(len(values), 0), c)"
            ),
            {"traversal-held"},
        ),
        "continuous codes as doubles": (
            SWEEP.replace(
                "Latents(z, c)", "Latents(z, {k: v if k in spec.discrete else v.double() for k, v in c.items()})"
            ),
            {"traversal-held"},
        ),
        "the held continuous codes as doubles": (
            SWEEP.replace(
                "    c[spec.discrete[0]]",
                "    c |= {k: v.double() for k, v in c.items() if k not in spec.discrete}\n    c[spec.discrete[0]]",
            ),
            {"traversal-held"},
        ),
        "no Latents": (
            (
                "def traversal(spec, z, category, name, values):\n"
                "    import types\n"
                "    v = values.repeat(len(z))\n"
                "    L = spec.by_hand(z.repeat_interleave(len(values), 0), {spec.discrete[0]: category, name: v})\n"
                "    return types.SimpleNamespace(z=L.z, c=L.c)"
            ),
            {"traversal-swept"},
        ),
        "the noise squeezed": (SWEEP.replace("z.repeat_interleave", "z.squeeze().repeat_interleave"), SWEPT),
        "32-bit categories": (
            (
                "def traversal(spec, z, category, name, values):\n"
                "    L=spec.by_hand(z.repeat_interleave(len(values),0),{spec.discrete[0]:category,"
                "name:values.repeat(len(z))})\n"
                "    return Latents(L.z,{k:(v.int() if k in spec.discrete else v) for k,v in "
                "L.c.items()})"
            ),
            {"traversal-held"},
        ),
        "the values sorted": (
            (
                "def traversal(spec, z, category, name, values):\n"
                "    return spec.by_hand(z.repeat_interleave(len(values),0),{spec.discrete[0]:category,"
                "name:values.sort().values.repeat(len(z))})"
            ),
            {"traversal-swept"},
        ),
        "equal steps for the values": (
            (
                "def traversal(spec, z, category, name, values):\n"
                "    values=torch.linspace(float(values.min()),float(values.max()),len(values))\n"
                "    return spec.by_hand(z.repeat_interleave(len(values),0),{spec.discrete[0]:category,"
                "name:values.repeat(len(z))})"
            ),
            {"traversal-swept"},
        ),
        "the second category alternates": (
            (
                "def traversal(spec, z, category, name, values):\n"
                "    c={spec.discrete[0]:category,name:values.repeat(len(z))}\n"
                "    for d in spec.discrete[1:]: c[d]=torch.arange(len(z)*len(values))%2\n"
                "    return spec.by_hand(z.repeat_interleave(len(values),0),c)"
            ),
            {"traversal-held"},
        ),
        "the values cut to whole numbers": (
            (
                "def traversal(spec, z, category, name, values):\n"
                "    return spec.by_hand(z.repeat_interleave(len(values),0),{spec.discrete[0]:category,"
                "name:values.long().float().repeat(len(z))})"
            ),
            {"traversal-swept"},
        ),
        "noise runs fastest": (SWEEP.replace("z.repeat_interleave(len(values), 0)", "z.repeat(len(values), 1)"), SWEPT),
        "values run slowest": (SWEEP.replace("values.repeat(len(z))", "values.repeat_interleave(len(z))"), SWEPT),
        "noise drawn anew for each picture": (
            SWEEP.replace("z.repeat_interleave(len(values), 0)", "torch.randn(n, z.shape[1])"),
            SWEPT,
        ),
        "the other codes drawn": (
            SWEEP.replace(
                "{other: torch.zeros(n, dtype=code.dtype) for", "{other: code.sample(n, torch.Generator()) for"
            ),
            HELD,
        ),
        "all continuous codes swept": (
            SWEEP.replace(
                "    return", "    c |= {k: c[name] for k in spec.names if k not in spec.discrete}\n    return"
            ),
            HELD,
        ),
        "always the first continuous code": (SWEEP.replace("c[name] =", "c['cont 1'] ="), SWEPT | HELD),
        "float categories": (SWEEP.replace("dtype=code.dtype", "dtype=torch.float32"), HELD),
        "category left at 0": (SWEEP.replace("    c[spec.discrete[0]] += category\n", ""), HELD),
        "the category in every categorical code": (
            SWEEP.replace(
                "    c[spec.discrete[0]] += category\n", "    for k in spec.discrete:\n        c[k] += category\n"
            ),
            HELD,
        ),
        "further codes left out": (
            SWEEP.replace("Latents(z, c)", "Latents(z, {k: c[k] for k in (spec.discrete[0], name)})"),
            HELD | SWEPT,
        ),
        "one row of noise": (SWEEP.replace("z = z.rep", "z = z[:1].expand(len(z), -1).rep"), SWEPT),
        "clipped to [−1, 1]": (SWEEP.replace("values.repeat", "values.clamp(-1, 1).repeat"), SWEPT),
        "scaled to [−1, 1]": (SWEEP.replace("values.repeat", "(values / values.abs().max()).repeat"), SWEPT),
    },
}
