import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kwscls.errors import KwsclsError
from kwscls.training.alone import alone


def test_it_runs_elsewhere_and_prints_where_people_read(capfd):
    assert alone(os.getpid) != os.getpid()
    alone(print, "hello")
    printed = capfd.readouterr()
    assert printed.err == "hello\n" and not printed.out


def test_errors_come_back():
    with pytest.raises(KwsclsError, match="one.txt: is bad; mend it"):
        alone(fail, "one.txt")
    with pytest.raises(KwsclsError, match="its process was killed"):
        alone(die)


def test_it_ends_with_the_one_that_waits_for_it(tmp_path):
    told = tmp_path / "pid"
    script = tmp_path / "wait.py"
    script.write_text(f"""
import os, time
from pathlib import Path
from kwscls.training.alone import alone

def wait():
    Path({str(told)!r}).write_text(str(os.getpid()))
    time.sleep(60)

if __name__ == "__main__":
    alone(wait)
""")
    root = Path(__file__).parents[2]
    waiting = subprocess.Popen([sys.executable, str(script)], env={**os.environ, "PYTHONPATH": str(root)})
    pid = eventually(lambda: told.is_file() and told.read_text())
    waiting.kill()
    waiting.wait()
    assert eventually(lambda: not running(int(pid)))


def fail(where):
    raise KwsclsError("is bad", where, "mend it")


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def running(pid):
    """Whether a process is there and no zombie."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.is_file() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def eventually(question, seconds=30):
    """The answer to a question, as soon as there is one."""
    end = time.monotonic() + seconds
    while not (answer := question()) and time.monotonic() < end:
        time.sleep(0.05)
    return answer
