# hostile - kinds of hostility, by name: who means harm before he has logged in, and after
# SPDX-License-Identifier: MIT
import inspect

from . import sessions, strangers
from .peer import Ground, Wrong

__all__ = ["Ground", "KINDS", "Wrong"]


def kinds_of(module, prefix):
    for name, function in vars(module).items():
        if inspect.isfunction(function) and function.__module__ == module.__name__ and \
                list(inspect.signature(function).parameters) == ["ground"]:
            yield prefix + name.replace("_", "-"), function


# A new function in one of the two modules is a new kind.
KINDS = {**dict(kinds_of(strangers, "stranger-")), **dict(kinds_of(sessions, "session-"))}
