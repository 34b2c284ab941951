"""How many threads small work takes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_lock, _inside, _threads = threading.Lock(), 0, 0


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread inside: handing small work to a second costs more than doing it.

    Two callers may be inside at once; the number of threads comes back when the last one leaves.
    """
    global _inside, _threads
    with _lock:
        if _inside == 0:
            _threads = torch.get_num_threads()
            torch.set_num_threads(1)
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                torch.set_num_threads(_threads)
