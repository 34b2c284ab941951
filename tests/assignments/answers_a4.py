"""Assignment 4: three right answers in different styles, and wrong ones with the check cells they fail.

The three texts and the run itself are graded by hand.
"""

RIGHT = {
    "name-categories": [
        """
@torch.no_grad()
def name_categories(D, images):
    mode = D.training
    try:
        parts = [D.eval()(x[:, None] / 255.0)[1].logits[0].argmax(1) for x in images.split(7)]
    finally:
        D.train(mode)
    return torch.cat(parts)
""",
        """
def name_categories(D, images):
    import copy

    judge = copy.deepcopy(D).eval()
    x = images.to(torch.float32).div(255).reshape(-1, 1, 28, 28)
    return judge.q(judge.features(x)).logits[0].softmax(dim=-1).max(dim=-1).indices
""",
        """
def name_categories(D, images):
    training = D.training
    D.train(False)
    out = torch.empty(len(images), dtype=torch.int64)
    with torch.inference_mode():
        for i in range(len(images)):
            out[i] = int(D(images[i].view(1, 1, 28, 28).float() * (1 / 255))[1].logits[0][0].argmax())
    if training:
        D.train()
    return out
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
    from functools import lru_cache

    counts = [[int(((categories == i) & (labels == j)).sum()) for j in range(k)] for i in range(k)]

    @lru_cache(None)
    def most(i, free):
        return 0 if i == k else max(counts[i][j] + most(i + 1, free - {j}) for j in free)

    return most(0, frozenset(range(k))) / len(labels)
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
    ],
    "traversal": [
        """
def traversal(layout, z, category, code, values):
    r, v = len(z), len(values)
    c_cont = torch.zeros(r, v, layout.continuous)
    c_cont[..., code] = values
    c_cat = torch.zeros(r * v, len(layout.categorical)).long()
    c_cat[:, 0] = category
    return Codes(z[:, None].expand(-1, v, -1).reshape(r * v, -1), c_cat, c_cont.reshape(r * v, -1))
""",
        """
def traversal(layout, z, category, code, values):
    zs, cats, conts = [], [], []
    for row in z:
        for value in values.tolist():
            zs.append(row)
            cats.append([category] + [0] * (len(layout.categorical) - 1))
            conts.append([value if i == code else 0.0 for i in range(layout.continuous)])
    return Codes(torch.stack(zs), torch.tensor(cats), torch.tensor(conts))
""",
        """
def traversal(layout, z, category, code, values):
    codes = layout.sample(len(z) * len(values), torch.Generator().manual_seed(0))
    codes.c_cat.zero_()[:, 0] = category
    codes.c_cont.zero_()[:, code] = torch.cat([values] * len(z))
    codes.z.copy_(torch.kron(z, torch.ones(len(values), 1)))
    return codes
""",
    ],
}

NAMES = (
    "def name_categories(D, images):\n    was = D.training\n    D.eval()\n    with torch.no_grad():\n"
    "        v, q = D(images.unsqueeze(1).float() / 255)\n    D.train(was)\n"
)
MATCH = (
    "def best_match(categories, labels, k):\n    from scipy.optimize import linear_sum_assignment\n"
    "    n = len(labels)\n    t = torch.bincount(categories * k + labels, minlength=k * k).view(k, k).numpy()\n"
)
INFO = (
    "def answer_information(p):\n    def H(q):\n        return -torch.xlogy(q, q).sum(-1)\n"
    "    m = p.mean(0)\n    return "
)
SWEEP = (
    "def traversal(layout, z, category, code, values):\n    n = len(z) * len(values)\n"
    "    c_cat = torch.zeros(n, len(layout.categorical), dtype=torch.int64)\n    c_cat[:, 0] = category\n"
    "    c_cont = torch.zeros(n, layout.continuous)\n    c_cont[:, code] = values.repeat(len(z))\n"
    "    z = z.repeat_interleave(len(values), 0)\n    return Codes(z, c_cat, c_cont)"
)
VALUE, MODE = {"names-value"}, {"names-mode"}
MATCHED, MERGED = {"match-value"}, {"match-merged"}
BETWEEN, EXTREME = {"information-value"}, {"information-extreme"}
SWEPT, HELD = {"traversal-swept"}, {"traversal-held"}

WRONG = {
    "name-categories": {
        "no eval(), so batch statistics leak": (
            "def name_categories(D, images):\n    with torch.no_grad():\n"
            "        return D(images.unsqueeze(1).float() / 255)[1].logits[0].argmax(1)",
            MODE,
        ),
        "left in eval mode": (NAMES.replace("    D.train(was)\n", "") + "    return q.logits[0].argmax(1)", MODE),
        "always put into training mode": (
            NAMES.replace("train(was)", "train()") + "    return q.logits[0].argmax(1)",
            MODE,
        ),
        "in training mode on purpose": (
            NAMES.replace("D.eval()", "D.train()") + "    return q.logits[0].argmax(1)",
            VALUE | MODE,
        ),
        "bytes not brought into [0, 1]": (NAMES.replace(" / 255", "") + "    return q.logits[0].argmax(1)", VALUE),
        "the least likely category": (NAMES + "    return q.logits[0].argmin(1)", VALUE),
        "the largest over the batch": (NAMES + "    return q.logits[0].argmax(0)", VALUE | MODE),
        "the D head": (NAMES + "    return (v > 0).long()", VALUE),
        "numbers instead of categories": (NAMES + "    return q.logits[0].softmax(1)", VALUE | MODE),
    },
    "best-match": {
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
        "noise runs fastest": (SWEEP.replace("z.repeat_interleave(len(values), 0)", "z.repeat(len(values), 1)"), SWEPT),
        "values run slowest": (SWEEP.replace("values.repeat(len(z))", "values.repeat_interleave(len(z))"), SWEPT),
        "noise drawn anew for each picture": (
            SWEEP.replace("z.repeat_interleave(len(values), 0)", "torch.randn(n, z.shape[1])"),
            SWEPT,
        ),
        "the other codes drawn": (SWEEP.replace("torch.zeros(n, layout.c", "torch.rand(n, layout.c"), HELD),
        "all continuous codes swept": (
            SWEEP.replace("c_cont[:, code] = values.repeat(len(z))", "c_cont[:] = values.repeat(len(z)).unsqueeze(1)"),
            HELD,
        ),
        "always the first code": (SWEEP.replace("[:, code]", "[:, 0]"), SWEPT | HELD),
        "float categories": (SWEEP.replace(", dtype=torch.int64", ""), HELD),
        "category left at 0": (SWEEP.replace("    c_cat[:, 0] = category\n", ""), HELD),
        "the category in every categorical code": (SWEEP.replace("c_cat[:, 0]", "c_cat[:]"), HELD),
        "one row of noise": (SWEEP.replace("z = z.rep", "z = z[:1].expand(len(z), -1).rep"), SWEPT),
        "clipped to [−1, 1]": (SWEEP.replace("values.repeat", "values.clamp(-1, 1).repeat"), SWEPT),
    },
}
