import numpy as np
import pytest

from kwscls.errors import KwsclsError
from kwscls.evaluation.mistakes import worst_mistakes

PROBABILITIES = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.05, 0.95]])


def test_the_surest_mistake_comes_first():
    found = worst_mistakes([0, 1, 1, 0], PROBABILITIES, ["yes", "no"], ["a.wav", "b.wav", "c.wav", "d.wav"])
    assert [row["clip"] for row in found] == ["d.wav", "b.wav"]
    assert found[0] == {"clip": "d.wav", "label": "yes", "answer": "no", "confidence": 0.95, "probability": 0.05}


def test_as_many_as_asked_for_and_none_when_all_is_right():
    assert len(worst_mistakes([1, 1, 0, 0], PROBABILITIES, ["yes", "no"], "abcd", most=3)) == 3
    assert worst_mistakes([0, 0, 1, 1], PROBABILITIES, ["yes", "no"], "abcd") == []


def test_names_must_be_as_many_as_clips():
    with pytest.raises(KwsclsError, match="2 names were given for 4 clips"):
        worst_mistakes([0, 0, 1, 1], PROBABILITIES, ["yes", "no"], ["a", "b"])
