"""The house's plan, kept by force: arrows point down, nothing goes in circles, every room is on the list."""

import ast
from pathlib import Path

import pytest

import kwscls

HOUSE = Path(kwscls.__file__).parent
FOUNDATION = {"errors", "files", "console", "settings", "command_line", "devices", "figures"}
FLOORS = {  # a room may use the rooms of lower floors, and itself
    "dsp": 0, "layers": 1, "models": 2, "data": 2, "augment": 2, "pretrained": 3, "serving": 3, "evaluation": 4,
    "training": 5,
}
VERBS = {"train", "evaluate", "predict", "export", "prepare", "compare", "serve", "client", "listen", "convert",
         "pretrain", "verify", "tune", "suspects", "combine"}


def modules():
    """Every module of the house: (dotted name without kwscls, path)."""
    for path in sorted(HOUSE.rglob("*.py")):
        parts = path.relative_to(HOUSE).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports(path, everywhere=True):
    """The modules of the house that a module imports, without kwscls; also inside functions if `everywhere`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree) if everywhere else tree.body:
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written in full"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name.removeprefix("kwscls.") for name in names if name.startswith("kwscls."))


def room(module):
    return module.split(".")[0]


def test_every_room_is_on_the_list():
    known = set(FLOORS) | FOUNDATION | VERBS | {"__main__", ""}
    assert {room(name) for name, _ in modules()} <= known


@pytest.mark.parametrize("name,path", modules())
def test_arrows_point_down(name, path):
    for target in imports(path):
        other = room(target)
        if other in FOUNDATION or target == "__version__":
            continue
        assert other not in VERBS, f"{name} imports the verb {other}"
        assert room(name) not in FOUNDATION, f"{name}, of the foundation, imports {target}"
        if room(name) in FLOORS and other != room(name):
            assert FLOORS[other] < FLOORS[room(name)], f"{name} imports {target}, which is not below it"


def test_no_module_imports_itself_in_a_circle():
    known = {name for name, _ in modules()}
    edges = {name: {target if target in known else target.rpartition(".")[0] for target in imports(path, False)} - {""}
             for name, path in modules()}
    done = set()

    def visit(name, above):
        assert name not in above, f"a circle: {' -> '.join([*above, name])}"
        if name not in done:
            for target in edges.get(name, ()):
                visit(target, (*above, name))
            done.add(name)

    for name in edges:
        visit(name, ())


def test_a_verb_lists_itself():
    from kwscls.__main__ import VERBS as listed

    there = {name for name, _ in modules()} & VERBS
    assert set(listed) - {"models"} == there
