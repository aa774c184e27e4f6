"""The verbs from outside: fast help, one-line errors, exit codes."""

import subprocess
import sys
import time

import pytest

from kwscls import __main__, console
from kwscls.errors import KwsclsError
from kwscls.settings import TrainSettings


def run(*words, **more):
    """A true subprocess of python -m."""
    return subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True, **more)


def test_the_verbs_are_listed():
    done = run("kwscls")
    assert done.returncode == 0
    for verb in __main__.VERBS:
        assert f"\n  {verb} " in done.stdout


@pytest.mark.parametrize("verb", __main__.VERBS)
def test_help_answers_at_once_and_imports_no_tensorflow(verb):
    started = time.monotonic()
    done = run(f"kwscls.{verb}", "--help")
    took = time.monotonic() - started
    assert done.returncode == 0 and "usage" in done.stdout and not done.stderr
    # A busy machine may be slow; what made it slow would be the import of TensorFlow, which the next line finds.
    code = f"import sys, kwscls.{verb}; assert not {{'tensorflow', 'keras', 'matplotlib', 'sklearn'}} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
    assert took < 5


def test_an_error_is_one_line_and_exit_code_2():
    done = run("kwscls.train", "--modle", "cnn")
    assert done.returncode == 2 and not done.stdout
    assert done.stderr == "error: there is no setting --modle; did you mean --model?\n"


def test_a_bug_is_not_hidden():
    def broken(_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        console.command(TrainSettings, broken, [])


def test_exit_codes(capsys):
    def mendable(_):
        raise KwsclsError("is wrong", "this\nfile", "mend it")

    def stopped(_):
        raise KeyboardInterrupt

    assert console.command(TrainSettings, lambda _: None, []) == 0
    assert console.command(TrainSettings, mendable, []) == 2
    assert capsys.readouterr().err == "error: this file: is wrong; mend it\n"
    assert console.command(TrainSettings, stopped, []) == 130


def test_a_word_that_is_no_verb(capsys):
    assert __main__.main(["train"]) == 2
    assert "python -m kwscls.train" in capsys.readouterr().err
