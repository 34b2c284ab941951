"""How many threads small work takes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_lock, _mine = threading.Lock(), threading.local()
_callers, _threads = 0, 0


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread inside: handing small work to a second costs more than doing it.

    Two callers may be inside at once. PyTorch keeps the number for each Python thread by itself, and a new one begins
    with what was set last: so each sets its own, and takes the number back from when nobody was inside.
    """
    global _callers, _threads
    if getattr(_mine, "inside", False):
        yield
        return
    now = torch.get_num_threads()  # asked in any case: it sets a new thread up, which would overwrite the 1 later
    with _lock:
        _threads = _threads if _callers else now
        _callers += 1
    torch.set_num_threads(1)
    _mine.inside = True
    try:
        yield
    finally:
        _mine.inside = False
        with _lock:
            _callers -= 1
            torch.set_num_threads(_threads)
