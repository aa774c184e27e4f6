"""Which trainings let the shares of their batches go side by side."""

import dataclasses

import pytest

from kwscls import devices, files
from kwscls import settings as settings_room
from kwscls.errors import KwsclsError
from kwscls.settings import TrainSettings
from kwscls.training.lanes import open_lanes


@pytest.fixture
def opened(monkeypatch):
    """The strategies for which lanes were opened."""
    found = []
    monkeypatch.setattr(devices, "open_lanes", found.append)
    return found


@pytest.mark.parametrize("said, yes", [
    ({"model": "ast"}, True), ({"model": "wav2vec2_frames"}, True), ({"model": "resfold"}, False),
    ({"model": "ast", "accumulate": 2}, False), ({"model": "ast", "jit": True}, False), ({"model": "ast", "few_shot": True}, False)])
def test_where_recipe_and_settings_agree(opened, said, yes):
    open_lanes(TrainSettings(**said))
    assert opened == ["auto"] * yes


@pytest.mark.parametrize("begun, named, yes", [("ast", "resfold", True), ("resfold", "ast", False)])
def test_a_resumed_run_goes_on_as_it_began(opened, tmp_path, begun, named, yes):
    out = str(tmp_path / "run")
    kept = TrainSettings(model=begun, out=out)
    files.write_json(tmp_path / "run.unfinished" / "settings.json", settings_room.as_dict(kept))
    open_lanes(dataclasses.replace(kept, model=named, resume=True))
    assert opened == ["auto"] * yes


def test_a_model_that_does_not_exist(opened):
    with pytest.raises(KwsclsError, match="did you mean ast"):
        open_lanes(TrainSettings(model="asst"))
