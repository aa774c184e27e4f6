"""A function in a process of its own."""

import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait

from kwscls import console
from kwscls.errors import KwsclsError


def alone(function, *arguments):
    """What a function returns in a fresh process: its memory is its own, and nothing that ran before warms or slows it.

    What it prints goes to standard error. The process ends when this one ends, however that happens.

    Args:
        function: one that can be imported by its name.
        *arguments: for it; they and what it returns are pickled.

    Raises:
        KwsclsError: the process was killed.
    """
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _settle) as room:
        try:
            return room.submit(function, *arguments).result()
        except BrokenProcessPool as error:
            raise KwsclsError("its process was killed", None, "perhaps memory was short: see the system's log") from error


def _settle():
    """What the new process does first."""
    console.quiet_tensorflow()
    os.dup2(2, 1)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent():
    wait([multiprocessing.parent_process().sentinel])
    os._exit(1)
