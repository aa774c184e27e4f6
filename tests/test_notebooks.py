"""Every notebook runs from its first cell to its last on the embedded data, and is stored without outputs."""

import configparser
import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = [pytest.param(path, id=path.stem, marks=pytest.mark.xdist_group(path.stem))
             for path in sorted(FOLDER.glob("*.ipynb"))]


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_it_runs(path, tmp_path, monkeypatch):
    monkeypatch.setenv("KWSCLS_NOTEBOOK_EPOCHS", "1")
    monkeypatch.setenv("KWSCLS_NOTEBOOK_MODELS", "squeezenet1_1")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(FOLDER.parent), os.environ.get("PYTHONPATH", "")]))
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": tmp_path}}).execute()
    for cell in notebook.cells:
        if "plt.show()" in cell.source:
            assert any("image/png" in output.get("data", {}) for output in cell.outputs), cell.source


def test_their_extra_brings_the_server_that_one_of_them_starts():
    setup = configparser.ConfigParser()
    setup.read(FOLDER.parent / "setup.cfg")
    extras = setup["options.extras_require"]
    assert set(extras["serve"].split("\n")) <= set(extras["notebooks"].split("\n"))


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_it_is_stored_without_outputs(path):
    for cell in nbformat.read(path, as_version=4).cells:
        assert not cell.get("outputs") and not cell.get("execution_count")
