"""Every golden file in KWSCLS_REFERENCE, or in ../shared/reference beside the repository, each run once."""

import os
from pathlib import Path

import pytest

from tests.reference.comparison import compare

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "reference"
FOLDER = Path(os.environ.get("KWSCLS_REFERENCE", BESIDE))
FILES = sorted(FOLDER.glob("*.npz"))


@pytest.mark.skipif(not FILES, reason="no golden files: neither KWSCLS_REFERENCE nor ../shared/reference has any")
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_answers_are_those_of_the_original(file):
    answers = compare(file)
    assert answers
    assert {answer.name: answer.says or answer.error for answer in answers if not answer.good} == {}
