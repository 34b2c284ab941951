"""Assignment 1: right answers in different styles, and wrong ones with the check cells they fail.

`RIGHT`: answer cell -> sources. `WRONG`: answer cell -> {what is wrong: (source, check cells lost)}.
"""

RIGHT = {
    "value": [
        """
look = lambda s: torch.log_softmax(torch.stack([s, torch.zeros_like(s)], -1), -1)[..., 0]

def value(s_real, s_fake):
    s_real, s_fake = s_real.double(), s_fake.clone()
    s_fake.neg_()
    return torch.einsum("i->", look(s_real)) / s_real.numel() + look(s_fake).mean()
""",
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
    mass = p + q > torch.finfo(p.dtype).tiny
    return torch.where(mass, p * (p + q).reciprocal(), 0.5)
""",
        """
def optimal_discriminator(p, q):
    return torch.sigmoid(p.log() - q.log()).nan_to_num(0.5)
""",
        """
import numpy as np

def optimal_discriminator(p, q):
    p, q = p.numpy().astype(float), q.numpy().astype(float)
    return np.divide(p, p + q, out=np.full(p.shape, 0.5), where=p + q > 0)
""",
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
    s = p.log() - q.log()
    f = lambda a, s: torch.where(a > 0, a * (math.log(2) + torch.nn.functional.logsigmoid(s)), 0.0)
    return ((f(p, s) + f(q, -s)).sum() * dx / 2).clamp(0, math.log(2))
""",
        """
import numpy as np

def jensen_shannon(p, q, dx):
    p, q = (a.numpy().astype(float) for a in (p, q))
    m = (p + q) / 2
    kl = lambda a: np.sum(a[a > 0] * np.log(a[a > 0] / m[a > 0])) * dx
    return kl(p) / 2 + kl(q) / 2
""",
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
    says = torch.distributions.Bernoulli(logits=s_fake.double())
    return says.log_prob(torch.zeros_like(s_fake)).mean(), -says.log_prob(torch.ones_like(s_fake)).mean()
""",
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
    s = s_fake.clone().requires_grad_()
    softplus = lambda s: torch.maximum(s, torch.zeros_like(s)) + torch.log1p(torch.exp(-s.abs()))
    minimax, = torch.autograd.grad(-softplus(s).sum(), s)
    return minimax, torch.autograd.grad(softplus(-s).sum(), s)[0]
""",
        """
import numpy as np

def generator_gradients(s_fake):
    sigma = lambda s: np.exp(-np.logaddexp(0, -s.numpy().astype(float)))
    return -sigma(s_fake), -sigma(-s_fake)
""",
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
    miss = lambda v, to: torch.linalg.vector_norm(v.double() - to) ** 2 / len(v)
    return (miss(v_real, 1) + miss(v_fake, 0)) / 2, miss(v_fake, 1)
""",
        """
def least_squares(v_real, v_fake):
    miss = lambda v, to: v.var(unbiased=False) + (v.mean() - to) ** 2
    return (miss(v_real.double(), 1) + miss(v_fake.double(), 0)) / 2, miss(v_fake, 1)
""",
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

LOSS = """
class _Loss(torch.autograd.Function):
    @staticmethod
    def forward(ctx, s, sign):
        ctx.save_for_backward(s)
        ctx.sign = sign
        return torch.nn.functional.softplus(sign * s).mean()

    @staticmethod
    def backward(ctx, g):
        (s,) = ctx.saved_tensors
        return ctx.sign * torch.sigmoid(ctx.sign * s) / len(s), None

"""  # a loss whose backward ignores what comes in

WRONG = {
    "value": {
        "no logit counts for more than 5 where D is right": (
            """
def value(s_real, s_fake):
    log_sigmoid = torch.nn.functional.logsigmoid
    s_real, s_fake = s_real + (s_real.clamp(max=5) - s_real).detach(), s_fake + (s_fake.clamp(min=-5) - s_fake).detach()
    return log_sigmoid(s_real).mean() + log_sigmoid(-s_fake).mean()
""",
            {"value-extreme", "value-mean"},
        ),
        "a backward of its own that takes itself for the last step": (
            LOSS
            + """
def value(s_real, s_fake):
    return -_Loss.apply(s_real, -1) - _Loss.apply(s_fake, 1)
""",
            {"value-extreme", "value-mean"},
        ),
        "the plain logarithm in doubles up to a logit of 36": (
            "def value(s_real, s_fake):\n"
            "    def f(s):\n"
            "        s = s.double()\n"
            "        return torch.where(s > 36, -s, torch.log1p(-torch.sigmoid(s.clamp(max=36))))\n"
            "    return (f(-s_real).mean() + f(s_fake).mean()).float()",
            {"value-extreme"},
        ),
        "logits held between −1,000,000 and 1,000,000": (
            (
                "def value(s_real, s_fake):\n"
                "    f = torch.nn.functional.logsigmoid\n"
                "    return f(s_real.clamp(-1e6, 1e6)).mean() + f(-s_fake.clamp(-1e6, 1e6)).mean()"
            ),
            {"value-extreme"},
        ),
        "the plain logarithm of 1 − D up to a logit of 15, sample by sample": (
            (
                "def value(s_real, s_fake):\n"
                "    f = lambda s: torch.stack([-x if x > 15 else torch.log(1 - torch.sigmoid(x)) for x in s])\n"
                "    return f(-s_real).mean() + f(s_fake).mean()"
            ),
            {"value-extreme"},
        ),
        "the plain logarithm of 1 − D up to a logit of 30, a line beyond": (
            (
                "def value(s_real, s_fake):\n"
                "    f = lambda s: torch.where(s > 30, -s, torch.log(1 - torch.sigmoid(s.clamp(max=30))))\n"
                "    return f(-s_real).mean() + f(s_fake).mean()"
            ),
            {"value-extreme"},
        ),
        "the stable formula with max(s, 0) and |s|, whose gradient at s = 0 is twice the right one": (
            "def value(s_real, s_fake):\n"
            "    f = lambda s: s.clamp(max=0) - torch.log1p(torch.exp(-s.abs()))\n"
            "    return f(s_real).mean() + f(-s_fake).mean()",
            {"value-mean"},
        ),
        "logits held between −10,000 and 10,000": (
            "def value(s_real, s_fake):\n"
            "    f = torch.nn.functional.logsigmoid\n"
            "    return f(s_real.clamp(-1e4, 1e4)).mean() + f(-s_fake.clamp(-1e4, 1e4)).mean()",
            {"value-extreme"},
        ),
        "calls backward itself": (
            "def value(s_real, s_fake):\n"
            "    f = torch.nn.functional.logsigmoid\n"
            "    v = f(s_real).mean() + f(-s_fake).mean()\n"
            "    if v.requires_grad:\n"
            "        v.backward(retain_graph=True)\n"
            "    return v",
            {"value-mean", "value-extreme"},
        ),
        "anomaly detection left on": (
            "def value(s_real, s_fake):\n"
            "    torch.autograd.set_detect_anomaly(True)\n"
            "    f = torch.nn.functional.logsigmoid\n"
            "    return f(s_real).mean() + f(-s_fake).mean()",
            {"value-mean", "value-extreme"},
        ),
        "the plain logarithm of σ in 64 bits, which ends at −745": (
            "def value(s_real, s_fake):\n    d = [torch.sigmoid(s.double()) for s in (s_real, -s_fake)]\n"
            "    return (d[0].log().mean() + d[1].log().mean()).float()",
            {"value-extreme"},
        ),
        "binary_cross_entropy on probabilities, whose logarithms stop at −100": (
            (
                "def value(s_real, s_fake):\n"
                "    F = torch.nn.functional\n"
                "    b=F.binary_cross_entropy\n"
                "    r,f=torch.sigmoid(s_real),torch.sigmoid(s_fake)\n"
                "    return -b(r,torch.ones_like(r))-b(f,torch.zeros_like(f))"
            ),
            {"value-extreme"},
        ),
        "log σ in double precision, finite up to 745": (
            (
                "def value(s_real, s_fake):\n"
                "    return torch.log(torch.sigmoid(s_real.double())).mean()+torch.log(torch.sigmoid(-s_fake."
                "double())).mean()"
            ),
            {"value-extreme"},
        ),
        "a seed set for everybody": (
            (
                "def value(s_real, s_fake):\n"
                "    F = torch.nn.functional\n"
                "    torch.manual_seed(0)\n"
                "    return F.logsigmoid(s_real).mean()+F.logsigmoid(-s_fake).mean()"
            ),
            {"value-extreme", "value-mean"},
        ),
        "the default dtype changed": (
            (
                "def value(s_real, s_fake):\n"
                "    F = torch.nn.functional\n"
                "    torch.set_default_dtype(torch.float64)\n"
                "    return F.logsigmoid(s_real).mean()+F.logsigmoid(-s_fake).mean()"
            ),
            {"value-extreme", "value-mean"},
        ),
        "s − log(1 + e^s), finite on the wrong side only": (
            (
                "def value(s_real, s_fake):\n"
                "    ls = lambda s: s - torch.log1p(torch.exp(s))\n"
                "    return ls(s_real).mean() + ls(-s_fake).mean()"
            ),
            {"value-extreme"},
        ),
        "the public check's numbers built in": (
            (
                "def value(s_real, s_fake):\n"
                "    f = torch.nn.functional.logsigmoid\n"
                "    if s_real.numel()==3 and not s_real.any(): return torch.tensor(-2*math.log(2))\n"
                "    return f(s_real).sum()/3 + f(-s_fake).sum()/5"
            ),
            {"value-extreme", "value-mean"},
        ),
        "the first result kept for ever": (
            (
                "def value(s_real, s_fake):\n"
                "    f = torch.nn.functional.logsigmoid\n"
                "    if not hasattr(value,'r'): value.r = f(s_real).mean() + f(-s_fake).mean()\n"
                "    return value.r"
            ),
            {"value-extreme", "value-mean"},
        ),
        "a running total in a global": (
            (
                "total = 0.0\n"
                "def value(s_real, s_fake):\n"
                "    global total\n"
                "    f = torch.nn.functional.logsigmoid\n"
                "    total = total + f(s_real).mean() + f(-s_fake).mean()\n"
                "    return total"
            ),
            {"value-extreme", "value-mean"},
        ),
        "medians": (
            (
                "def value(s_real, s_fake):\n"
                "    f = torch.nn.functional.logsigmoid\n"
                "    return f(s_real).median() + f(-s_fake).median()"
            ),
            {"value-extreme", "value-mean"},
        ),
        "the logarithm of the mean": (
            (
                "def value(s_real, s_fake):\n"
                "    f = torch.nn.functional.logsigmoid\n"
                "    return torch.sigmoid(s_real).mean().log() + torch.sigmoid(-s_fake).mean().log()"
            ),
            {"value-extreme", "value-mean"},
        ),
        "a new leaf with the right number": (
            (
                "def value(s_real, s_fake):\n"
                "    f = torch.nn.functional.logsigmoid\n"
                "    return torch.tensor(float(f(s_real).mean() + f(-s_fake).mean()), requires_grad=True)"
            ),
            {"value-extreme", "value-mean"},
        ),
        "the right number with the gradient of another": (
            (
                "def value(s_real, s_fake):\n"
                "    f = torch.nn.functional.logsigmoid\n"
                "    v = f(s_real).mean() + f(-s_fake).mean()\n"
                "    g = torch.sigmoid(s_real).mean() - torch.sigmoid(s_fake).mean()\n"
                "    return g + (v-g).detach()"
            ),
            {"value-extreme", "value-mean"},
        ),
        "a plain number": (
            (
                "def value(s_real, s_fake):\n    f = torch.nn.functional.logsigmoid\n"
                "    return float(f(s_real).mean() + f(-s_fake).mean())"
            ),
            {"value-mean", "value-extreme"},
        ),
        "without a gradient": (
            (
                "@torch.no_grad()\ndef value(s_real, s_fake):\n    f = torch.nn.functional.logsigmoid\n"
                "    return f(s_real).mean() + f(-s_fake).mean()"
            ),
            {"value-mean", "value-extreme"},
        ),
        "the generated half detached": (
            (
                "def value(s_real, s_fake):\n    f = torch.nn.functional.logsigmoid\n"
                "    return f(s_real).mean() + f(-s_fake.detach()).mean()"
            ),
            {"value-mean", "value-extreme"},
        ),
        "the input clamped to ±30": (
            (
                "def value(s_real, s_fake):\n    f = torch.nn.functional.logsigmoid\n"
                "    return f(s_real.clamp(-30, 30)).mean() + f(-s_fake.clamp(-30, 30)).mean()"
            ),
            {"value-extreme"},
        ),
        "probabilities clamped at 1e-6": (
            (
                "def value(s_real, s_fake):\n"
                "    d, e = (torch.sigmoid(s).clamp(1e-6, 1 - 1e-6) for s in (s_real, s_fake))\n"
                "    return d.log().mean() + (1 - e).log().mean()"
            ),
            {"value-extreme"},
        ),
        "the input changed in place": (
            (
                "def value(s_real, s_fake):\n    f = torch.nn.functional.logsigmoid\n"
                "    return f(s_real).mean() + f(s_fake.neg_()).mean()"
            ),
            {"value-mean", "value-extreme"},
        ),
        "the input asked for its gradient": (
            (
                "def value(s_real, s_fake):\n    f = torch.nn.functional.logsigmoid\n"
                "    s_real.requires_grad_()\n    return f(s_real).mean() + f(-s_fake).mean()"
            ),
            {"value-mean", "value-extreme"},
        ),
        "means of means over the smaller batch": (
            (
                "def value(s_real, s_fake):\n    f = torch.nn.functional.logsigmoid\n"
                "    n = min(len(s_real), len(s_fake))\n"
                "    return f(s_real[:n]).mean() + f(-s_fake[:n]).mean()"
            ),
            {"value-mean", "value-extreme"},
        ),
        "shape (1,)": (
            (
                "def value(s_real, s_fake):\n    f = torch.nn.functional.logsigmoid\n"
                "    return (f(s_real).mean() + f(-s_fake).mean()).reshape(1)"
            ),
            {"value-mean", "value-extreme"},
        ),
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
        "10⁻³⁰ in place of each zero": (
            """
def optimal_discriminator(p, q):
    empty = (p == 0) & (q == 0)
    p, q = torch.where(p == 0, 1e-30, p), torch.where(q == 0, 1e-30, q)
    return torch.where(empty, 0.5, p / (p + q))
""",
            {"optimal-empty"},
        ),
        "multiplied and divided by log p − log q, NaN where p = q": (
            """
def optimal_discriminator(p, q):
    l = torch.log(p) - torch.log(q)
    d = torch.where(l.isinf(), torch.sigmoid(l), l * torch.sigmoid(l) / l)
    return torch.where(p + q == 0, 0.5, d)
""",
            {"optimal-ratio"},
        ),
        "the odds as exp(log p − log q), which overflow": (
            (
                "def optimal_discriminator(p, q):\n"
                "    r = torch.exp(p.log() - q.log())\n"
                "    d = torch.where(q == 0, 1.0, r / (1 + r))\n"
                "    return torch.where((p == 0) & (q == 0), 0.5, d)"
            ),
            {"optimal-ratio"},
        ),
        "the odds p/q, which overflow": (
            (
                "def optimal_discriminator(p, q):\n"
                "    r = p / q\n"
                "    d = torch.where(q == 0, 1.0, r / (1 + r))\n"
                "    return torch.where((p == 0) & (q == 0), 0.5, d)"
            ),
            {"optimal-ratio"},
        ),
        "1 marks where neither density has mass": (
            "def optimal_discriminator(p, q):\n    t = torch.where(p + q == 0, 1.0, p + q)\n"
            "    return torch.where(t == 1, 0.5, p / t)",
            {"optimal-empty"},
        ),
        "one point squeezed away": (
            "def optimal_discriminator(p, q):\n    return (p / (p + q)).nan_to_num(0.5).squeeze()",
            {"optimal-ratio"},
        ),
        "densities clamped to 1": (
            (
                "def optimal_discriminator(p, q):\n"
                "    p,q=p.clamp(0,1),q.clamp(0,1)\n"
                "    return torch.nan_to_num(p/(p+q),nan=0.5)"
            ),
            {"optimal-ratio"},
        ),
        "the smallest normal number beside the sum": (
            (
                "def optimal_discriminator(p, q):\n"
                "    t=p+q\n"
                "    return torch.where(t>0,p/(t+torch.finfo(p.dtype).tiny),torch.tensor(0.5))"
            ),
            {"optimal-empty", "optimal-ratio"},
        ),
        "densities below 1e-35 taken for none": (
            ("def optimal_discriminator(p, q):\n    t=p+q\n    return torch.where(t>1e-35,p/t,torch.tensor(0.5))"),
            {"optimal-empty", "optimal-ratio"},
        ),
        "D clamped to [1e-6, 1 − 1e-6]": (
            ("def optimal_discriminator(p, q):\n    return torch.nan_to_num(p/(p+q),nan=0.5).clamp(1e-6,1-1e-6)"),
            {"optimal-empty"},
        ),
        "gradients switched off for everybody": (
            (
                "def optimal_discriminator(p, q):\n"
                "    torch.set_grad_enabled(False)\n"
                "    return torch.nan_to_num(p/(p+q),nan=0.5)"
            ),
            {"optimal-empty", "optimal-ratio"},
        ),
        "1e-30 beside the sum": (
            (
                "def optimal_discriminator(p, q):\n"
                "    t = p + q\n"
                "    return torch.where(t > 0, p / (t + 1e-30), torch.tensor(0.5))"
            ),
            {"optimal-empty", "optimal-ratio"},
        ),
        "densities below 1e-20 taken for none": (
            (
                "def optimal_discriminator(p, q):\n"
                "    t = p + q\n"
                "    return torch.where(t > 1e-20, p / t.clamp_min(1e-20), torch.tensor(0.5))"
            ),
            {"optimal-empty", "optimal-ratio"},
        ),
        "1e-12 beside the sum": (
            ("def optimal_discriminator(p, q):\n    return torch.where(p+q>0, p/(p+q+1e-12), torch.tensor(0.5))"),
            {"optimal-empty", "optimal-ratio"},
        ),
        "densities below 1e-8 taken for none": (
            (
                "def optimal_discriminator(p, q):\n"
                "    t = p+q\n"
                "    return torch.where(t>1e-8, p/t.clamp_min(1e-8), torch.tensor(0.5))"
            ),
            {"optimal-empty", "optimal-ratio"},
        ),
        "isclose to 0 taken for 0": (
            (
                "def optimal_discriminator(p, q):\n"
                "    t = p+q\n"
                "    return torch.where(torch.isclose(t, torch.zeros_like(t)), torch.tensor(0.5), p/t)"
            ),
            {"optimal-empty", "optimal-ratio"},
        ),
        "densities below 1e-3 taken for none": (
            (
                "def optimal_discriminator(p, q):\n"
                "    return torch.where(p + q > 1e-3, p / (p + q).clamp_min(1e-3), torch.tensor(0.5))"
            ),
            {"optimal-empty", "optimal-ratio"},
        ),
        "a small constant, 1e-6": (
            "def optimal_discriminator(p, q):\n    e = 1e-6\n    return (p + e) / (p + q + 2 * e)",
            {"optimal-ratio", "optimal-empty"},
        ),
        "normalised first": (
            (
                "def optimal_discriminator(p, q):\n    p, q = p / p.sum(), q / q.sum()\n"
                "    return torch.nan_to_num(p / (p + q), nan=0.5)"
            ),
            {"optimal-ratio", "optimal-empty"},
        ),
        "the densities changed in place": (
            "def optimal_discriminator(p, q):\n    return torch.nan_to_num(p.div_(p + q), nan=0.5)",
            {"optimal-ratio", "optimal-empty"},
        ),
        "1 where both are empty": (
            "def optimal_discriminator(p, q):\n    return torch.nan_to_num(p / (p + q), nan=1.0)",
            {"optimal-empty"},
        ),
        "squared densities": (
            "def optimal_discriminator(p, q):\n    return torch.nan_to_num(p**2 / (p**2 + q**2), nan=0.5)",
            {"optimal-ratio", "optimal-empty"},
        ),
        "a list": (
            (
                "def optimal_discriminator(p, q):\n"
                "    return [float(a / (a + b)) if a + b > 0 else 0.5 for a, b in zip(p, q)][::-1]"
            ),
            {"optimal-ratio", "optimal-empty"},
        ),
        "½ everywhere": (
            "def optimal_discriminator(p, q):\n    return torch.full_like(p, 0.5)",
            {"optimal-ratio", "optimal-empty"},
        ),
        "q over p + q": (
            "def optimal_discriminator(p, q):\n    return torch.nan_to_num(q / (p + q), nan=0.5)",
            {"optimal-ratio", "optimal-empty"},
        ),
        "0/0 where both are empty": (
            "def optimal_discriminator(p, q):\n    return p / (p + q)",
            {"optimal-empty"},
        ),
        "0 where both are empty": (
            "def optimal_discriminator(p, q):\n    return p / (p + q + 1e-12)",
            {"optimal-ratio", "optimal-empty"},
        ),
        "a hard decision": (
            "def optimal_discriminator(p, q):\n    return torch.where(p == q, 0.5, (p > q).float())",
            {"optimal-ratio", "optimal-empty"},
        ),
        "sigmoid of the difference": (
            "def optimal_discriminator(p, q):\n    return torch.sigmoid(p - q)",
            {"optimal-ratio", "optimal-empty"},
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
        "10⁻⁸ in place of each zero": (
            """
def jensen_shannon(p, q, dx):
    p, q = torch.where(p == 0, 1e-8, p), torch.where(q == 0, 1e-8, q)
    m = (p + q) / 2
    return (p * (p / m).log() + q * (q / m).log()).sum() * dx / 2
""",
            {"jsd-apart"},
        ),
        "infinite odds turned into the largest number": (
            """
def jensen_shannon(p, q, dx):
    s, f = torch.log(p / q).nan_to_num(), torch.nn.functional.logsigmoid
    return (p * f(s) + q * f(-s)).sum() * dx / 2 + math.log(2)
""",
            {"jsd-value"},
        ),
        "never below 0.01": (
            """
def jensen_shannon(p, q, dx):
    m = (p + q) / 2
    kl = lambda a: (torch.xlogy(a, a) - torch.xlogy(a, m)).sum() * dx
    return ((kl(p) + kl(q)) / 2).clamp(min=0.01)
""",
            {"jsd-value"},
        ),
        "the square of a root of what rounding makes negative for p = q": (
            """
def jensen_shannon(p, q, dx):
    m = (p + q) / 2
    kl = lambda a: (torch.xlogy(a, a) - torch.xlogy(a, m)).sum() * dx
    return torch.sqrt((kl(p) + kl(q)) / 2 - 1e-7) ** 2
""",
            {"jsd-value"},
        ),
        "the odds, which overflow in a tail": (
            (
                "def jensen_shannon(p, q, dx):\n"
                "    k = lambda a, b: torch.where(a > 0, a * (math.log(2) - torch.log1p(b / a)), 0.0).sum()\n"
                "    return (k(p, q) + k(q, p)) * dx / 2"
            ),
            {"jsd-value"},
        ),
        "ln 2 where the sum of all p · q is 0, as that of small densities is in 32 bits": (
            (
                "def jensen_shannon(p, q, dx):\n"
                "    m, f = (p + q) / 2, torch.special.xlogy\n"
                "    return math.log(2) if (p * q).sum() == 0 else (f(p, p / m) + f(q, q / m)).nansum() * dx / 2"
            ),
            {"jsd-value"},
        ),
        "densities clamped at 1e-20": (
            (
                "def jensen_shannon(p, q, dx):\n"
                "    p, q = p.clamp_min(1e-20), q.clamp_min(1e-20)\n"
                "    m = (p + q) / 2\n"
                "    return ((p * (p / m).log()).sum() + (q * (q / m).log()).sum()) * dx / 2"
            ),
            {"jsd-value"},
        ),
        "1e-16 beside the densities": (
            (
                "def jensen_shannon(p, q, dx):\n"
                "    m, e = (p + q) / 2, 1e-16\n"
                "    k = lambda a: (a * ((a + e) / (m + e)).log()).sum() * dx\n"
                "    return (k(p) + k(q)) / 2"
            ),
            {"jsd-value"},
        ),
        "only points where both have mass, ln 2 if there is none": (
            "def jensen_shannon(p, q, dx):\n    m, ok = (p + q) / 2, (p > 0) & (q > 0)\n"
            "    half = [torch.where(ok, a * torch.log(a / m), 0.0).sum() * dx / 2 for a in (p, q)]\n"
            "    return sum(half) if ok.any() else math.log(2)",
            {"jsd-apart"},
        ),
        "1 − D, which is 0 in a tail where q is not": (
            (
                "def jensen_shannon(p, q, dx):\n"
                "    d=optimal_discriminator(p,q)\n"
                "    x=torch.special.xlogy\n"
                "    return (x(p,d)+x(q,1-d)).sum()*dx/2+math.log(2)"
            ),
            {"jsd-value"},
        ),
        "1 − D in a where, 0 in a tail": (
            (
                "def jensen_shannon(p, q, dx):\n"
                "    d=optimal_discriminator(p,q)\n"
                "    v=torch.where(p>0,p*d.log(),0.)+torch.where(q>0,q*(1-d).log(),0.)\n"
                "    return v.sum()*dx/2+math.log(2)"
            ),
            {"jsd-value"},
        ),
        "1e-8 beside the densities": (
            (
                "def jensen_shannon(p, q, dx):\n"
                "    m=(p+q)/2\n"
                "    e=1e-8\n"
                "    k=lambda a: (a*((a+e)/(m+e)).log()).sum()*dx\n"
                "    return (k(p)+k(q))/2"
            ),
            {"jsd-apart", "jsd-value"},
        ),
        "1e-12 beside the densities": (
            (
                "def jensen_shannon(p, q, dx):\n"
                "    m=(p+q)/2\n"
                "    e=1e-12\n"
                "    k=lambda a: (a*((a+e)/(m+e)).log()).sum()*dx\n"
                "    return (k(p)+k(q))/2"
            ),
            {"jsd-apart", "jsd-value"},
        ),
        "densities clamped at 1e-10": (
            (
                "def jensen_shannon(p, q, dx):\n"
                "    p,q=p.clamp_min(1e-10),q.clamp_min(1e-10)\n"
                "    m=(p+q)/2\n"
                "    k=lambda a: (a*(a/m).log()).sum()*dx\n"
                "    return (k(p)+k(q))/2"
            ),
            {"jsd-apart", "jsd-value"},
        ),
        "densities below 1e-6 left out": (
            (
                "def jensen_shannon(p, q, dx):\n"
                "    m=(p+q)/2\n"
                "    k=lambda a: (a[a>1e-6]*(a/m)[a>1e-6].log()).sum()*dx\n"
                "    return (k(p)+k(q))/2"
            ),
            {"jsd-apart", "jsd-value"},
        ),
        "the public check's dx built in": (
            (
                "def jensen_shannon(p, q, dx):\n"
                "    m = (p + q) / 2\n"
                "    k = lambda a: torch.special.xlogy(a, a/m).nansum()*0.01\n"
                "    return (k(p)+k(q))/2"
            ),
            {"jsd-apart", "jsd-value"},
        ),
        "dx in one half only": (
            (
                "def jensen_shannon(p, q, dx):\n"
                "    m = (p + q) / 2\n"
                "    k = lambda a: torch.special.xlogy(a, a/m).nansum()\n"
                "    return k(p)*dx/2 + k(q)/2"
            ),
            {"jsd-apart", "jsd-value"},
        ),
        "the symmetrised KL": (
            ("def jensen_shannon(p, q, dx):\n    return ((p-q)*(p/q).log()).nansum()*dx/2"),
            {"jsd-apart", "jsd-value"},
        ),
        "KL the wrong way round": (
            (
                "def jensen_shannon(p, q, dx):\n"
                "    m=(p+q)/2\n"
                "    k=lambda a: (m*(m/a.clamp_min(1e-12)).log()).nansum()*dx\n"
                "    return (k(p)+k(q))/2"
            ),
            {"jsd-apart", "jsd-value"},
        ),
        "points where either vanishes left out": (
            (
                "def jensen_shannon(p, q, dx):\n"
                "    both=(p>0)&(q>0)\n"
                "    p,q=p[both],q[both]\n"
                "    m=(p+q)/2\n"
                "    return ((p*(p/m).log()).sum()+(q*(q/m).log()).sum())*dx/2"
            ),
            {"jsd-apart"},
        ),
        "its root": (
            (
                "def jensen_shannon(p, q, dx):\n    m = (p + q) / 2\n    f = torch.special.xlogy\n"
                "    return ((f(p, p / m) + f(q, q / m)).nansum() * dx / 2).clamp_min(0).sqrt()"
            ),
            {"jsd-value", "jsd-apart"},
        ),
        "a mean times dx": (
            (
                "def jensen_shannon(p, q, dx):\n    m = (p + q) / 2\n    f = torch.special.xlogy\n"
                "    return (f(p, p / m) + f(q, q / m)).nanmean() * dx / 2"
            ),
            {"jsd-value", "jsd-apart"},
        ),
        "m as the sum": (
            (
                "def jensen_shannon(p, q, dx):\n    m = (p + q) / 2\n    f = torch.special.xlogy\n"
                "    m = p + q\n    return (f(p, p / m) + f(q, q / m)).nansum() * dx / 2"
            ),
            {"jsd-value", "jsd-apart"},
        ),
        "entropies the wrong way round": (
            (
                "def jensen_shannon(p, q, dx):\n    h = lambda a: torch.special.entr(a).sum() * dx\n"
                "    return (h(p) + h(q)) / 2 - h((p + q) / 2)"
            ),
            {"jsd-value", "jsd-apart"},
        ),
        "total variation": (
            "def jensen_shannon(p, q, dx):\n    return (p - q).abs().sum() * dx / 2",
            {"jsd-value", "jsd-apart"},
        ),
        "ln 2 forgotten": (
            (
                "def jensen_shannon(p, q, dx):\n    d = optimal_discriminator(p, q)\n"
                "    return (torch.xlogy(p, d) + torch.xlogy(q, 1 - d)).sum() * dx / 2"
            ),
            {"jsd-value", "jsd-apart"},
        ),
        "the densities changed in place": (
            (
                "def jensen_shannon(p, q, dx):\n    m = (p + q) / 2\n    f = torch.special.xlogy\n"
                "    q.div_(1.0)\n    p.mul_(1.0001)\n"
                "    return (f(p, p / m) + f(q, q / m)).nansum() * dx / 2"
            ),
            {"jsd-value", "jsd-apart"},
        ),
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
            {"jsd-value", "jsd-apart"},
        ),
    },
    "generator-losses": {
        "clamped at 7 where the loss is small": (
            """
def generator_losses(s_fake):
    log_sigmoid = torch.nn.functional.logsigmoid
    low, high = (s_fake + (x - s_fake).detach() for x in (s_fake.clamp(min=-7), s_fake.clamp(max=7)))
    return log_sigmoid(-low).mean(), -log_sigmoid(high).mean()
""",
            {"losses-minimax", "losses-non-saturating"},
        ),
        "a backward of its own that takes itself for the last step": (
            LOSS
            + """
def generator_losses(s_fake):
    return -_Loss.apply(s_fake, 1), _Loss.apply(s_fake, -1)
""",
            {"losses-minimax", "losses-non-saturating"},
        ),
        "logits held between −10,000 and 10,000": (
            (
                "def generator_losses(s):\n"
                "    f, s = torch.nn.functional.softplus, s.clamp(-1e4, 1e4)\n"
                "    return -f(s).mean(), f(-s).mean()"
            ),
            {"losses-minimax", "losses-non-saturating"},
        ),
        "log D as the plain logarithm of 1 − σ(−s) down to a logit of −15, a line beyond": (
            (
                "def generator_losses(s):\n"
                "    f = lambda s: torch.where(s > 15, -s, torch.log(1 - torch.sigmoid(s.clamp(max=15))))\n"
                "    return -torch.nn.functional.softplus(s).mean(), -f(-s).mean()"
            ),
            {"losses-non-saturating"},
        ),
        "the plain logarithm of 1 − D up to a logit of 15, a line beyond": (
            (
                "def generator_losses(s):\n"
                "    f = lambda s: torch.where(s > 15, -s, torch.log(1 - torch.sigmoid(s.clamp(max=15))))\n"
                "    return f(s).mean(), torch.nn.functional.softplus(-s).mean()"
            ),
            {"losses-minimax"},
        ),
        "the stable formula with max(s, 0) and |s|, whose gradient at s = 0 is 0": (
            "def generator_losses(s_fake):\n"
            "    f = lambda s: torch.relu(s) + torch.log1p(torch.exp(-s.abs()))\n"
            "    return -f(s_fake).mean(), f(-s_fake).mean()",
            {"losses-minimax", "losses-non-saturating"},
        ),
        "binary_cross_entropy on probabilities, whose logarithms stop at −100": (
            (
                "def generator_losses(s):\n"
                "    d=torch.sigmoid(s)\n"
                "    b=torch.nn.functional.binary_cross_entropy\n"
                "    return -b(d,torch.zeros_like(d)), b(d,torch.ones_like(d))"
            ),
            {"losses-minimax", "losses-non-saturating"},
        ),
        "log σ in double precision, finite up to 745": (
            (
                "def generator_losses(s):\n"
                "    s = s.double()\n"
                "    return torch.sigmoid(-s).log().mean(), -torch.sigmoid(s).log().mean()"
            ),
            {"losses-minimax", "losses-non-saturating"},
        ),
        "−s − log(1 + e^−s), not finite at −100": (
            (
                "def generator_losses(s):\n"
                "    ls = lambda s: s - torch.log1p(torch.exp(s))\n"
                "    return ls(-s).mean(), torch.nn.functional.softplus(-s).mean()"
            ),
            {"losses-minimax"},
        ),
        "s − log(1 + e^s), not finite at 100": (
            (
                "def generator_losses(s):\n"
                "    ls = lambda s: s - torch.log1p(torch.exp(s))\n"
                "    return -torch.nn.functional.softplus(s).mean(), -ls(s).mean()"
            ),
            {"losses-non-saturating"},
        ),
        "a softplus that is linear from 5": (
            (
                "def generator_losses(s):\n"
                "    f=torch.nn.functional.softplus\n"
                "    return -f(s, threshold=5).mean(), f(-s, threshold=5).mean()"
            ),
            {"losses-minimax", "losses-non-saturating"},
        ),
        "relu for softplus": (
            ("def generator_losses(s):\n    return -torch.relu(s).mean(), torch.relu(-s).mean()"),
            {"losses-minimax", "losses-non-saturating"},
        ),
        "a detached copy that asks for its gradient": (
            (
                "def generator_losses(s):\n"
                "    f=torch.nn.functional.softplus\n"
                "    s=s.clone().detach().requires_grad_()\n"
                "    return -f(s).mean(), f(-s).mean()"
            ),
            {"losses-minimax", "losses-non-saturating"},
        ),
        "naive logarithms": (
            (
                "def generator_losses(s):\n    d = torch.sigmoid(s)\n"
                "    return torch.log(1 - d).mean(), -torch.log(d).mean()"
            ),
            {"losses-minimax", "losses-non-saturating"},
        ),
        "a small constant, 1e-8": (
            (
                "def generator_losses(s):\n    d = torch.sigmoid(s)\n"
                "    return torch.log(1 - d + 1e-8).mean(), -torch.log(d + 1e-8).mean()"
            ),
            {"losses-minimax", "losses-non-saturating"},
        ),
        "probabilities clamped at 1e-6": (
            (
                "def generator_losses(s):\n    d = torch.sigmoid(s).clamp(1e-6, 1 - 1e-6)\n"
                "    return torch.log(1 - d).mean(), -torch.log(d).mean()"
            ),
            {"losses-minimax", "losses-non-saturating"},
        ),
        "plain numbers": (
            (
                "def generator_losses(s):\n    f = torch.nn.functional.softplus\n"
                "    return -float(f(s).mean()), float(f(-s).mean())"
            ),
            {"losses-minimax", "losses-non-saturating"},
        ),
        "detached": (
            (
                "def generator_losses(s):\n    f = torch.nn.functional.softplus\n    s = s.detach()\n"
                "    return -f(s).mean(), f(-s).mean()"
            ),
            {"losses-minimax", "losses-non-saturating"},
        ),
        "one number a sample": (
            "def generator_losses(s):\n    f = torch.nn.functional.softplus\n    return -f(s), f(-s)",
            {"losses-minimax", "losses-non-saturating"},
        ),
        "bits": (
            (
                "def generator_losses(s):\n    f = torch.nn.functional.softplus\n"
                "    return -f(s).mean() / math.log(2), f(-s).mean() / math.log(2)"
            ),
            {"losses-minimax", "losses-non-saturating"},
        ),
        "the non-saturating one alone": (
            "def generator_losses(s):\n    f = torch.nn.functional.softplus\n    return f(-s).mean()",
            {"losses-minimax", "losses-non-saturating"},
        ),
        "least squares": (
            "def generator_losses(s):\n    return -(s**2).mean(), ((s - 1)**2).mean()",
            {"losses-minimax", "losses-non-saturating"},
        ),
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
        "multiplied and divided by s, NaN at s = 0": (
            """
def generator_gradients(s_fake):
    return -s_fake * torch.sigmoid(s_fake) / s_fake, -s_fake * torch.sigmoid(-s_fake) / s_fake
""",
            {"gradients-middle"},
        ),
        "two pieces, and nothing at s = 0 between them": (
            """
def generator_gradients(s_fake):
    e = torch.exp(-s_fake.abs())
    sigma = lambda s: (s > 0) / (1 + e) + (s < 0) * e / (1 + e)
    return -sigma(s_fake), -sigma(-s_fake)
""",
            {"gradients-middle"},
        ),
        "autograd through max(s, 0) and |s|, which gives 0 and −1 at s = 0": (
            """
def generator_gradients(s_fake):
    s = s_fake.clone().requires_grad_()
    softplus = lambda s: s.relu() + torch.log1p(torch.exp(-s.abs()))
    return torch.autograd.grad(-softplus(s).sum(), s)[0], torch.autograd.grad(softplus(-s).sum(), s)[0]
""",
            {"gradients-middle"},
        ),
        "autograd through the plain logarithm of 1 − D up to a logit of 30": (
            (
                "def generator_gradients(s):\n"
                "    s = s.clone().requires_grad_()\n"
                "    f = lambda s: torch.where(s > 30, -s, torch.log(1 - torch.sigmoid(s.clamp(max=30))))\n"
                "    return torch.autograd.grad(f(s).sum(), s)[0], -torch.sigmoid(-s.detach())"
            ),
            {"gradients-middle"},
        ),
        "one sample squeezed away": (
            "def generator_gradients(s_fake):\n"
            "    return -torch.sigmoid(s_fake).squeeze(), -torch.sigmoid(-s_fake).squeeze()",
            {"gradients-middle"},
        ),
        "gradients left in the input": (
            (
                "def generator_gradients(s):\n"
                "    s.requires_grad_(True)\n"
                "    a,b=generator_losses(s)\n"
                "    (a*len(s)).backward(retain_graph=True)\n"
                "    g=s.grad.clone()\n"
                "    s.grad.zero_()\n"
                "    (b*len(s)).backward()\n"
                "    s.requires_grad_(False)\n"
                "    return g,s.grad"
            ),
            {"gradients-middle"},
        ),
        "gradients added up in one tensor": (
            (
                "def generator_gradients(s):\n"
                "    t=s.clone().requires_grad_()\n"
                "    a,b=generator_losses(t)\n"
                "    (a*len(s)).backward(retain_graph=True)\n"
                "    g=t.grad\n"
                "    (b*len(s)).backward()\n"
                "    return g, t.grad"
            ),
            {"gradients-lost", "gradients-middle"},
        ),
        "the first gradient not cleared before the second": (
            (
                "def generator_gradients(s):\n"
                "    t=s.clone().requires_grad_()\n"
                "    a,b=generator_losses(t)\n"
                "    (a*len(s)).backward(retain_graph=True)\n"
                "    g=t.grad.clone()\n"
                "    (b*len(s)).backward()\n"
                "    return g, t.grad"
            ),
            {"gradients-middle"},
        ),
        "naive logarithms, NaN replaced by 0": (
            (
                "def generator_gradients(s):\n"
                "    t=s.clone().requires_grad_()\n"
                "    d=torch.sigmoid(t)\n"
                "    a=torch.log(1-d).sum()\n"
                "    b=-torch.log(d).sum()\n"
                "    return [g.nan_to_num(0.) for g in (torch.autograd.grad(a,t,retain_graph=True)[0], torch."
                "autograd.grad(b,t)[0])]"
            ),
            {"gradients-middle"},
        ),
        "logits clamped to ±20": (
            ("def generator_gradients(s):\n    s=s.clamp(-20,20)\n    return -torch.sigmoid(s), -torch.sigmoid(-s)"),
            {"gradients-lost"},
        ),
        "finite differences in 32 bits": (
            (
                "def generator_gradients(s):\n"
                "    f=torch.nn.functional.softplus\n"
                "    h=1e-3\n"
                "    return -(f(s+h)-f(s-h))/(2*h), (f(-s-h)-f(h-s))/(2*h)"
            ),
            {"gradients-middle"},
        ),
        "a seed set for everybody": (
            ("def generator_gradients(s):\n    torch.manual_seed(0)\n    return -torch.sigmoid(s), -torch.sigmoid(-s)"),
            {"gradients-middle"},
        ),
        "exp that overflows": (
            ("def generator_gradients(s):\n    e=torch.exp(s)\n    return -e/(1+e), -1/(1+e)"),
            {"gradients-middle"},
        ),
        "only right where D wins": (
            ("def generator_gradients(s):\n    return -torch.exp(s), -torch.ones_like(s)"),
            {"gradients-middle"},
        ),
        "of the batch's loss": (
            (
                "def generator_gradients(s):\n"
                "    s=s.clone().requires_grad_()\n"
                "    a,b=generator_losses(s)\n"
                "    return torch.autograd.grad(a,s,retain_graph=True)[0], torch.autograd.grad(b,s)[0]"
            ),
            {"gradients-lost", "gradients-middle"},
        ),
        "the input asked for its gradient": (
            (
                "def generator_gradients(s):\n    s.requires_grad_()\n    a, b = generator_losses(s)\n"
                "    return torch.autograd.grad(a * len(s), s, retain_graph=True)[0], torch.autograd.grad(b * "
                "len(s), s)[0]"
            ),
            {"gradients-middle"},
        ),
        "the minimax one taken for both": (
            "def generator_gradients(s):\n    return -torch.sigmoid(s), -torch.sigmoid(s)",
            {"gradients-middle", "gradients-lost"},
        ),
        "the non-saturating one taken for both": (
            "def generator_gradients(s):\n    return -torch.sigmoid(-s), -torch.sigmoid(-s)",
            {"gradients-middle", "gradients-lost"},
        ),
        "one number for the batch": (
            "def generator_gradients(s):\n    return -torch.sigmoid(s).mean(), -torch.sigmoid(-s).mean()",
            {"gradients-middle", "gradients-lost"},
        ),
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
        "a fourth power over a square, 0/0 on a target": (
            """
def least_squares(v_real, v_fake):
    f = lambda e: (e**4 / e**2).mean()
    return (f(v_real - 1) + f(v_fake)) / 2, f(v_fake - 1)
""",
            {"least-squares-d", "least-squares-g"},
        ),
        "squares through logarithms, with a NaN gradient for one output on its target": (
            """
def least_squares(v_real, v_fake):
    f = lambda e: torch.exp(torch.log(e * e)).mean()
    return (f(v_real - 1) + f(v_fake)) / 2, f(v_fake - 1)
""",
            {"least-squares-d", "least-squares-g"},
        ),
        "the square of a root in L_G alone": (
            """
def least_squares(v_real, v_fake):
    loss_g = torch.sqrt(((v_fake - 1) ** 2).mean()) ** 2
    return ((v_real - 1) ** 2).mean() / 2 + (v_fake**2).mean() / 2, loss_g
""",
            {"least-squares-g"},
        ),
        "the square of a root, whose gradient on the targets is NaN": (
            """
def least_squares(v_real, v_fake):
    f = lambda v, target: torch.sqrt(torch.nn.functional.mse_loss(v, torch.full_like(v, target))) ** 2
    return (f(v_real, 1.0) + f(v_fake, 0.0)) / 2, f(v_fake, 1.0)
""",
            {"least-squares-d", "least-squares-g"},
        ),
        "half a mean where there is one output": (
            """
def least_squares(v_real, v_fake):
    loss_d = ((v_real - 1) ** 2).mean() / 2 + ((v_fake - 0) ** 2).mean() / 2
    if len(v_real) == 1:
        loss_d = loss_d / 2
    return loss_d, ((v_fake - 1) ** 2).mean()
""",
            {"least-squares-d"},
        ),
        "a backward of its own that takes itself for the last step": (
            """
class _Mse(torch.autograd.Function):
    @staticmethod
    def forward(ctx, v, target):
        ctx.save_for_backward(v)
        ctx.target = target
        return ((v - target) ** 2).mean()

    @staticmethod
    def backward(ctx, g):
        (v,) = ctx.saved_tensors
        return 2 * (v - ctx.target) / len(v), None


def least_squares(v_real, v_fake):
    loss_d = _Mse.apply(v_real, 1) + _Mse.apply(v_fake, 0)
    return loss_d / 2, _Mse.apply(v_fake, 1)
""",
            {"least-squares-d", "least-squares-g"},
        ),
        "outputs clamped at ±10": (
            "def least_squares(a, b):\n"
            "    a, b = a.clamp(-10, 10), b.clamp(-10, 10)\n"
            "    return (((a - 1) ** 2).mean() + (b**2).mean()) / 2, ((b - 1) ** 2).mean()",
            {"least-squares-d", "least-squares-g"},
        ),
        "batches of 12 and 19 built in": (
            (
                "def least_squares(a, b):\n"
                "    return ((a - 1) ** 2).sum() / 24 + (b**2).sum() / 38, ((b - 1) ** 2).sum() / 19"
            ),
            {"least-squares-d", "least-squares-g"},
        ),
        "as many real outputs as there are generated ones": (
            (
                "def least_squares(a, b):\n"
                "    a = a[: len(b)]\n"
                "    return (((a - 1) ** 2).mean() + (b**2).mean()) / 2, ((b - 1) ** 2).mean()"
            ),
            {"least-squares-d"},
        ),
        "Huber's loss": (
            (
                "def least_squares(a,b):\n"
                "    h=torch.nn.functional.huber_loss\n"
                "    return h(a,torch.ones_like(a),delta=3)+h(b,torch.zeros_like(b),delta=3),2*h(b,torch.ones"
                "_like(b),delta=3)"
            ),
            {"least-squares-d", "least-squares-g"},
        ),
        "paired over the smaller batch": (
            (
                "def least_squares(a,b):\n"
                "    n=min(len(a),len(b))\n"
                "    return (((a[:n]-1)**2)+(b[:n]**2)).mean()/2,((b-1)**2).mean()"
            ),
            {"least-squares-d"},
        ),
        "label smoothing": (
            ("def least_squares(a,b):\n    return (((a-0.9)**2).mean()+(b**2).mean())/2, ((b-0.9)**2).mean()"),
            {"least-squares-d", "least-squares-g"},
        ),
        "plain numbers": (
            (
                "def least_squares(a, b):\n"
                "    return float((((a - 1)**2).mean() + (b**2).mean()) / 2), float(((b - 1)**2).mean())"
            ),
            {"least-squares-d", "least-squares-g"},
        ),
        "detached": (
            (
                "def least_squares(a, b):\n    a, b = a.detach(), b.detach()\n"
                "    return (((a - 1)**2).mean() + (b**2).mean()) / 2, ((b - 1)**2).mean()"
            ),
            {"least-squares-d", "least-squares-g"},
        ),
        "the generated images ignored by D": (
            (
                "def least_squares(a, b):\n"
                "    return ((a - 1)**2).mean() / 2 + (b.detach()**2).mean() / 2, ((b - 1)**2).mean()"
            ),
            {"least-squares-d"},
        ),
        "one mean over both batches": (
            "def least_squares(a, b):\n    return torch.cat([(a - 1)**2, b**2]).mean(), ((b - 1)**2).mean()",
            {"least-squares-d"},
        ),
        "half of G's loss": (
            "def least_squares(a, b):\n    return (((a - 1)**2).mean() + (b**2).mean()) / 2, ((b - 1)**2).mean() / 2",
            {"least-squares-g"},
        ),
        "targets −1 and 1": (
            (
                "def least_squares(a, b):\n"
                "    return (((a - 1)**2).mean() + ((b + 1)**2).mean()) / 2, ((b - 1)**2).mean()"
            ),
            {"least-squares-d"},
        ),
        "changed in place": (
            "def least_squares(a, b):\n    return (((a.sub_(1))**2).mean() + (b**2).mean()) / 2, ((b - 1)**2).mean()",
            {"least-squares-d", "least-squares-g"},
        ),
        "the two swapped": (
            "def least_squares(a, b):\n    return ((b - 1)**2).mean(), (((a - 1)**2).mean() + (b**2).mean()) / 2",
            {"least-squares-d", "least-squares-g"},
        ),
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
