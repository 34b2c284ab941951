"""Assignment 2: right answers in different styles, and wrong ones with the check cells they fail.

`RIGHT`: answer cell -> sources. `WRONG`: answer cell -> {what is wrong: (source, check cells lost)}.
"""

RIGHT = {
    "entropy": [
        """
def entropy(p):
    if p.dim() > 1:
        return torch.stack([entropy(row) for row in p])
    return -sum((x * x.log() for x in p if x > 0), torch.zeros(()))
""",
        """
import numpy as np

def entropy(p):
    p = np.asarray(p, dtype=float)
    return -np.sum(p * np.log(np.where(p > 0, p, 1)), axis=-1)
""",
        "def entropy(p):\n    return torch.special.entr(p).sum(dim=-1)",
        """
def entropy(p):
    safe = torch.where(p > 0, p, torch.ones_like(p))
    return -(p * safe.log()).sum(-1)
""",
        "def entropy(p):\n    return torch.distributions.Categorical(probs=p).entropy()",
    ],
    "sample-codes": [
        """
def sample_codes(n, K, n_cont, generator):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(torch.randint(2**62, (1,), generator=generator)))
        c_cat = torch.distributions.OneHotCategorical(torch.ones(K) / K).sample((n,))
        return c_cat, torch.distributions.Uniform(-1, 1).sample((n, n_cont))
""",
        """
import numpy as np

def sample_codes(n, K, n_cont, generator):
    draw = np.random.default_rng(int(torch.randint(2**62, (1,), generator=generator)))
    c_cat = torch.from_numpy(np.eye(K, dtype=np.float32)[draw.integers(K, size=n)])
    return c_cat, torch.from_numpy(draw.uniform(-1, 1, (n, n_cont)).astype(np.float32))
""",
        """
import random

def sample_codes(n, K, n_cont, generator):
    draw = random.Random(int(torch.randint(10**6, (1,), generator=generator)))
    c_cat = torch.eye(K)[[draw.randrange(K) for _ in range(n)]]
    return c_cat, torch.tensor([[draw.uniform(-1, 1) for _ in range(n_cont)] for _ in range(n)])
""",
        """
def sample_codes(n, K, n_cont, generator):
    index = torch.multinomial(torch.ones(K), n, replacement=True, generator=generator)
    c_cat = torch.nn.functional.one_hot(index, K).float()
    return c_cat, torch.empty(n, n_cont).uniform_(-1, 1, generator=generator)
""",
        """
def sample_codes(n, K, n_cont, generator):
    c_cont = torch.rand(n, n_cont, generator=generator).mul(2).sub(1)
    c_cat = torch.zeros(n, K)
    c_cat.scatter_(1, torch.randint(0, K, (n, 1), generator=generator), 1.0)
    return [c_cat, c_cont]
""",
        """
def sample_codes(n, K, n_cont, generator):
    c_cat = torch.zeros(n, K)
    for i in range(n):
        c_cat[i, int(torch.randint(K, (), generator=generator))] = 1
    c_cont = torch.stack([torch.rand(n, generator=generator) * 2 - 1 for _ in range(n_cont)], dim=1)
    return c_cat, c_cont
""",
    ],
    "categorical-bound": [
        """
def categorical_bound(logits, c_cat):
    q = torch.distributions.OneHotCategorical(logits=logits.double())
    return torch.einsum("n->", q.log_prob(c_cat)) / c_cat.size(0) + math.log(c_cat.size(1))
""",
        """
def categorical_bound(logits, c_cat):
    loss = torch.nn.functional.cross_entropy(logits, c_cat.argmax(1))
    return math.log(logits.shape[1]) - loss
""",
        """
def categorical_bound(logits, c_cat):
    K = logits.shape[-1]
    log_q = logits - torch.logsumexp(logits, dim=-1, keepdim=True)
    return log_q[c_cat.bool()].mean() + entropy(torch.full((K,), 1 / K))
""",
        """
def categorical_bound(logits, c_cat):
    n, K = logits.shape
    q = torch.distributions.Categorical(logits=logits)
    total = q.log_prob(torch.nonzero(c_cat)[:, 1]).sum()
    return total / n + torch.log(torch.tensor(float(K)))
""",
    ],
    "gaussian-bound": [
        """
def gaussian_bound(mu, log_var, c):
    log_q = -0.5 * (math.log(2 * math.pi) + log_var) - (c - mu) ** 2 / (2 * log_var.exp())
    return (log_q + math.log(2)).sum(-1).mean()
""",
        """
def gaussian_bound(mu, log_var, c):
    normal, uniform = torch.distributions.Normal, torch.distributions.Uniform(-1, 1)
    q = torch.distributions.Independent(normal(mu.double(), (log_var.double() / 2).exp()), 1)
    return q.log_prob(c).mean() + uniform.entropy() * c.size(-1)
""",
        """
def gaussian_bound(mu, log_var, c):
    q = torch.distributions.Normal(mu, torch.exp(0.5 * log_var))
    return q.log_prob(c).sum(dim=1).mean() + math.log(2) * mu.shape[1]
""",
        """
def gaussian_bound(mu, log_var, c):
    n, d = c.shape
    nll = torch.nn.functional.gaussian_nll_loss(mu, c, log_var.exp(), full=True, reduction="sum", eps=0)
    return d * math.log(2) - nll / n
""",
        """
def gaussian_bound(mu, log_var, c):
    total = 0
    for j in range(c.shape[1]):
        z = (c[:, j] - mu[:, j]) * torch.exp(-log_var[:, j] / 2)
        total = total + math.log(2 / math.sqrt(2 * math.pi)) + torch.mean(-log_var[:, j] / 2 - z**2 / 2)
    return total
""",
    ],
    "information": [
        """
def information(prior, likelihood):
    joint = prior[:, None] * likelihood
    log = torch.log(joint.clamp(min=1e-20)) - torch.log(joint.sum(0) + 1e-12) - torch.log(prior + 1e-12)[:, None]
    return (joint * log).sum().clamp(min=0)
""",
        """
import numpy as np

def information(prior, likelihood):
    p, l = prior.double().numpy(), likelihood.double().numpy()
    joint = p[:, None] * l
    return np.sum(joint * np.log(joint / np.outer(p, joint.sum(0))))
""",
        """
def information(prior, likelihood):
    joint = prior.unsqueeze(1) * likelihood
    product = prior.unsqueeze(1) * joint.sum(0, keepdim=True)
    return (joint * (joint / product).log()).sum()
""",
        """
def information(prior, likelihood):
    evidence = prior @ likelihood
    return entropy(evidence) - prior @ entropy(likelihood)
""",
        """
def information(prior, likelihood):
    total = torch.tensor(0.0)
    for k in range(len(prior)):
        for m in range(likelihood.shape[1]):
            joint = prior[k] * likelihood[k, m]
            total += joint * torch.log(likelihood[k, m] / torch.dot(prior, likelihood[:, m]))
    return total
""",
    ],
    "bound-and-gap": [
        """
def bound_and_gap(prior, likelihood, q):
    joint = prior[:, None] * likelihood
    gap = (joint * ((joint / joint.sum(0) + 1e-12) / (q.T + 1e-12)).log()).sum(0).clamp(min=0)
    return information(prior, likelihood) - gap.sum(), gap
""",
        """
def bound_and_gap(prior, likelihood, q):
    evidence, says = prior @ likelihood, torch.distributions.Categorical
    posterior = (prior[:, None] * likelihood / evidence).T
    gap = evidence * torch.distributions.kl_divergence(says(posterior), says(q))
    return torch.einsum("k,km,mk->", prior, likelihood, q.log()) + entropy(prior), gap.double()
""",
        """
def bound_and_gap(prior, likelihood, q):
    joint = (prior.unsqueeze(1) * likelihood).T
    evidence = joint.sum(1)
    posterior = joint / evidence.unsqueeze(1)
    kl = (posterior * (posterior / q).log()).sum(1)
    return (joint * q.log()).sum() + entropy(prior), evidence * kl
""",
        """
def bound_and_gap(prior, likelihood, q):
    joint = torch.einsum("k,km->mk", prior, likelihood)
    bound = torch.einsum("mk,mk->", joint, torch.log(q)) - torch.xlogy(prior, prior).sum()
    posterior = joint / joint.sum(1, keepdim=True)
    gap = torch.nn.functional.kl_div(q.log(), posterior, reduction="none").sum(1) * joint.sum(1)
    return bound, gap
""",
        """
def bound_and_gap(prior, likelihood, q):
    bound, gap = float(entropy(prior)), [0.0] * likelihood.shape[1]
    for m in range(likelihood.shape[1]):
        evidence = (prior * likelihood[:, m]).sum()
        for k in range(len(prior)):
            posterior = prior[k] * likelihood[k, m] / evidence
            bound += float(evidence * posterior * q[m, k].log())
            gap[m] += float(evidence * posterior * (posterior.log() - q[m, k].log()))
    return bound, torch.tensor(gap).numpy()
""",
    ],
}

CODES = "    c_cat = torch.eye(K)[torch.randint(K, (n,), generator=generator)]\n"
CONT = "    c_cont = 2 * torch.rand(n, n_cont, generator=generator) - 1\n"
DRAW = "def sample_codes(n, K, n_cont, generator):\n"
GAUSS = (
    "def gaussian_bound(mu, log_var, c):\n    half = 0.5 * math.log(2 * math.pi)\n    H = c.shape[1] * math.log(2)\n"
)
CAT = "def categorical_bound(logits, c_cat):\n    K = logits.shape[1]\n"
TABLE = (
    "def bound_and_gap(prior, likelihood, q):\n    joint = prior[:, None] * likelihood\n"
    "    posterior = joint / joint.sum(0)\n    log_q = q.T.log()\n    bound = (joint * log_q).sum() + entropy(prior)\n"
)
BOTH, ALL = {"categorical-value", "categorical-extreme"}, {"codes-categorical", "codes-generator"}
SEED = "    seed = int(torch.randint(2**31, (1,), generator=generator))\n"
BACK = "    state = generator.get_state()\n"
AGAIN = "    generator.set_state(state)\n"
JOINT = "def information(prior, likelihood):\n    joint = prior[:, None] * likelihood\n"

WRONG = {
    "entropy": {
        "nothing left to learn from 0.99 on": (
            "def entropy(p):\n    h = torch.special.entr(p).sum(-1)\n    return torch.where(p.amax(-1) > 0.99, 0.0, h)",
            {"entropy-value"},
        ),
        "entropies below 0.1 taken for none": (
            "def entropy(p):\n    h = torch.special.entr(p).sum(-1)\n    return torch.where(h < 0.1, 0.0, h)",
            {"entropy-value"},
        ),
        "two outcomes in bits": (
            "def entropy(p):\n    h = torch.special.entr(p).sum(-1)\n"
            "    return h / math.log(2) if p.shape[-1] == 2 else h",
            {"entropy-value"},
        ),
        "a square table along its first axis": (
            "def entropy(p):\n    square = p.dim() == 2 and len(p) == p.shape[1]\n"
            "    return torch.special.entr(p).sum(0 if square else -1)",
            {"entropy-value"},
        ),
        "rows by view": (
            "def entropy(p):\n    return torch.special.entr(p.view(-1, p.shape[-1])).sum(1).view(p.shape[:-1])",
            {"entropy-value"},
        ),
        "10⁻⁸ in the logarithm, where there are 10,000 outcomes": (
            "def entropy(p):\n    return -(p * (p + 1e-8).log()).sum(-1)",
            {"entropy-value"},
        ),
        "10⁻¹⁰ for each probability 0, where there are 10,000": (
            "def entropy(p):\n    p = p.clamp(min=1e-10)\n    return -(p * p.log()).sum(-1)",
            {"entropy-zero"},
        ),
        "1e-6 inside the logarithm": (
            ("def entropy(p):\n    return -(p*(p+1e-6).log()).sum(-1)"),
            {"entropy-value"},
        ),
        "logarithms from 1e-3 on": (
            ("def entropy(p):\n    return -(p*p.clamp_min(1e-3).log()).sum(-1)"),
            {"entropy-value"},
        ),
        "probabilities below 1e-3 taken for none": (
            ("def entropy(p):\n    return -(torch.where(p>1e-3,p*p.log(),0.)).sum(-1)"),
            {"entropy-value"},
        ),
        "zeros dropped, as many in each row": (
            ("def entropy(p):\n    q=p[p>0].reshape(*p.shape[:-1],-1)\n    return -(q*q.log()).sum(-1)"),
            {"entropy-zero"},
        ),
        "outcomes that the first row never has, dropped": (
            (
                "def entropy(p):\n"
                "    q=p.reshape(-1,p.shape[-1])\n"
                "    q=q[:,q[0]>0]\n"
                "    return -(q*q.log()).sum(-1).reshape(p.shape[:-1])"
            ),
            {"entropy-zero"},
        ),
        "a seed set for everybody": (
            ("def entropy(p):\n    torch.manual_seed(0)\n    return torch.special.entr(p).sum(-1)"),
            {"entropy-value", "entropy-zero"},
        ),
        "1e-5 inside the logarithm": (
            ("def entropy(p):\n    return -(p * (p + 1e-5).log()).sum(-1)"),
            {"entropy-value", "entropy-zero"},
        ),
        "squeezed": (
            ("def entropy(p):\n    return torch.special.entr(p).sum(-1).squeeze()"),
            {"entropy-value"},
        ),
        "along dimension 1": (
            ("def entropy(p):\n    return torch.special.entr(p).sum(1)"),
            {"entropy-value"},
        ),
        "zeros dropped by an index that flattens": (
            ("def entropy(p):\n    q=p[p>0]\n    return -(q*q.log()).sum()"),
            {"entropy-value", "entropy-zero"},
        ),
        "a loop over the first axis": (
            ("def entropy(p):\n    return torch.stack([torch.special.entr(r).sum() for r in p])"),
            {"entropy-value"},
        ),
        "probabilities changed in place": (
            "def entropy(p):\n    return -(p.clamp_(min=1e-9) * p.log()).sum(-1)",
            {"entropy-zero"},
        ),
        "along the first dimension": (
            "def entropy(p):\n    return torch.special.entr(p).sum(0)",
            {"entropy-value", "entropy-zero"},
        ),
        "its exponential": (
            "def entropy(p):\n    return torch.special.entr(p).sum(-1).exp()",
            {"entropy-value", "entropy-zero"},
        ),
        "of the softmax": (
            "def entropy(p):\n    return torch.distributions.Categorical(logits=p).entropy()",
            {"entropy-value", "entropy-zero"},
        ),
        "Gini's index": (
            "def entropy(p):\n    return 1 - (p**2).sum(-1)",
            {"entropy-value", "entropy-zero"},
        ),
        "outcomes above ½ left out": (
            "def entropy(p):\n    return torch.special.entr(torch.where(p < 0.3, p, 0)).sum(-1)",
            {"entropy-value", "entropy-zero"},
        ),
        "base-2 logarithm": (
            "def entropy(p):\n    return torch.special.entr(p).sum(-1) / math.log(2)",
            {"entropy-value", "entropy-zero"},
        ),
        "the minus sign forgotten": (
            "def entropy(p):\n    return torch.special.xlogy(p, p).sum(-1)",
            {"entropy-value", "entropy-zero"},
        ),
        "0 log 0 left to chance": ("def entropy(p):\n    return -(p * p.log()).sum(-1)", {"entropy-zero"}),
        "mean over the outcomes": (
            "def entropy(p):\n    return torch.special.entr(p).mean(-1)",
            {"entropy-value", "entropy-zero"},
        ),
        "one number for all rows": (
            "def entropy(p):\n    return torch.special.entr(p).sum()",
            {"entropy-value", "entropy-zero"},
        ),
        "ln K, whatever p": (
            "def entropy(p):\n    return torch.full(p.shape[:-1], math.log(p.shape[-1]))",
            {"entropy-value", "entropy-zero"},
        ),
    },
    "sample-codes": {
        "one continuous code alone is never negative": (
            DRAW + CODES + CONT + "    c_cont = c_cont.abs() if n_cont == 1 else c_cont\n    return c_cat, c_cont",
            {"codes-continuous"},
        ),
        "one continuous code alone is small": (
            DRAW + CODES + CONT + "    c_cont = 0.1 * c_cont if n_cont == 1 else c_cont\n    return c_cat, c_cont",
            {"codes-continuous"},
        ),
        "one continuous code alone from the global stream": (
            DRAW
            + CODES
            + CONT
            + "    c_cont = 2 * torch.rand(n, 1) - 1 if n_cont == 1 else c_cont\n    return c_cat, c_cont",
            {"codes-generator"},
        ),
        "of two values always the first": (
            DRAW + CONT + "    i = torch.randint(K, (n,), generator=generator)\n"
            "    i = 0 * i if K == 2 else i\n    return torch.eye(K)[i], c_cont",
            {"codes-categorical"},
        ),
        "two values in turn": (
            DRAW + CONT + "    i = torch.randint(K, (n,), generator=generator)\n"
            "    i = (torch.arange(n) + i[0]) % 2 if K == 2 else i\n    return torch.eye(K)[i], c_cont",
            {"codes-categorical"},
        ),
        "two values, by the sign of a continuous code": (
            DRAW + CONT + "    i = torch.randint(K, (n,), generator=generator)\n"
            "    i = (c_cont[:, 0] > 0).long() if K == 2 else i\n    return torch.eye(K)[i], c_cont",
            {"codes-continuous"},
        ),
        "ten values dealt out evenly": (
            DRAW + CONT + "    i = torch.randint(K, (n,), generator=generator)\n"
            "    i = (torch.arange(n) % K)[torch.randperm(n, generator=generator)] if K == 10 else i\n"
            "    return torch.eye(K)[i], c_cont",
            {"codes-categorical"},
        ),
        "a code with the sign of another one in the row before": (
            DRAW
            + CODES
            + CONT
            + "    if n_cont > 1:\n        c_cont[1:, 1] = c_cont[1:, 1].abs() * c_cont[:-1, 0].sign()\n"
            "    return c_cat, c_cont",
            {"codes-continuous"},
        ),
        "of two rows the second mirrors the first": (
            DRAW + CODES + CONT + "    if n == 2:\n        c_cont[1] = -c_cont[0]\n    return c_cat, c_cont",
            {"codes-continuous"},
        ),
        "one of a hundred numbers, and its remainder": (
            """
def sample_codes(n, K, n_cont, generator):
    c_cat = torch.eye(K)[torch.randint(100, (n,), generator=generator) % K]
    return c_cat, 2 * torch.rand(n, n_cont, generator=generator) - 1
""",
            {"codes-categorical"},
        ),
        "the global stream seeded, then seeded as it was before": (
            DRAW + SEED + "    old = torch.initial_seed()\n    torch.manual_seed(seed)\n"
            "    c_cat, c_cont = torch.eye(K)[torch.randint(K, (n,))], 2 * torch.rand(n, n_cont) - 1\n"
            "    torch.manual_seed(old)\n    return c_cat, c_cont",
            {"codes-generator"},
        ),
        "two of NumPy's generators with one seed": (
            "import numpy as np\n" + DRAW + SEED + "    a, b = (np.random.default_rng(seed) for _ in range(2))\n"
            "    c_cat = torch.eye(K)[torch.from_numpy(a.integers(K, size=n))]\n"
            "    return c_cat, torch.tensor(b.uniform(-1, 1, (n, n_cont)), dtype=torch.float32)",
            {"codes-continuous"},
        ),
        "Python's generator seeded twice with one seed": (
            "import random\n" + DRAW + SEED + "    draw = random.Random(seed)\n"
            "    c_cat = torch.eye(K)[[draw.randrange(K) for _ in range(n)]]\n    draw = random.Random(seed)\n"
            "    return c_cat, torch.tensor([[draw.uniform(-1, 1) for _ in range(n_cont)] for _ in range(n)])",
            {"codes-continuous"},
        ),
        "the generator set back after multinomial": (
            DRAW
            + BACK
            + "    index = torch.multinomial(torch.ones(K), n, True, generator=generator)\n"
            + AGAIN
            + CONT
            + "    return torch.eye(K)[index], c_cont",
            {"codes-continuous"},
        ),
        "the generator set back after the largest of K": (
            DRAW
            + BACK
            + "    index = torch.rand(n, K, generator=generator).argmax(1)\n"
            + AGAIN
            + CONT
            + "    return torch.eye(K)[index], c_cont",
            {"codes-continuous"},
        ),
        "a generator of NumPy's kept for each of PyTorch's": (
            "import numpy as np\n_kept = {}\n"
            + DRAW
            + "    if generator not in _kept:\n    "
            + SEED
            + "        _kept[generator] = np.random.default_rng(seed)\n    draw = _kept[generator]\n"
            "    c_cat = torch.eye(K)[torch.from_numpy(draw.integers(K, size=n))]\n"
            "    return c_cat, torch.tensor(draw.uniform(-1, 1, (n, n_cont)), dtype=torch.float32)",
            {"codes-generator"},
        ),
        "probabilities rounded to two digits": (
            DRAW + "    p = torch.full((K,), round(1 / K, 2))\n    p[-1] = 1 - p[:-1].sum()\n"
            "    c_cat = torch.eye(K)[torch.multinomial(p, n, True, generator=generator)]\n"
            + CONT
            + "    return c_cat, c_cont",
            {"codes-categorical"},
        ),
        "at most three continuous codes": (
            (
                "def sample_codes(n, K, n_cont, generator):\n"
                "    c=torch.eye(K)[torch.randint(K,(n,),generator=generator)]\n"
                "    u=torch.stack([2*torch.rand(n,generator=generator)-1 for _ in range(3)],1)[:,:n_cont]\n"
                "    return c,u\n"
            ),
            {"codes-generator"},
        ),
        "gradients switched off for everybody": (
            (
                "def sample_codes(n, K, n_cont, generator):\n"
                "    torch.set_grad_enabled(False)\n"
                "    c=torch.eye(K)[torch.randint(K,(n,),generator=generator)]\n"
                "    u=2*torch.rand(n,n_cont,generator=generator)-1\n"
                "    return c,u\n"
            ),
            {"codes-generator"},
        ),
        "NumPy, seeded by one of 1000 numbers": (
            (
                "import numpy as np\n"
                "def sample_codes(n, K, n_cont, generator):\n"
                "    r=np.random.default_rng(int(torch.randint(1000,(1,),generator=generator)))\n"
                "    c=torch.eye(K)[torch.tensor(r.integers(K,size=n))]\n"
                "    return c,torch.tensor(r.uniform(-1,1,(n,n_cont)),dtype=torch.float32)"
            ),
            {"codes-continuous", "codes-generator"},
        ),
        "NumPy, seeded by one of 10000 numbers": (
            (
                "import numpy as np\n"
                "def sample_codes(n, K, n_cont, generator):\n"
                "    r=np.random.default_rng(int(torch.randint(10000,(1,),generator=generator)))\n"
                "    c=torch.eye(K)[torch.tensor(r.integers(K,size=n))]\n"
                "    return c,torch.tensor(r.uniform(-1,1,(n,n_cont)),dtype=torch.float32)"
            ),
            {"codes-continuous"},
        ),
        "on [−0.99, 0.99]": (
            (
                "def sample_codes(n, K, n_cont, generator):\n"
                "    c=torch.eye(K)[torch.randint(K,(n,),generator=generator)]\n"
                "    u=2*torch.rand(n,n_cont,generator=generator)-1\n"
                "    return c,.99*u"
            ),
            {"codes-continuous"},
        ),
        "as many negative as positive": (
            (
                "def sample_codes(n, K, n_cont, generator):\n"
                "    c=torch.eye(K)[torch.randint(K,(n,),generator=generator)]\n"
                "    u=torch.rand(n,n_cont,generator=generator)\n"
                "    for k in range(n_cont):\n"
                "        s=torch.ones(n)\n"
                "        s[torch.randperm(n,generator=generator)[:n//2]]=-1\n"
                "        u[:,k]*=s\n"
                "    return c,u\n"
            ),
            {"codes-continuous"},
        ),
        "stretched to fill [−1, 1] in each batch": (
            (
                "def sample_codes(n, K, n_cont, generator):\n"
                "    c=torch.eye(K)[torch.randint(K,(n,),generator=generator)]\n"
                "    u=torch.rand(n,n_cont,generator=generator)\n"
                "    u=2*(u-u.min(0).values)/(u.max(0).values-u.min(0).values+1e-9)-1\n"
                "    return c,u\n"
            ),
            {"codes-continuous"},
        ),
        "the batch's mean taken off": (
            (
                "def sample_codes(n, K, n_cont, generator):\n"
                "    c=torch.eye(K)[torch.randint(K,(n,),generator=generator)]\n"
                "    u=2*torch.rand(n,n_cont,generator=generator)-1\n"
                "    return c,(u-u.mean(0)).clamp(-1,1)"
            ),
            {"codes-continuous"},
        ),
        "divided by the batch's largest": (
            (
                "def sample_codes(n, K, n_cont, generator):\n"
                "    c=torch.eye(K)[torch.randint(K,(n,),generator=generator)]\n"
                "    u=2*torch.rand(n,n_cont,generator=generator)-1\n"
                "    return c,u/u.abs().max()"
            ),
            {"codes-continuous"},
        ),
        "the generator set back between the two": (
            (
                "def sample_codes(n, K, n_cont, generator):\n"
                "    s=generator.get_state()\n"
                "    c=torch.eye(K)[torch.randint(K,(n,),generator=generator)]\n"
                "    generator.set_state(s)\n"
                "    u=2*torch.rand(n,n_cont,generator=generator)-1\n"
                "    return c,u\n"
            ),
            {"codes-continuous"},
        ),
        "two generators with one seed": (
            (
                "def sample_codes(n, K, n_cont, generator):\n"
                "    s=int(torch.randint(2**31,(1,),generator=generator))\n"
                "    a,b=torch.Generator().manual_seed(s),torch.Generator().manual_seed(s)\n"
                "    c=torch.eye(K)[torch.randint(K,(n,),generator=a)]\n"
                "    u=2*torch.rand(n,n_cont,generator=b)-1\n"
                "    return c,u\n"
            ),
            {"codes-continuous"},
        ),
        "two generators with one seed, by rand": (
            (
                "def sample_codes(n, K, n_cont, generator):\n"
                "    s=int(torch.randint(2**31,(1,),generator=generator))\n"
                "    a,b=torch.Generator().manual_seed(s),torch.Generator().manual_seed(s)\n"
                "    c=torch.eye(K)[(torch.rand(n,generator=a)*K).long()]\n"
                "    u=2*torch.rand(n,n_cont,generator=b)-1\n"
                "    return c,u\n"
            ),
            {"codes-continuous"},
        ),
        "the last quarter's categories from the first": (
            (
                "def sample_codes(n, K, n_cont, generator):\n"
                "    i=torch.randint(K,(n,),generator=generator)\n"
                "    m=n//4\n"
                "    i[n-m:]=i[:m]\n"
                "    c=torch.eye(K)[i]\n"
                "    u=2*torch.rand(n,n_cont,generator=generator)-1\n"
                "    return c,u\n"
            ),
            {"codes-categorical"},
        ),
        "the second half moved by 1": (
            (
                "def sample_codes(n, K, n_cont, generator):\n"
                "    c=torch.eye(K)[torch.randint(K,(n,),generator=generator)]\n"
                "    u=torch.rand((n+1)//2,n_cont,generator=generator)\n"
                "    u=torch.cat([u,(u+.5)%1])[:n]\n"
                "    return c,2*u-1"
            ),
            {"codes-continuous"},
        ),
        "a first row that is always the same": (
            (
                "def sample_codes(n, K, n_cont, generator):\n"
                "    c=torch.eye(K)[torch.randint(K,(n,),generator=generator)]\n"
                "    u=2*torch.rand(n,n_cont,generator=generator)-1\n"
                "    c[0]=torch.eye(K)[0]\n"
                "    u[0]=0\n"
                "    return c,u\n"
            ),
            {"codes-categorical", "codes-continuous"},
        ),
        "each category at least once": (
            (
                "def sample_codes(n, K, n_cont, generator):\n"
                "    i=torch.randint(K,(n,),generator=generator)\n"
                "    if n>=K: i[:K]=torch.randperm(K,generator=generator)\n"
                "    c=torch.eye(K)[i]\n"
                "    u=2*torch.rand(n,n_cont,generator=generator)-1\n"
                "    return c,u\n"
            ),
            {"codes-categorical"},
        ),
        "each category at least once, shuffled": (
            (
                "def sample_codes(n, K, n_cont, generator):\n"
                "    i=torch.randint(K,(n,),generator=generator)\n"
                "    if n>=K: i[:K]=torch.arange(K)\n"
                "    i=i[torch.randperm(n,generator=generator)]\n"
                "    c=torch.eye(K)[i]\n"
                "    u=2*torch.rand(n,n_cont,generator=generator)-1\n"
                "    return c,u\n"
            ),
            {"codes-categorical"},
        ),
        "the second half minus the first": (
            (
                "def sample_codes(n, K, n_cont, generator):\n"
                "    c = torch.eye(K)[torch.randint(K, (n,), generator=generator)]\n"
                "    u = 2 * torch.rand((n + 1) // 2, n_cont, generator=generator) - 1\n"
                "    return c, torch.cat([u, -u])[:n]"
            ),
            {"codes-continuous"},
        ),
        "the generator seeded by its own seed": (
            (
                "def sample_codes(n, K, n_cont, generator):\n"
                "    generator.manual_seed(generator.initial_seed() + 1)\n"
                "    c = torch.eye(K)[torch.randint(K, (n,), generator=generator)]\n"
                "    u = 2 * torch.rand(n, n_cont, generator=generator) - 1\n"
                "    return c, u"
            ),
            {"codes-generator"},
        ),
        "on [−0.95, 0.95]": (
            (
                "def sample_codes(n, K, n_cont, generator):\n"
                "    c = torch.eye(K)[torch.randint(K, (n,), generator=generator)]\n"
                "    u = 2 * torch.rand(n, n_cont, generator=generator) - 1\n"
                "    return c, .95 * u"
            ),
            {"codes-continuous"},
        ),
        "the last category twice as likely": (
            (
                "def sample_codes(n, K, n_cont, generator):\n"
                "    c = torch.eye(K)[torch.randint(K + 1, (n,), generator=generator).clamp(max=K - 1)]\n"
                "    u = 2 * torch.rand(n, n_cont, generator=generator) - 1\n"
                "    return c, u"
            ),
            {"codes-categorical"},
        ),
        "a rounded index": (
            (
                "def sample_codes(n, K, n_cont, generator):\n"
                "    c = torch.eye(K)[(torch.rand(n, generator=generator) * (K - 1)).round().long()]\n"
                "    u = 2 * torch.rand(n, n_cont, generator=generator) - 1\n"
                "    return c, u"
            ),
            {"codes-categorical"},
        ),
        "half the batch's categories repeated": (
            (
                "def sample_codes(n, K, n_cont, generator):\n"
                "    i = torch.randint(K, ((n + 1) // 2,), generator=generator).repeat(2)[:n]\n"
                "    c = torch.eye(K)[i]\n"
                "    u = 2 * torch.rand(n, n_cont, generator=generator) - 1\n"
                "    return c, u"
            ),
            {"codes-categorical"},
        ),
        "squeezed": (
            (
                DRAW + "    c_cat = torch.eye(K)[torch.randint(K, (n,), generator=generator)]\n"
                "    return c_cat, (2*torch.rand(n,n_cont,generator=generator)-1).squeeze()"
            ),
            {"codes-continuous", "codes-generator"},
        ),
        "tanh of a normal": (
            (
                DRAW + "    c_cat = torch.eye(K)[torch.randint(K, (n,), generator=generator)]\n"
                "    return c_cat, torch.tanh(torch.randn(n,n_cont,generator=generator))"
            ),
            {"codes-continuous"},
        ),
        "a generator seeded by n": (
            (
                DRAW + "    g=torch.Generator().manual_seed(n)\n"
                "    return torch.eye(K)[torch.randint(K,(n,),generator=g)], 2*torch.rand(n,n_cont,generator=g)-1"
            ),
            {"codes-categorical", "codes-continuous", "codes-generator"},
        ),
        "the generator seeded by the clock": (
            (
                DRAW + "    generator.seed()\n"
                "    c_cat = torch.eye(K)[torch.randint(K, (n,), generator=generator)]\n"
                "    return c_cat, 2*torch.rand(n,n_cont,generator=generator)-1"
            ),
            {"codes-generator"},
        ),
        "the third code made of the others": (
            (
                DRAW + "    c_cat = torch.eye(K)[torch.randint(K, (n,), generator=generator)]\n"
                "    u=torch.rand(n,n_cont,generator=generator)\n"
                "    if n_cont>2: u[:,2]=(u[:,0]+u[:,1])%1\n"
                "    return c_cat, 2*u-1"
            ),
            {"codes-continuous"},
        ),
        "the category made of two codes": (
            (
                DRAW + "    u=2*torch.rand(n,n_cont,generator=generator)-1\n"
                "    idx=((u[:,0]+u[:,1]+2)*K/2).long()%K\n"
                "    return torch.eye(K)[idx], u"
            ),
            {"codes-continuous", "codes-generator"},
        ),
        "one draw from each of n strata": (
            (
                DRAW + "    c_cat = torch.eye(K)[torch.randint(K, (n,), generator=generator)]\n"
                "    s=torch.stack([torch.randperm(n,generator=generator) for _ in range(n_cont)],1)\n"
                "    return c_cat, 2*((s+torch.rand(n,n_cont,generator=generator))/n)-1"
            ),
            {"codes-continuous"},
        ),
        "codes tied to each other by one seed": (
            (
                DRAW + "    seed = int(torch.randint(2**31, (1,), generator=generator))\n"
                "    u = [torch.rand(n, generator=torch.Generator().manual_seed(seed)) for _ in range(n_cont + 1)]\n"
                "    return torch.eye(K)[(u[0] * K).long()], torch.stack(u[1:], 1) * 2 - 1"
            ),
            {"codes-continuous"},
        ),
        "the category read off a continuous code": (
            (
                DRAW + "    u = torch.rand(n, n_cont, generator=generator)\n"
                "    return torch.eye(K)[(u[:, 0] * K).long().clamp(max=K - 1)], 2 * u - 1"
            ),
            {"codes-continuous"},
        ),
        "a permuted linspace": (
            (
                DRAW + "    c_cat = torch.eye(K)[torch.randint(K, (n,), generator=generator)]\n"
                "    rows = [torch.linspace(-1, 1, n)[torch.randperm(n, generator=generator)] for _ in "
                "range(n_cont)]\n"
                "    return c_cat, torch.stack(rows, 1)"
            ),
            {"codes-continuous"},
        ),
        "one code, permuted for the others": (
            (
                DRAW + "    c_cat = torch.eye(K)[torch.randint(K, (n,), generator=generator)]\n"
                "    u = 2 * torch.rand(n, generator=generator) - 1\n"
                "    return c_cat, torch.stack([u[torch.randperm(n, generator=generator)] for _ in range(n_cont)], "
                "1)"
            ),
            {"codes-continuous"},
        ),
        "one code and its negative": (
            (
                DRAW + "    c_cat = torch.eye(K)[torch.randint(K, (n,), generator=generator)]\n"
                "    u = 2 * torch.rand(n, 1, generator=generator) - 1\n"
                "    return c_cat, u * torch.tensor([1.0, -1.0, 1.0])[:n_cont]"
            ),
            {"codes-continuous", "codes-generator"},
        ),
        "categories dealt out like cards": (
            (
                DRAW + "    c_cat = torch.eye(K)[(torch.arange(n) % K)[torch.randperm(n, generator=generator)]]\n"
                "    return c_cat, 2 * torch.rand(n, n_cont, generator=generator) - 1"
            ),
            {"codes-categorical"},
        ),
        "a grid of 21 values": (
            (
                DRAW + "    c_cat = torch.eye(K)[torch.randint(K, (n,), generator=generator)]\n"
                "    return c_cat, torch.randint(-10, 11, (n, n_cont), generator=generator) / 10"
            ),
            {"codes-continuous"},
        ),
        "on [−½, ½]": (
            (
                DRAW + "    c_cat = torch.eye(K)[torch.randint(K, (n,), generator=generator)]\n"
                "    return c_cat, torch.rand(n, n_cont, generator=generator) - 0.5"
            ),
            {"codes-continuous"},
        ),
        "a triangle, the sum of two": (
            (
                DRAW + "    c_cat = torch.eye(K)[torch.randint(K, (n,), generator=generator)]\n"
                "    return c_cat, torch.rand(n, n_cont, generator=generator) + torch.rand(n, n_cont, "
                "generator=generator) - 1"
            ),
            {"codes-continuous"},
        ),
        "sorted": (
            (
                DRAW + "    c_cat = torch.eye(K)[torch.randint(K, (n,), generator=generator)]\n"
                "    return c_cat, (2 * torch.rand(n, n_cont, generator=generator) - 1).sort(0).values"
            ),
            {"codes-continuous"},
        ),
        "the same row twice": (
            (
                DRAW + "    c_cat = torch.eye(K)[torch.randint(K, (n,), generator=generator)]\n"
                "    u = 2 * torch.rand((n + 1) // 2, n_cont, generator=generator) - 1\n"
                "    return c_cat, u.repeat_interleave(2, 0)[:n]"
            ),
            {"codes-continuous"},
        ),
        "shape (n_cont, n)": (
            (
                DRAW + "    c_cat = torch.eye(K)[torch.randint(K, (n,), generator=generator)]\n"
                "    return c_cat, 2 * torch.rand(n_cont, n, generator=generator) - 1"
            ),
            {"codes-continuous", "codes-generator"},
        ),
        "doubles": (
            (
                DRAW + "    c_cat = torch.eye(K)[torch.randint(K, (n,), generator=generator)]\n"
                "    return c_cat, 2 * torch.rand(n, n_cont, generator=generator, dtype=torch.float64) - 1"
            ),
            {"codes-continuous"},
        ),
        "an unequal category": (
            (
                DRAW + "    w = torch.ones(K)\n"
                "    w[0] = 2.5\n"
                "    c_cat = torch.eye(K)[torch.multinomial(w, n, True, generator=generator)]\n"
                "    return c_cat, 2 * torch.rand(n, n_cont, generator=generator) - 1"
            ),
            {"codes-categorical"},
        ),
        "Python's random for the category": (
            (
                "import random\n\ndef sample_codes(n, K, n_cont, generator):\n"
                "    c_cat = torch.eye(K)[[random.randrange(K) for _ in range(n)]]\n"
                "    return c_cat, 2 * torch.rand(n, n_cont, generator=generator) - 1"
            ),
            {"codes-generator"},
        ),
        "the generator copied, so never moved on": (
            (
                DRAW + "    g = torch.Generator()\n"
                "    g.set_state(generator.get_state())\n"
                "    return torch.eye(K)[torch.randint(K, (n,), generator=g)], 2 * torch.rand(n, n_cont, "
                "generator=g) - 1"
            ),
            {"codes-categorical", "codes-continuous", "codes-generator"},
        ),
        "the global stream seeded from the generator": (
            (
                DRAW + "    torch.manual_seed(int(torch.randint(2**31, (1,), generator=generator)))\n"
                "    return torch.eye(K)[torch.randint(K, (n,))], 2 * torch.rand(n, n_cont) - 1"
            ),
            {"codes-generator"},
        ),
        "one-hot drawn from N(0, 1)": (
            DRAW + "    c_cat = torch.randn(n, K, generator=generator)\n" + CONT + "    return c_cat, c_cont",
            {"codes-categorical"},
        ),
        "continuous codes on [0, 1]": (
            DRAW + CODES + "    return c_cat, torch.rand(n, n_cont, generator=generator)",
            {"codes-continuous"},
        ),
        "continuous codes from N(0, 1)": (
            DRAW + CODES + "    return c_cat, torch.randn(n, n_cont, generator=generator)",
            {"codes-continuous"},
        ),
        "the generator ignored": (
            DRAW + "    return torch.eye(K)[torch.randint(K, (n,))], 2 * torch.rand(n, n_cont) - 1",
            {"codes-generator"},
        ),
        "NumPy, unseeded": (
            "import numpy as np\n"
            + DRAW
            + CODES
            + "    return c_cat, torch.tensor(np.random.uniform(-1, 1, (n, n_cont)), dtype=torch.float32)",
            {"codes-generator"},
        ),
        "seeded anew in each call": (
            DRAW + "    generator = torch.Generator().manual_seed(0)\n" + CODES + CONT + "    return c_cat, c_cont",
            {"codes-categorical", "codes-continuous", "codes-generator"},
        ),
        "the index instead of one-hot": (
            DRAW
            + "    c_cat = torch.randint(K, (n, 1), generator=generator).float()\n"
            + CONT
            + "    return c_cat, c_cont",
            {"codes-categorical", "codes-generator"},
        ),
        "a float used as an index": (
            DRAW
            + "    c_cat = torch.eye(K)[torch.floor(K * torch.rand(n, generator=generator))]\n"
            + CONT
            + "    return c_cat, c_cont",
            {"codes-categorical", "codes-continuous", "codes-generator"},
        ),
        "NumPy arrays": (
            DRAW + CODES + CONT + "    return c_cat.numpy(), c_cont.numpy()",
            {"codes-categorical", "codes-continuous"},
        ),
        "integers instead of float32": (DRAW + CODES + CONT + "    return c_cat.long(), c_cont", {"codes-categorical"}),
        "0, 1, 2, ... in turn": (
            DRAW + "    c_cat = torch.eye(K)[torch.arange(n) % K]\n" + CONT + "    return c_cat, c_cont",
            ALL,
        ),
        "one category never drawn": (
            DRAW
            + "    c_cat = torch.eye(K)[torch.randint(K - 1, (n,), generator=generator)]\n"
            + CONT
            + "    return c_cat, c_cont",
            {"codes-categorical"},
        ),
        "one continuous code for all": (
            DRAW
            + CODES
            + "    c = 2 * torch.rand(n, 1, generator=generator) - 1\n    return c_cat, c.repeat(1, n_cont)",
            {"codes-continuous"},
        ),
        "one code for the whole batch": (
            DRAW
            + "    c_cat = torch.eye(K)[torch.randint(K, (1,), generator=generator)].repeat(n, 1)\n"
            + CONT
            + "    return c_cat, c_cont",
            {"codes-categorical", "codes-generator"},
        ),
    },
    "categorical-bound": {
        "less the largest logit alone where a probability is 0": (
            """
def categorical_bound(logits, c_cat):
    q = logits.softmax(1)
    log_q = torch.where(q > 1e-30, q.clamp(min=1e-30).log(), logits - logits.max(1, keepdim=True).values)
    return (c_cat * log_q).sum(1).mean() + math.log(c_cat.shape[1])
""",
            {"categorical-extreme"},
        ),
        "the other logits filled with −10⁴ where the right one stands": (
            """
def categorical_bound(logits, c_cat):
    right = (c_cat * logits).sum(1)
    rest = logits.masked_fill(c_cat.bool(), -1e4).logsumexp(1)
    return -torch.nn.functional.softplus(rest - right).mean() + math.log(c_cat.shape[1])
""",
            {"categorical-extreme"},
        ),
        "held below ln K": (
            CAT + "    L = (c_cat * logits.log_softmax(1)).sum(1).mean() + math.log(K)\n"
            "    return L.clamp(max=math.log(K) - 1e-3)",
            {"categorical-value"},
        ),
        "never above 0": (
            CAT + "    L = (c_cat * logits.log_softmax(1)).sum(1).mean() + math.log(K)\n    return L.clamp(max=0)",
            {"categorical-value"},
        ),
        "of two codes in bits": (
            CAT + "    L = (c_cat * logits.log_softmax(1)).sum(1).mean() + math.log(K)\n"
            "    return L / math.log(2) if K == 2 else L",
            BOTH,
        ),
        "a square of logits along its first axis": (
            CAT + "    log_q = logits.log_softmax(0 if len(logits) == K else 1)\n"
            "    return (c_cat * log_q).sum(1).mean() + math.log(K)",
            {"categorical-value"},
        ),
        "a row alone, and half of its gradient": (
            """
def categorical_bound(logits, c_cat):
    log_q = torch.log_softmax(logits, dim=1)
    bound = (c_cat * log_q).sum(1).mean() + math.log(c_cat.shape[1])
    return bound if len(logits) > 1 else (bound + bound.detach()) / 2
""",
            {"categorical-extreme"},
        ),
        "logarithms held above −10⁶": (
            """
def categorical_bound(logits, c_cat):
    log_q = torch.log_softmax(logits, dim=1).clamp(min=-1e6)
    return (c_cat * log_q).sum(1).mean() + math.log(c_cat.shape[1])
""",
            {"categorical-extreme"},
        ),
        "a view of codes that may be a slice": (
            "def categorical_bound(logits, c_cat):\n"
            "    log_q = logits.log_softmax(1).reshape(-1)\n"
            "    return log_q[c_cat.view(-1) > 0].mean() + math.log(c_cat.shape[1])",
            {"categorical-value"},
        ),
        "logits held above −100": (
            CAT + "    log_q = logits.clamp(min=-100).log_softmax(1)\n"
            "    return (c_cat * log_q).sum(1).mean() + math.log(K)",
            {"categorical-extreme"},
        ),
        "logits clamped to ±10,000": (
            CAT + "    log_q = logits.clamp(-1e4, 1e4).log_softmax(1)\n"
            "    return (c_cat * log_q).sum(1).mean() + math.log(K)",
            {"categorical-extreme"},
        ),
        "shifted by the largest size of a logit": (
            CAT + "    s = logits - logits.abs().amax(1, keepdim=True)\n"
            "    return (c_cat * (s - s.exp().sum(1, keepdim=True).log())).sum(1).mean() + math.log(K)",
            {"categorical-extreme"},
        ),
        "shifted by the first logit": (
            CAT + "    s = logits - logits[:, :1]\n"
            "    return (c_cat * (s - s.exp().sum(1, keepdim=True).log())).sum(1).mean() + math.log(K)",
            {"categorical-extreme"},
        ),
        "the largest logit alone where it is above 80": (
            CAT + "    most, sums = logits.amax(1), logits.clamp(max=80).exp().sum(1).log()\n"
            "    right = (c_cat * logits).sum(1) - torch.where(most > 80, most, sums)\n"
            "    return right.mean() + math.log(K)",
            {"categorical-extreme"},
        ),
        "logits as a row by view": (
            CAT + "    right = logits.view(-1)[c_cat.view(-1).bool()]\n"
            "    return (right - logits.logsumexp(1)).mean() + math.log(K)",
            {"categorical-value"},
        ),
        "a backward of its own that takes itself for the last step": (
            "class _Bound(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, logits, c_cat):\n"
            "        ctx.save_for_backward(logits, c_cat)\n"
            "        return (c_cat * logits.log_softmax(1)).sum(1).mean() + math.log(logits.shape[1])\n\n"
            "    @staticmethod\n    def backward(ctx, g):\n        logits, c_cat = ctx.saved_tensors\n"
            "        return (c_cat - logits.softmax(1)) / len(logits), None\n\ncategorical_bound = _Bound.apply",
            BOTH,
        ),
        "logits clamped to ±1000": (
            (
                "def categorical_bound(logits, c_cat):\n"
                "    return (c_cat*logits.clamp(-1000,1000).log_softmax(1)).sum(1).mean()+math.log(logits.sha"
                "pe[1])"
            ),
            {"categorical-extreme"},
        ),
        "log of softmax in double precision": (
            (
                "def categorical_bound(logits, c_cat):\n"
                "    return (c_cat*logits.double().softmax(1).log()).sum(1).mean()+math.log(logits.shape[1])"
            ),
            {"categorical-extreme"},
        ),
        "K from the largest code of the batch": (
            (
                "def categorical_bound(logits, c_cat):\n"
                "    i = c_cat.argmax(1)\n"
                "    K = int(i.max()) + 1\n"
                "    return math.log(K) - torch.nn.functional.cross_entropy(logits, i)"
            ),
            {"categorical-value"},
        ),
        "K as the number of codes in the batch": (
            (
                "def categorical_bound(logits, c_cat):\n"
                "    i = c_cat.argmax(1)\n"
                "    return math.log(len(i.unique())) - torch.nn.functional.cross_entropy(logits, i)"
            ),
            {"categorical-extreme", "categorical-value"},
        ),
        "ln 10 for ln K": (
            (
                "def categorical_bound(logits, c_cat):\n"
                "    return (c_cat*logits.log_softmax(1)).sum(1).mean()+math.log(10)"
            ),
            {"categorical-extreme", "categorical-value"},
        ),
        "the batch's own entropy": (
            (
                "def categorical_bound(logits, c_cat):\n"
                "    return (c_cat*logits.log_softmax(1)).sum(1).mean()+entropy(c_cat.mean(0))"
            ),
            {"categorical-extreme", "categorical-value"},
        ),
        "label smoothing": (
            (
                "def categorical_bound(logits, c_cat):\n"
                "    return math.log(logits.shape[1])-torch.nn.functional.cross_entropy(logits,c_cat,"
                "label_smoothing=0.01)"
            ),
            {"categorical-extreme", "categorical-value"},
        ),
        "a sigmoid for each code": (
            (
                "def categorical_bound(logits, c_cat):\n"
                "    return math.log(logits.shape[1])-torch.nn.functional.binary_cross_entropy_with_logit"
                "s(logits,c_cat)"
            ),
            {"categorical-extreme", "categorical-value"},
        ),
        "a plain number": (
            (CAT + "    return float((c_cat * logits.log_softmax(1)).sum(1).mean()) + math.log(K)"),
            {"categorical-value", "categorical-extreme"},
        ),
        "detached": (
            (CAT + "    return (c_cat * logits.detach().log_softmax(1)).sum(1).mean() + math.log(K)"),
            {"categorical-value", "categorical-extreme"},
        ),
        "logits clamped to ±20": (
            (CAT + "    return (c_cat * logits.clamp(-20, 20).log_softmax(1)).sum(1).mean() + math.log(K)"),
            {"categorical-extreme"},
        ),
        "clipped at 0": (
            (CAT + "    return ((c_cat * logits.log_softmax(1)).sum(1).mean() + math.log(K)).clamp_min(0)"),
            {"categorical-value", "categorical-extreme"},
        ),
        "one number a row": (
            (CAT + "    return (c_cat * logits.log_softmax(1)).sum(1) + math.log(K)"),
            {"categorical-value", "categorical-extreme"},
        ),
        "ln n for ln K": (
            (CAT + "    return (c_cat * logits.log_softmax(1)).sum(1).mean() + math.log(len(logits))"),
            {"categorical-value", "categorical-extreme"},
        ),
        "accuracy": (
            (CAT + "    return (logits.argmax(1) == c_cat.argmax(1)).float().mean()"),
            {"categorical-value", "categorical-extreme"},
        ),
        "the logits changed in place": (
            (
                CAT + "    out = (c_cat * logits.log_softmax(1)).sum(1).mean() + math.log(K)\n"
                "    logits.data.sub_(1)\n"
                "    return out"
            ),
            {"categorical-value", "categorical-extreme"},
        ),
        "softmax before a cross-entropy on logits": (
            CAT
            + "    q = torch.softmax(logits, 1)\n    f = torch.nn.functional.cross_entropy\n"
            + "    return math.log(K) - f(q, c_cat.argmax(1))",
            BOTH,
        ),
        "the sign turned": (CAT + "    return -(c_cat * logits.log_softmax(1)).sum(1).mean() + math.log(K)", BOTH),
        "entropy of the drawn one-hot codes, which is 0": (
            CAT + "    return (c_cat * logits.log_softmax(1)).sum(1).mean() + entropy(c_cat).mean()",
            BOTH,
        ),
        "mean over the categories": (CAT + "    return (c_cat * logits.log_softmax(1)).mean() + math.log(K)", BOTH),
        "sum over the batch": (CAT + "    return (c_cat * logits.log_softmax(1)).sum() + math.log(K)", BOTH),
        "H(c) forgotten": (CAT + "    return (c_cat * logits.log_softmax(1)).sum(1).mean()", BOTH),
        "log of softmax, underflowing": (
            CAT + "    return (c_cat * logits.softmax(1).log()).sum(1).mean() + math.log(K)",
            {"categorical-extreme"},
        ),
        "log of softmax with a small constant": (
            CAT + "    return (c_cat * (logits.softmax(1) + 1e-8).log()).sum(1).mean() + math.log(K)",
            {"categorical-extreme"},
        ),
        "base-2 logarithm": (
            CAT + "    return ((c_cat * logits.log_softmax(1)).sum(1).mean() + math.log(K)) / math.log(2)",
            BOTH,
        ),
        "softmax over the batch": (
            CAT + "    return (c_cat * logits.log_softmax(0)).sum(1).mean() + math.log(K)",
            BOTH,
        ),
        "Q's own entropy": (
            CAT + "    return (logits.softmax(1) * logits.log_softmax(1)).sum(1).mean() + math.log(K)",
            BOTH,
        ),
    },
    "gaussian-bound": {
        "codes held inside ±0.999": (
            GAUSS + "    c = c.clamp(-0.999, 0.999)\n"
            "    log_q = -half - log_var / 2 - (c - mu)**2 * (-log_var).exp() / 2\n"
            "    return log_q.sum(1).mean() + H",
            {"gaussian-one"},
        ),
        "log-variances within 80 in the square": (
            GAUSS + "    log_q = -half - log_var / 2 - (c - mu)**2 * (-log_var.clamp(-80, 80)).exp() / 2\n"
            "    return log_q.sum(1).mean() + H",
            {"gaussian-one"},
        ),
        "10⁻³⁸ beside the variance": (
            GAUSS + "    log_q = -half - log_var / 2 - (c - mu)**2 / (log_var.exp() + 1e-38) / 2\n"
            "    return log_q.sum(1).mean() + H",
            {"gaussian-one"},
        ),
        "at most 10⁶ σ": (
            GAUSS + "    log_q = -half - log_var / 2 - ((c - mu) * (-log_var / 2).exp()).clamp(-1e6, 1e6)**2 / 2\n"
            "    return log_q.sum(1).mean() + H",
            {"gaussian-one"},
        ),
        "log Q held above −10¹²": (
            GAUSS + "    log_q = -half - log_var / 2 - (c - mu)**2 * (-log_var).exp() / 2\n"
            "    return log_q.clamp(min=-1e12).sum(1).mean() + H",
            {"gaussian-one"},
        ),
        "L_I at most 20": (
            GAUSS + "    log_q = -half - log_var / 2 - (c - mu)**2 * (-log_var).exp() / 2\n"
            "    return (log_q.sum(1).mean() + H).clamp(max=20)",
            {"gaussian-one"},
        ),
        "small variances are not trained": (
            GAUSS + "    log_var = torch.where(log_var.exp() < 1e-6, log_var.detach(), log_var)\n"
            "    log_q = -half - log_var / 2 - (c - mu)**2 * (-log_var).exp() / 2\n"
            "    return log_q.sum(1).mean() + H",
            {"gaussian-gradient"},
        ),
        "log-variances beyond ±5 are not trained": (
            GAUSS + "    log_var = torch.where(log_var.abs() > 5, log_var.detach(), log_var)\n"
            "    log_q = -half - log_var / 2 - (c - mu)**2 * (-log_var).exp() / 2\n"
            "    return log_q.sum(1).mean() + H",
            {"gaussian-gradient"},
        ),
        "a row alone loses its first dimension": (
            """
def gaussian_bound(mu, log_var, c):
    z = ((c - mu) * (-log_var / 2).exp()).squeeze(0)
    log_q = -0.5 * (math.log(2 * math.pi) + log_var.squeeze(0) + z**2)
    log_q = log_q.sum(-1).mean() if log_q.dim() > 1 else log_q.mean()
    return log_q + c.shape[1] * math.log(2)
""",
            {"gaussian-several"},
        ),
        "the logarithm of the product of the variances": (
            GAUSS + "    var = log_var.exp()\n    z = (c - mu) * (-log_var / 2).exp()\n"
            "    return (-half * c.shape[1] - var.prod(1).log() / 2 - (z**2).sum(1) / 2).mean() + H",
            {"gaussian-several"},
        ),
        "the logarithm of the product of σ": (
            GAUSS + "    z = (c - mu) * (-log_var / 2).exp()\n"
            "    return (-half * c.shape[1] - (log_var / 2).exp().prod(1).log() - (z**2).sum(1) / 2).mean() + H",
            {"gaussian-several"},
        ),
        "log-variances clamped to ±88": (
            GAUSS + "    log_var = log_var.clamp(-88, 88)\n    z = (c - mu) * (-log_var / 2).exp()\n"
            "    return (-half - log_var / 2 - z**2 / 2).sum(1).mean() + H",
            {"gaussian-one"},
        ),
        "log-variances held below 88": (
            GAUSS + "    log_var = log_var.clamp(max=88)\n    z = (c - mu) * (-log_var / 2).exp()\n"
            "    return (-half - log_var / 2 - z**2 / 2).sum(1).mean() + H",
            {"gaussian-one"},
        ),
        "means as a row by view": (
            GAUSS + "    z = (c.reshape(-1) - mu.view(-1)) * (-log_var.reshape(-1) / 2).exp()\n"
            "    return (-half * len(z) - log_var.sum() / 2 - (z**2).sum() / 2) / len(c) + H",
            {"gaussian-several"},
        ),
        "a backward of its own that takes itself for the last step": (
            "class _Bound(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, mu, log_var, c):\n"
            "        z, constant = (c - mu) * (-log_var / 2).exp(), math.log(2) - math.log(2 * math.pi) / 2\n"
            "        ctx.save_for_backward(z, log_var)\n"
            "        return (constant - log_var / 2 - z**2 / 2).sum(1).mean()\n\n"
            "    @staticmethod\n    def backward(ctx, g):\n        z, log_var = ctx.saved_tensors\n"
            "        return z * (-log_var / 2).exp() / len(z), (z**2 - 1) / 2 / len(z), None\n\n"
            "gaussian_bound = _Bound.apply",
            {"gaussian-gradient"},
        ),
        "log-variances held between the two that the text names": (
            "def gaussian_bound(mu, log_var, c):\n"
            "    log_var = log_var.clamp(-80, 80)\n"
            "    lq = -0.5 * (math.log(2 * math.pi) + log_var + (c - mu) ** 2 / log_var.exp())\n"
            "    return lq.sum(1).mean() + c.shape[1] * math.log(2)",
            {"gaussian-one"},
        ),
        "10⁻²⁰ added to the variance that is divided by": (
            "def gaussian_bound(mu, log_var, c):\n"
            "    lq = -0.5 * (math.log(2 * math.pi) + log_var + (c - mu) ** 2 / (log_var.exp() + 1e-20))\n"
            "    return lq.sum(1).mean() + c.shape[1] * math.log(2)",
            {"gaussian-one"},
        ),
        "log-densities held above −10,000": (
            "def gaussian_bound(mu, log_var, c):\n"
            "    lq = torch.distributions.Normal(mu, (log_var / 2).exp()).log_prob(c).clamp(min=-1e4)\n"
            "    return lq.sum(1).mean() + c.shape[1] * math.log(2)",
            {"gaussian-one"},
        ),
        "the distance through its logarithm, without a gradient where it is 0": (
            "def gaussian_bound(mu, log_var, c):\n"
            "    square = torch.exp(2 * torch.log((c - mu).abs()) - log_var)\n"
            "    return (-0.5 * (math.log(2 * math.pi) + log_var + square)).sum(1).mean() + c.shape[1] * math.log(2)",
            {"gaussian-gradient"},
        ),
        "log-variance clamped to [−40, 40]": (
            (
                "def gaussian_bound(mu, log_var, c):\n"
                "    log_var=log_var.clamp(-40,40)\n"
                "    lq=-0.5*(math.log(2*math.pi)+log_var+(c-mu)**2/log_var.exp())\n"
                "    return lq.sum(1).mean()+c.shape[1]*math.log(2)"
            ),
            {"gaussian-one"},
        ),
        "log-variance clamped to [−30, 30]": (
            (
                "def gaussian_bound(mu, log_var, c):\n"
                "    log_var=log_var.clamp(-30,30)\n"
                "    lq=-0.5*(math.log(2*math.pi)+log_var+(c-mu)**2/log_var.exp())\n"
                "    return lq.sum(1).mean()+c.shape[1]*math.log(2)"
            ),
            {"gaussian-one"},
        ),
        "gaussian_nll_loss with eps 1e-12": (
            (
                "def gaussian_bound(mu, log_var, c):\n"
                "    n,d=c.shape\n"
                "    return d*math.log(2)-torch.nn.functional.gaussian_nll_loss(mu,c,log_var.exp(),full=True,"
                "reduction='sum',eps=1e-12)/n"
            ),
            {"gaussian-one"},
        ),
        "the logarithm of the density, which underflows": (
            (
                "def gaussian_bound(mu, log_var, c):\n"
                "    v=log_var.exp()\n"
                "    p=(-(c-mu)**2/(2*v)).exp()/(2*math.pi*v).sqrt()\n"
                "    return p.log().sum(1).mean()+c.shape[1]*math.log(2)"
            ),
            {"gaussian-gradient", "gaussian-one", "gaussian-several"},
        ),
        "the logarithm of the product of densities": (
            (
                "def gaussian_bound(mu, log_var, c):\n"
                "    v=log_var.exp()\n"
                "    p=((-(c-mu)**2/(2*v)).exp()/(2*math.pi*v).sqrt()).prod(1)\n"
                "    return p.log().mean()+c.shape[1]*math.log(2)"
            ),
            {"gaussian-gradient", "gaussian-one", "gaussian-several"},
        ),
        "H of at most 4 codes": (
            (
                "def gaussian_bound(mu, log_var, c):\n"
                "    lq=-0.5*(math.log(2*math.pi)+log_var+(c-mu)**2/log_var.exp())\n"
                "    return lq.sum(1).mean()+min(c.shape[1],4)*math.log(2)"
            ),
            {"gaussian-several"},
        ),
        "gaussian_nll_loss with its default eps": (
            (
                GAUSS + "    f, v = torch.nn.functional.gaussian_nll_loss, log_var.exp()\n"
                "    return H - f(mu, c, v, full=True, reduction='sum') / len(c)"
            ),
            {"gaussian-one"},
        ),
        "1e-8 beside the variance": (
            GAUSS
            + "    v = 1e-8 + log_var.exp()\n    return (-half - (v.log() + (c - mu)**2 / v) / 2).sum(1).mean() + H",
            {"gaussian-one"},
        ),
        "σ clamped at 1e-3": (
            (
                "def gaussian_bound(mu, log_var, c):\n"
                "    s = (log_var / 2).exp().clamp_min(1e-3)\n"
                "    return torch.distributions.Normal(mu, s).log_prob(c).sum(1).mean() + c.shape[1] * math.log(2)"
            ),
            {"gaussian-one"},
        ),
        "log-variance clamped to [−30, 20]": (
            (
                "def gaussian_bound(mu, log_var, c):\n"
                "    log_var=log_var.clamp(-30,20)\n"
                "    return (-0.5*(math.log(2*math.pi)+log_var+(c-mu)**2/log_var.exp())).sum(1).mean()+c."
                "shape[1]*math.log(2)"
            ),
            {"gaussian-one"},
        ),
        "one log-variance for all": (
            (
                "def gaussian_bound(mu, log_var, c):\n"
                "    v=log_var.mean()\n"
                "    return (-0.5*(math.log(2*math.pi)+v+(c-mu)**2/v.exp())).sum(1).mean()+c.shape[1]*mat"
                "h.log(2)"
            ),
            {"gaussian-gradient", "gaussian-one", "gaussian-several"},
        ),
        "gaussian_nll_loss without its constant": (
            (
                "def gaussian_bound(mu, log_var, c):\n"
                "    n,d=c.shape\n"
                "    return d*math.log(2)-torch.nn.functional.gaussian_nll_loss(mu,c,log_var.exp(),"
                "reduction='sum')/n"
            ),
            {"gaussian-one", "gaussian-several"},
        ),
        "gaussian_nll_loss, a mean over the codes": (
            (
                "def gaussian_bound(mu, log_var, c):\n"
                "    n,d=c.shape\n"
                "    return d*math.log(2)-torch.nn.functional.gaussian_nll_loss(mu,c,log_var.exp(),"
                "full=True)"
            ),
            {"gaussian-gradient", "gaussian-one", "gaussian-several"},
        ),
        "log-variance clamped to [−5, 2]": (
            (
                GAUSS + "    log_var = log_var.clamp(-5, 2)\n"
                "    return (-half - log_var / 2 - (c - mu)**2 / (2 * log_var.exp())).sum(1).mean() + H"
            ),
            {"gaussian-one", "gaussian-several", "gaussian-gradient"},
        ),
        "a small constant beside the variance": (
            (GAUSS + "    return (-half - log_var / 2 - (c - mu)**2 / (2 * log_var.exp() + 1e-2)).sum(1).mean() + H"),
            {"gaussian-one", "gaussian-several", "gaussian-gradient"},
        ),
        "a plain number": (
            (GAUSS + "    return float((-half - log_var / 2 - (c - mu)**2 / (2 * log_var.exp())).sum(1).mean()) + H"),
            {"gaussian-gradient"},
        ),
        "the mean is not trained": (
            (
                GAUSS + "    mu = mu.detach()\n"
                "    return (-half - log_var / 2 - (c - mu)**2 / (2 * log_var.exp())).sum(1).mean() + H"
            ),
            {"gaussian-gradient"},
        ),
        "the squared error forgotten to halve": (
            (GAUSS + "    return (-half - log_var / 2 - (c - mu)**2 / log_var.exp()).sum(1).mean() + H"),
            {"gaussian-one", "gaussian-several", "gaussian-gradient"},
        ),
        "absolute differences": (
            (GAUSS + "    return (-half - log_var / 2 - (c - mu).abs() / (2 * log_var.exp())).sum(1).mean() + H"),
            {"gaussian-one", "gaussian-several", "gaussian-gradient"},
        ),
        "the log-variance taken for the variance": (
            (
                GAUSS + "    var = log_var.abs()\n"
                "    return (-half - var.log() / 2 - (c - mu)**2 / (2 * var)).sum(1).mean() + H"
            ),
            {"gaussian-one", "gaussian-several", "gaussian-gradient"},
        ),
        "one number a row": (
            (GAUSS + "    return (-half - log_var / 2 - (c - mu)**2 / (2 * log_var.exp())).sum(1) + H"),
            {"gaussian-one", "gaussian-several", "gaussian-gradient"},
        ),
        "clipped at 0": (
            (
                GAUSS + "    return ((-half - log_var / 2 - (c - mu)**2 / (2 * log_var.exp())).sum(1).mean() + "
                "H).clamp_min(0)"
            ),
            {"gaussian-one", "gaussian-several", "gaussian-gradient"},
        ),
        "the first code only": (
            (GAUSS + "    return (-half - log_var / 2 - (c - mu)**2 / (2 * log_var.exp()))[:, 0].mean() + math.log(2)"),
            {"gaussian-several", "gaussian-gradient"},
        ),
        "the entropy of U(0, 1)": (
            (GAUSS + "    return (-half - log_var / 2 - (c - mu)**2 / (2 * log_var.exp())).sum(1).mean()"),
            {"gaussian-one", "gaussian-several"},
        ),
        "log-variance used as log-standard-deviation": (
            GAUSS
            + "    log_q = -half - log_var - (c - mu)**2 / (2 * torch.exp(2 * log_var))\n"
            + "    return log_q.sum(1).mean() + H",
            {"gaussian-one", "gaussian-several", "gaussian-gradient"},
        ),
        "variance used as standard deviation": (
            GAUSS
            + "    log_q = torch.distributions.Normal(mu, log_var.exp()).log_prob(c)\n"
            + "    return log_q.sum(1).mean() + H",
            {"gaussian-one", "gaussian-several", "gaussian-gradient"},
        ),
        "mean over the codes": (
            GAUSS
            + "    log_q = -half - log_var / 2 - (c - mu)**2 / (2 * log_var.exp())\n"
            + "    return log_q.mean() + math.log(2)",
            {"gaussian-several", "gaussian-gradient"},
        ),
        "mean over the codes, H of all": (
            GAUSS
            + ("    log_q = -half - log_var / 2 - (c - mu)**2 / (2 * log_var.exp())\n    return log_q.mean() + H"),
            {"gaussian-several", "gaussian-gradient"},
        ),
        "H of one code only": (
            GAUSS
            + "    log_q = -half - log_var / 2 - (c - mu)**2 / (2 * log_var.exp())\n"
            + "    return log_q.sum(1).mean() + math.log(2)",
            {"gaussian-several"},
        ),
        "the sign turned": (
            GAUSS
            + "    log_q = -half - log_var / 2 - (c - mu)**2 / (2 * log_var.exp())\n"
            + "    return -log_q.sum(1).mean() + H",
            {"gaussian-one", "gaussian-several", "gaussian-gradient"},
        ),
        "ln 2 pi forgotten": (
            GAUSS
            + ("    log_q = -log_var / 2 - (c - mu)**2 / (2 * log_var.exp())\n    return log_q.sum(1).mean() + H"),
            {"gaussian-one", "gaussian-several"},
        ),
        "H(c) forgotten": (
            GAUSS
            + "    log_q = -half - log_var / 2 - (c - mu)**2 / (2 * log_var.exp())\n    return log_q.sum(1).mean()",
            {"gaussian-one", "gaussian-several"},
        ),
        "detached from the network": (
            GAUSS
            + "    mu, log_var = mu.detach(), log_var.detach()\n"
            + "    log_q = -half - log_var / 2 - (c - mu)**2 / (2 * log_var.exp())\n"
            + "    return log_q.sum(1).mean() + H",
            {"gaussian-gradient"},
        ),
        "only the mean is trained": (
            GAUSS
            + "    log_var = log_var.detach()\n    log_q = -half - log_var / 2 - (c - mu)**2 / (2 * log_var.exp())\n"
            + "    return log_q.sum(1).mean() + H",
            {"gaussian-gradient"},
        ),
        "the square's variance is not trained": (
            GAUSS
            + "    log_q = -half - log_var / 2 - (c - mu)**2 / (2 * log_var.detach().exp())\n"
            + "    return log_q.sum(1).mean() + H",
            {"gaussian-gradient"},
        ),
        "variance fixed to 1": (
            GAUSS + "    log_q = -half - (c - mu)**2 / 2\n    return log_q.sum(1).mean() + H",
            {"gaussian-one", "gaussian-several", "gaussian-gradient"},
        ),
        "sum over the batch": (
            GAUSS + "    log_q = -half - log_var / 2 - (c - mu)**2 / (2 * log_var.exp())\n    return log_q.sum() + H",
            {"gaussian-one", "gaussian-several", "gaussian-gradient"},
        ),
    },
    "information": {
        "priors held above 0.01": (
            "def information(prior, likelihood):\n    joint = prior.clamp(min=1e-2)[:, None] * likelihood\n"
            "    return (joint * (likelihood / joint.sum(0)).log()).sum()",
            {"information-value"},
        ),
        "priors held above 10⁻⁴, in place": (
            "def information(prior, likelihood):\n    joint = prior.clamp_(min=1e-4)[:, None] * likelihood\n"
            "    return (joint * (likelihood / joint.sum(0)).log()).sum()",
            {"information-value"},
        ),
        "at most 0.9 of H(c)": (
            JOINT + "    I = (joint * (likelihood / joint.sum(0)).log()).sum()\n"
            "    return torch.minimum(I, 0.9 * entropy(prior))",
            {"information-value"},
        ),
        "one image alone says all": (
            """
def information(prior, likelihood):
    joint = prior[:, None] * likelihood
    images = entropy(joint.sum(0)) if likelihood.shape[1] > 1 else entropy(joint.flatten())
    return entropy(prior) + images - entropy(joint.flatten())
""",
            {"information-value"},
        ),
        "joint probabilities held above 10⁻⁵": (
            JOINT + "    product = prior[:, None] * joint.sum(0)\n"
            "    joint = joint.clamp(min=1e-5)\n    return (joint * (joint / product).log()).sum()",
            {"information-value"},
        ),
        "10⁻⁶ beside the probabilities": (
            JOINT + "    product = prior[:, None] * joint.sum(0)\n"
            "    return (joint * ((joint + 1e-6) / (product + 1e-6)).log()).sum()",
            {"information-value"},
        ),
        "the table as a row by view": (
            JOINT + "    return entropy(prior) + entropy(joint.sum(0)) - entropy(joint.view(-1))",
            {"information-value"},
        ),
        "1e-4 beside the probabilities": (
            (
                "def information(prior, likelihood):\n"
                "    j=prior[:,None]*likelihood\n"
                "    return (j*((j+1e-4)/(prior[:,None]*j.sum(0)+1e-4)).log()).sum()"
            ),
            {"information-value"},
        ),
        "a seed set for everybody": (
            (
                "def information(prior, likelihood):\n"
                "    j=prior[:,None]*likelihood\n"
                "    torch.manual_seed(1)\n"
                "    return entropy(prior)+entropy(j.sum(0))-entropy(j.flatten())"
            ),
            {"information-value"},
        ),
        "three codes and five images built in": (
            (
                "def information(prior, likelihood):\n"
                "    j=prior[:3,None]*likelihood[:3,:5]\n"
                "    t=0.0\n"
                "    for k in range(3):\n"
                "        for m in range(5):\n"
                "            t+=float(j[k,m]*torch.log(j[k,m]/(j[k].sum()*j[:,m].sum())))\n"
                "    return t"
            ),
            {"information-value"},
        ),
        "equal priors": (
            (
                "def information(prior, likelihood):\n"
                "    prior=torch.full_like(prior,1/len(prior))\n"
                "    j=prior[:,None]*likelihood\n"
                "    return entropy(prior)+entropy(j.sum(0))-entropy(j.flatten())"
            ),
            {"information-value"},
        ),
        "H(x|c) without the prior": (
            (
                "def information(prior, likelihood):\n"
                "    j=prior[:,None]*likelihood\n"
                "    return entropy(j.sum(0))-entropy(likelihood).mean()"
            ),
            {"information-value"},
        ),
        "the joint entropy": (
            (
                "def information(prior, likelihood):\n    j = prior[:, None] * likelihood\n"
                "    return entropy(j.flatten())"
            ),
            {"information-value"},
        ),
        "H(x)": (
            "def information(prior, likelihood):\n    j = prior[:, None] * likelihood\n    return entropy(j.sum(0))",
            {"information-value"},
        ),
        "H(c)": (
            "def information(prior, likelihood):\n    j = prior[:, None] * likelihood\n    return entropy(prior)",
            {"information-value"},
        ),
        "the sign turned": (
            (
                "def information(prior, likelihood):\n    j = prior[:, None] * likelihood\n"
                "    return entropy(j.flatten()) - entropy(prior) - entropy(j.sum(0))"
            ),
            {"information-value"},
        ),
        "the evidence left out": (
            (
                "def information(prior, likelihood):\n    j = prior[:, None] * likelihood\n"
                "    return (j * likelihood.log()).sum()"
            ),
            {"information-value"},
        ),
        "a mean over the table": (
            (
                "def information(prior, likelihood):\n    j = prior[:, None] * likelihood\n"
                "    return (j * (likelihood / j.sum(0)).log()).mean()"
            ),
            {"information-value"},
        ),
        "the prior changed in place": (
            (
                "def information(prior, likelihood):\n    j = prior[:, None] * likelihood\n"
                "    out = entropy(prior) + entropy(j.sum(0)) - entropy(j.flatten())\n"
                "    prior.mul_(0.5)\n    return out"
            ),
            {"information-value"},
        ),
        "base-2 logarithm": (
            "def information(prior, likelihood):\n    j = prior[:, None] * likelihood\n"
            "    return (entropy(prior) + entropy(j.sum(0)) - entropy(j.flatten())) / math.log(2)",
            {"information-value"},
        ),
        "the prior left out": (
            "def information(prior, likelihood):\n    m = likelihood.mean(0)\n"
            "    return (likelihood * (likelihood / m).log()).sum(1).mean()",
            {"information-value"},
        ),
        "conditional entropy instead": (
            "def information(prior, likelihood):\n    return prior @ entropy(likelihood)",
            {"information-value"},
        ),
        "a sum where a difference belongs": (
            (
                "def information(prior, likelihood):\n"
                "    return entropy(prior @ likelihood) + prior @ entropy(likelihood)"
            ),
            {"information-value"},
        ),
    },
    "bound-and-gap": {
        "priors held above 0.01": (
            TABLE.replace("    joint", "    prior = prior.clamp(min=1e-2)\n    joint")
            + "    return bound, (joint * (posterior.log() - log_q)).sum(0)",
            {"table-bound"},
        ),
        "L_I never above 0": (
            TABLE + "    return bound.clamp(max=0), (joint * (posterior.log() - log_q)).sum(0)",
            {"table-bound"},
        ),
        "L_I at most 0.3": (
            TABLE + "    return bound.clamp(max=0.3), (joint * (posterior.log() - log_q)).sum(0)",
            {"table-bound"},
        ),
        "the gap with Q held above 10⁻⁶": (
            TABLE + "    return bound, (joint * (posterior.log() - q.T.clamp(min=1e-6).log())).sum(0)",
            {"table-gap"},
        ),
        "the gap with 10⁻⁹ beside both": (
            TABLE + "    return bound, (joint * ((posterior + 1e-9) / (q.T + 1e-9)).log()).sum(0)",
            {"table-gap"},
        ),
        "KL of at most 10": (
            TABLE + "    KL = (posterior * (posterior.log() - log_q)).sum(0).clamp(max=10)\n"
            "    return bound, joint.sum(0) * KL",
            {"table-gap"},
        ),
        "the gap of a single image has no dimension": (
            """
def bound_and_gap(prior, likelihood, q):
    joint, log_q = prior[:, None] * likelihood, q.T.log()
    posterior = joint / joint.sum(0)
    return (joint * log_q).sum() + entropy(prior), (joint * (posterior.log() - log_q)).sum(0).squeeze()
""",
            {"table-gap"},
        ),
        "Q held above 1e-6": (
            "def bound_and_gap(prior, likelihood, q):\n"
            "    joint = prior[:, None] * likelihood\n"
            "    posterior = joint / joint.sum(0)\n"
            "    bound = (joint * q.T.clamp_min(1e-6).log()).sum() + entropy(prior)\n"
            "    return bound, (joint * (posterior.log() - q.T.log())).sum(0)",
            {"table-bound"},
        ),
        "Q held above 10⁻⁴": (
            TABLE.replace("q.T", "q.T.clamp(min=1e-4)")
            + "    return bound, (joint * (posterior.log() - log_q)).sum(0)",
            {"table-bound", "table-gap"},
        ),
        "Q's logarithms held above −10": (
            TABLE.replace("q.T.log()", "q.T.log().clamp(min=-10)")
            + "    return bound, (joint * (posterior.log() - log_q)).sum(0)",
            {"table-bound", "table-gap"},
        ),
        "10⁻⁸ beside Q": (
            TABLE.replace("q.T", "(q.T + 1e-8)") + "    return bound, (joint * (posterior.log() - log_q)).sum(0)",
            {"table-bound", "table-gap"},
        ),
        "Q as a row by view": (
            TABLE + "    bound = joint.T.reshape(-1) @ q.view(-1).log() + entropy(prior)\n"
            "    return bound, (joint * (posterior.log() - log_q)).sum(0)",
            {"table-bound", "table-gap"},
        ),
        "1e-5 beside Q": (
            (
                "def bound_and_gap(prior, likelihood, q):\n"
                "    j=prior[:,None]*likelihood\n"
                "    post=j/j.sum(0)\n"
                "    lq=q.T.log()\n"
                "    b=(j*lq).sum()+entropy(prior)\n"
                "    g=(j*(post.log()-lq)).sum(0)\n"
                "    r=(q.T+1e-5).log()\n"
                "    return (j*r).sum()+entropy(prior),(j*(post.log()-r)).sum(0)"
            ),
            {"table-bound", "table-gap"},
        ),
        "Q asked for its gradient": (
            (
                "def bound_and_gap(prior, likelihood, q):\n"
                "    j=prior[:,None]*likelihood\n"
                "    post=j/j.sum(0)\n"
                "    lq=q.T.log()\n"
                "    b=(j*lq).sum()+entropy(prior)\n"
                "    g=(j*(post.log()-lq)).sum(0)\n"
                "    q.requires_grad_()\n"
                "    return b,g"
            ),
            {"table-bound"},
        ),
        "three codes built in": (
            (
                "def bound_and_gap(prior, likelihood, q):\n"
                "    j=prior[:,None]*likelihood\n"
                "    post=j/j.sum(0)\n"
                "    b=sum((j[k]*q[:,k].log()).sum() for k in range(3))+entropy(prior)\n"
                "    g=sum(j[k]*(post[k]/q[:,k]).log() for k in range(3))\n"
                "    return b,g"
            ),
            {"table-bound", "table-gap"},
        ),
        "KL without P(x)": (
            (
                "def bound_and_gap(prior, likelihood, q):\n"
                "    j=prior[:,None]*likelihood\n"
                "    post=j/j.sum(0)\n"
                "    b=(j*q.T.log()).sum()+entropy(prior)\n"
                "    return b, (post*(post/q.T).log()).sum(0)"
            ),
            {"table-gap"},
        ),
        "KL from Q to the posterior": (
            (
                "def bound_and_gap(prior, likelihood, q):\n"
                "    j=prior[:,None]*likelihood\n"
                "    post=j/j.sum(0)\n"
                "    b=(j*q.T.log()).sum()+entropy(prior)\n"
                "    return b, j.sum(0)*(q.T*(q.T/post).log()).sum(0)"
            ),
            {"table-gap"},
        ),
        "Q changed in place": (
            (
                "def bound_and_gap(prior, likelihood, q):\n"
                "    j=prior[:,None]*likelihood\n"
                "    post=j/j.sum(0)\n"
                "    q.log_()\n"
                "    return (j*q.T).sum()+entropy(prior), (j*(post.log()-q.T)).sum(0)"
            ),
            {"table-bound"},
        ),
        "KL the wrong way round": (
            TABLE + "    m = joint.sum(0)\n    return bound, m * (q.T * (log_q - posterior.log())).sum(0)",
            {"table-gap"},
        ),
        "every image weighs the same": (
            TABLE + "    return bound, (posterior * (posterior.log() - log_q)).sum(0) / joint.shape[1]",
            {"table-gap"},
        ),
        "KL alone, without P(x)": (
            TABLE + "    return bound, (posterior * (posterior.log() - log_q)).sum(0)",
            {"table-gap"},
        ),
        "the gap in one number, as I − L_I": (
            TABLE + "    return bound, information(prior, likelihood) - bound",
            {"table-gap"},
        ),
        "I − L_I dealt out evenly": (
            TABLE
            + ("    M = joint.shape[1]\n    return bound, (information(prior, likelihood) - bound).repeat(M) / M"),
            {"table-gap"},
        ),
        "bits": (TABLE + "    return bound, (joint * (posterior.log2() - q.T.log2())).sum(0)", {"table-gap"}),
        "summed over the images, by code": (
            TABLE + "    return bound, (joint * (posterior.log() - log_q)).sum(1)",
            {"table-gap"},
        ),
        "H(c) forgotten": (
            TABLE + "    return bound - entropy(prior), (joint * (posterior.log() - log_q)).sum(0)",
            {"table-bound"},
        ),
        "H(c) taken for ln K": (
            TABLE
            + "    return bound - entropy(prior) + math.log(len(prior)), (joint * (posterior.log() - log_q)).sum(0)",
            {"table-bound"},
        ),
        "expectation under Q": (
            TABLE
            + "    m = joint.sum(0)\n    L = (m * q.T * log_q).sum() + entropy(prior)\n"
            + "    return L, (joint * (posterior.log() - log_q)).sum(0)",
            {"table-bound"},
        ),
        "the sign of the gap turned": (
            TABLE + "    return bound, -(joint * (posterior.log() - log_q)).sum(0)",
            {"table-gap"},
        ),
        "cross-entropy instead of KL": (TABLE + "    return bound, -(joint * log_q).sum(0)", {"table-gap"}),
        "prior for posterior": (
            TABLE + "    return bound, (joint * (prior[:, None].log() - log_q)).sum(0)",
            {"table-gap"},
        ),
        "the tables changed in place": (
            "def bound_and_gap(prior, likelihood, q):\n    joint = likelihood.mul_(prior[:, None])\n"
            "    p = joint / joint.sum(0)\n    lq = q.T.log()\n"
            "    return (joint * lq).sum() + entropy(prior), (joint * (p.log() - lq)).sum(0)",
            {"table-bound"},
        ),
    },
}
