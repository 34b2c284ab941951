"""Checks of the exercises, one module for each notebook: ``from infogan_utils.checks import nb04 as check``.

A check calls the reader's function on inputs with a known answer. It prints one line: not done yet, what
property failed and on which input, or passed. It never raises, so that a notebook runs to its end with
the exercises undone, and it returns whether the answer passed.
"""

from collections.abc import Callable
from functools import wraps
from traceback import walk_tb


class Verdict(int):
    """1 (passed) or 0, shown as nothing at the end of a cell: the line that matters is printed already."""

    def _ipython_display_(self) -> None:
        pass


def exercise(title: str) -> Callable:
    """Turn ``test(answer)``, which raises ``AssertionError(what failed)``, into a check that prints."""

    def decorate(test: Callable[[Callable], None]) -> Callable[[Callable], Verdict]:
        @wraps(test)
        def check(answer: Callable) -> Verdict:
            try:
                test(answer)
            except NotImplementedError:
                print(f"{title}: not done yet.")
            except AssertionError as failed:
                print(f"{title}: not yet. {failed}")
            except Exception as error:
                code = getattr(answer, "__code__", None)  # none: a class, say, whose frames can't be told
                theirs = code is None or any(frame.f_code is code for frame, _ in walk_tb(error.__traceback__))
                said = "your code raised" if theirs else "not yet. The check can't use what your code returned:"
                print(f"{title}: {said} {type(error).__name__}: {error}")
            else:
                print(f"{title}: passed.")
                return Verdict(True)
            return Verdict(False)

        return check

    return decorate
