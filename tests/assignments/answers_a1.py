"""Assignment 1: three right answers in different styles, and wrong ones with the check cells they fail.

`RIGHT`: answer cell -> three sources. `WRONG`: answer cell -> {what is wrong: (source, check cells lost)}.
"""

RIGHT = {
    "value": [
        """
def value(s_real, s_fake):
    softplus = torch.nn.functional.softplus
    return -softplus(-s_real).mean() - softplus(s_fake).mean()
""",
        """
from torch.nn import functional as F
random, numbers = 3, [1, 2]  # a reader's names may be those of modules

def value(s_real, s_fake):
    real = F.binary_cross_entropy_with_logits(s_real, torch.ones_like(s_real))
    fake = F.binary_cross_entropy_with_logits(s_fake, torch.zeros_like(s_fake))
    return -(real + fake)
""",
        """
def value(s_real, s_fake):
    zero = torch.zeros(())
    total_real = -sum(torch.logaddexp(zero, -s) for s in s_real)
    total_fake = -sum(torch.logaddexp(zero, s) for s in s_fake)
    return total_real / len(s_real) + total_fake / len(s_fake)
""",
    ],
    "optimal-discriminator": [
        """
def optimal_discriminator(p, q):
    return torch.nan_to_num(p / (p + q), nan=0.5)
""",
        """
def optimal_discriminator(p, q):
    d = torch.full_like(p, 0.5)
    mass = (p + q) > 0
    d[mass] = p[mass] / (p[mass] + q[mass])
    return d
""",
        """
def optimal_discriminator(p, q):
    d = [float(a) / float(a + b) if a + b > 0 else 0.5 for a, b in zip(p, q)]
    return torch.tensor(d, dtype=p.dtype)
""",
    ],
    "jensen-shannon": [
        """
def jensen_shannon(p, q, dx):
    m = (p + q) / 2
    kl = lambda a: torch.where(a > 0, a * torch.log(a / m), torch.zeros_like(a)).sum() * dx
    return (kl(p) + kl(q)) / 2
""",
        """
def jensen_shannon(p, q, dx):
    h = lambda a: torch.special.entr(a).sum() * dx
    return h((p + q) / 2) - (h(p) + h(q)) / 2
""",
        """
def jensen_shannon(p, q, dx):
    total = 0.0
    for a, b in zip(p.tolist(), q.tolist()):
        if a > 0:
            total += a * math.log(2 * a / (a + b)) * dx / 2
        if b > 0:
            total += b * math.log(2 * b / (a + b)) * dx / 2
    return torch.tensor(total)
""",
    ],
    "generator-losses": [
        """
def generator_losses(s_fake):
    softplus = torch.nn.functional.softplus
    return -softplus(s_fake).mean(), softplus(-s_fake).mean()
""",
        """
def generator_losses(s_fake):
    zero = torch.zeros_like(s_fake)
    return [-torch.logaddexp(zero, s_fake).mean(), torch.logaddexp(zero, -s_fake).mean()]
""",
        """
def generator_losses(s_fake):
    bce = torch.nn.BCEWithLogitsLoss()
    minimax = -bce(s_fake, torch.zeros_like(s_fake))
    return minimax, bce(s_fake, torch.ones_like(s_fake))
""",
    ],
    "generator-gradients": [
        """
def generator_gradients(s_fake):
    s = s_fake.detach().clone().requires_grad_()
    minimax, non_saturating = generator_losses(s)
    a, = torch.autograd.grad(minimax * len(s), s, retain_graph=True)
    b, = torch.autograd.grad(non_saturating * len(s), s)
    return a, b
""",
        """
def generator_gradients(s_fake):
    d = 1 / (1 + torch.exp(-s_fake))
    return -d, d - 1
""",
        """
def generator_gradients(s_fake):
    out = []
    for loss in (lambda s: -torch.logaddexp(torch.zeros(()), s), lambda s: torch.logaddexp(torch.zeros(()), -s)):
        s = s_fake.clone().requires_grad_(True)
        loss(s).sum().backward()
        out.append(s.grad)
    return out[0], out[1]
""",
    ],
    "least-squares": [
        """
def least_squares(v_real, v_fake):
    mse = torch.nn.functional.mse_loss
    loss_d = 0.5 * (mse(v_real, torch.ones_like(v_real)) + mse(v_fake, torch.zeros_like(v_fake)))
    return loss_d, mse(v_fake, torch.ones_like(v_fake))
""",
        """
def least_squares(v_real, v_fake):
    n, m = len(v_real), len(v_fake)
    return (v_real - 1).pow(2).sum() / (2 * n) + v_fake.pow(2).sum() / (2 * m), (1 - v_fake).pow(2).sum() / m
""",
        """
def least_squares(v_real, v_fake):
    miss = lambda v, target: torch.mean(torch.square(v - target))
    return (miss(v_real, 1.0) + miss(v_fake, 0.0)) / 2, miss(v_fake, 1.0)
""",
    ],
}

WRONG = {
    "value": {
        "the sign turned": (
            "def value(s_real, s_fake):\n    f = torch.nn.functional.softplus\n"
            "    return f(-s_real).mean() + f(s_fake).mean()",
            {"value-mean", "value-extreme"},
        ),
        "log of sigmoid, overflowing": (
            "def value(s_real, s_fake):\n"
            "    return torch.sigmoid(s_real).log().mean() + (1 - torch.sigmoid(s_fake)).log().mean()",
            {"value-extreme"},
        ),
        "log with a small constant": (
            "def value(s_real, s_fake):\n    e = 1e-8\n    d, f = torch.sigmoid(s_real), torch.sigmoid(s_fake)\n"
            "    return (d + e).log().mean() + (1 - f + e).log().mean()",
            {"value-extreme"},
        ),
        "one mean over both batches": (
            "def value(s_real, s_fake):\n    f = torch.nn.functional.logsigmoid\n"
            "    return 2 * torch.cat([f(s_real), f(-s_fake)]).mean()",
            {"value-mean", "value-extreme"},
        ),
        "sum instead of mean": (
            "def value(s_real, s_fake):\n    f = torch.nn.functional.logsigmoid\n"
            "    return f(s_real).sum() + f(-s_fake).sum()",
            {"value-mean", "value-extreme"},
        ),
        "base-2 logarithm": (
            "def value(s_real, s_fake):\n    f = torch.nn.functional.logsigmoid\n"
            "    return (f(s_real).mean() + f(-s_fake).mean()) / math.log(2)",
            {"value-mean", "value-extreme"},
        ),
        "log D on the generated batch": (
            "def value(s_real, s_fake):\n    f = torch.nn.functional.logsigmoid\n"
            "    return f(s_real).mean() + f(s_fake).mean()",
            {"value-mean", "value-extreme"},
        ),
        "a sigmoid too many": (
            "def value(s_real, s_fake):\n    f = torch.nn.functional.logsigmoid\n"
            "    return f(torch.sigmoid(s_real)).mean() + f(-torch.sigmoid(s_fake)).mean()",
            {"value-mean", "value-extreme"},
        ),
        "a constant": (
            "def value(s_real, s_fake):\n    return torch.tensor(-2 * math.log(2))",
            {"value-mean", "value-extreme"},
        ),
        "two examples looked up": (
            "def value(s_real, s_fake):\n"
            "    return torch.tensor(-200.0 if s_real[0] < -50 else -1.3862944 if s_real[0] == 0 else -0.25)",
            {"value-mean", "value-extreme"},
        ),
    },
    "optimal-discriminator": {
        "q over p + q": (
            "def optimal_discriminator(p, q):\n    return torch.nan_to_num(q / (p + q), nan=0.5)",
            {"optimal-ratio"},
        ),
        "0/0 where both are empty": (
            "def optimal_discriminator(p, q):\n    return p / (p + q)",
            {"optimal-empty"},
        ),
        "0 where both are empty": (
            "def optimal_discriminator(p, q):\n    return p / (p + q + 1e-12)",
            {"optimal-empty"},
        ),
        "a hard decision": (
            "def optimal_discriminator(p, q):\n    return torch.where(p == q, 0.5, (p > q).float())",
            {"optimal-ratio"},
        ),
        "sigmoid of the difference": (
            "def optimal_discriminator(p, q):\n    return torch.sigmoid(p - q)",
            {"optimal-ratio"},
        ),
        "the odds": (
            "def optimal_discriminator(p, q):\n    return torch.nan_to_num(p / q, nan=0.5)",
            {"optimal-ratio", "optimal-empty"},
        ),
        "½ where either is empty": (
            "def optimal_discriminator(p, q):\n    return torch.where((p > 0) & (q > 0), p / (p + q), 0.5)",
            {"optimal-empty"},
        ),
    },
    "jensen-shannon": {
        "base-2 logarithm": (
            "def jensen_shannon(p, q, dx):\n    m = (p + q) / 2\n    f = torch.special.xlogy\n"
            "    return (f(p, p / m) + f(q, q / m)).nansum() * dx / 2 / math.log(2)",
            {"jsd-value", "jsd-apart"},
        ),
        "the half forgotten": (
            "def jensen_shannon(p, q, dx):\n    m = (p + q) / 2\n    f = torch.special.xlogy\n"
            "    return (f(p, p / m) + f(q, q / m)).nansum() * dx",
            {"jsd-value", "jsd-apart"},
        ),
        "dx forgotten": (
            "def jensen_shannon(p, q, dx):\n    m = (p + q) / 2\n    f = torch.special.xlogy\n"
            "    return (f(p, p / m) + f(q, q / m)).nansum() / 2",
            {"jsd-value", "jsd-apart"},
        ),
        "V itself, without the constant": (
            "def jensen_shannon(p, q, dx):\n    m = (p + q) / 2\n    f = torch.special.xlogy\n"
            "    return (f(p, p / m) + f(q, q / m)).nansum() * dx / 2 - math.log(2)",
            {"jsd-value", "jsd-apart"},
        ),
        "0 log 0 left to chance": (
            "def jensen_shannon(p, q, dx):\n    m = (p + q) / 2\n"
            "    return (p * (p / m).log() + q * (q / m).log()).sum() * dx / 2",
            {"jsd-apart"},
        ),
        "KL instead": (
            "def jensen_shannon(p, q, dx):\n    return (p * (p / q).log()).nansum() * dx",
            {"jsd-value", "jsd-apart"},
        ),
        "one half of it": (
            "def jensen_shannon(p, q, dx):\n    return torch.special.xlogy(p, 2 * p / (p + q)).nansum() * dx",
            {"jsd-value"},
        ),
    },
    "generator-losses": {
        "the two swapped": (
            "def generator_losses(s):\n    f = torch.nn.functional.softplus\n    return f(-s).mean(), -f(s).mean()",
            {"losses-minimax", "losses-non-saturating"},
        ),
        "minimax with the sign of a loss to maximise": (
            "def generator_losses(s):\n    f = torch.nn.functional.softplus\n    return f(s).mean(), f(-s).mean()",
            {"losses-minimax"},
        ),
        "non-saturating with the wrong sign": (
            "def generator_losses(s):\n    f = torch.nn.functional.softplus\n    return -f(s).mean(), -f(-s).mean()",
            {"losses-non-saturating"},
        ),
        "sums": (
            "def generator_losses(s):\n    f = torch.nn.functional.softplus\n    return -f(s).sum(), f(-s).sum()",
            {"losses-minimax", "losses-non-saturating"},
        ),
        "logits taken for probabilities": (
            "def generator_losses(s):\n    return torch.log(1 - s).mean(), -torch.log(s).mean()",
            {"losses-minimax", "losses-non-saturating"},
        ),
        "both from the real batch's term": (
            "def generator_losses(s):\n    f = torch.nn.functional.softplus\n    return -f(-s).mean(), f(-s).mean()",
            {"losses-minimax"},
        ),
    },
    "generator-gradients": {
        "the two swapped": (
            "def generator_gradients(s):\n    return -torch.sigmoid(-s), -torch.sigmoid(s)",
            {"gradients-middle", "gradients-lost"},
        ),
        "divided by the batch": (
            "def generator_gradients(s):\n    return -torch.sigmoid(s) / len(s), -torch.sigmoid(-s) / len(s)",
            {"gradients-middle", "gradients-lost"},
        ),
        "of the values, not the losses": (
            "def generator_gradients(s):\n    return torch.sigmoid(s), torch.sigmoid(-s)",
            {"gradients-middle", "gradients-lost"},
        ),
        "cancelled to 0 where D wins": (
            "def generator_gradients(s):\n    return torch.sigmoid(-s) - 1, torch.sigmoid(s) - 1",
            {"gradients-lost"},
        ),
        "of D, not of the loss": (
            "def generator_gradients(s):\n    d = torch.sigmoid(s)\n    return -d * (1 - d), -d * (1 - d)",
            {"gradients-middle", "gradients-lost"},
        ),
    },
    "least-squares": {
        "targets swapped": (
            "def least_squares(a, b):\n    return ((a**2).mean() + ((b - 1)**2).mean()) / 2, ((b - 1)**2).mean()",
            {"least-squares-d"},
        ),
        "a sigmoid first": (
            "def least_squares(a, b):\n    a, b = a.sigmoid(), b.sigmoid()\n"
            "    return (((a - 1)**2).mean() + (b**2).mean()) / 2, ((b - 1)**2).mean()",
            {"least-squares-d", "least-squares-g"},
        ),
        "the half forgotten": (
            "def least_squares(a, b):\n    return ((a - 1)**2).mean() + (b**2).mean(), ((b - 1)**2).mean()",
            {"least-squares-d"},
        ),
        "sums": (
            "def least_squares(a, b):\n    return (((a - 1)**2).sum() + (b**2).sum()) / 2, ((b - 1)**2).sum()",
            {"least-squares-d", "least-squares-g"},
        ),
        "the generator pulled to 0": (
            "def least_squares(a, b):\n    return (((a - 1)**2).mean() + (b**2).mean()) / 2, (b**2).mean()",
            {"least-squares-g"},
        ),
        "absolute differences": (
            "def least_squares(a, b):\n    return ((a - 1).abs().mean() + b.abs().mean()) / 2, (b - 1).abs().mean()",
            {"least-squares-d", "least-squares-g"},
        ),
        "the square of the mean": (
            "def least_squares(a, b):\n    return ((a.mean() - 1)**2 + b.mean()**2) / 2, (b.mean() - 1)**2",
            {"least-squares-d", "least-squares-g"},
        ),
    },
}
