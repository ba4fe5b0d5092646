"""The rooms: who may import whom, and every module says what it is."""

import ast
from pathlib import Path

import pytest

from data.places import TRAINING

ORDER = ('model', 'config', 'data', 'segment', 'stage', 'bundle', 'measure', 'recipes', 'experiments')  # the way of the data


def modules() -> list[Path]:
    return [path for room in ORDER for path in sorted((TRAINING / room).rglob('*.py'))]


def imported(path: Path) -> list[str]:
    """The rooms that a module imports from; of recipes also which one ("recipes/lm")."""
    names = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            names += [f'{node.module}.{alias.name}' for alias in node.names]
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    parts = [name.split('.') for name in names]
    return ['/'.join(p[:2]) if p[0] == 'recipes' else p[0] for p in parts if p[0] in ORDER]


@pytest.mark.parametrize('path', modules(), ids=lambda path: path.relative_to(TRAINING).as_posix())
def test_a_module_imports_from_its_own_room_or_an_earlier_one(path):
    room, *inner = path.relative_to(TRAINING).parts
    for name in imported(path):
        other, *recipe = name.split('/')
        assert ORDER.index(other) <= ORDER.index(room), f'{room} may not import {name}'
        if room == other == 'recipes':
            assert recipe[0] == inner[0], f'recipes/{inner[0]} may not import recipes/{recipe[0]}: share it in an earlier room'


def test_every_module_says_what_it_is():
    silent = [path for path in modules() if not ast.get_docstring(ast.parse(path.read_text()))]
    assert silent == []


def test_the_order_names_every_room():
    rooms = {path.parent.name for path in TRAINING.glob('*/__init__.py')} - {'tests'}
    assert rooms == set(ORDER)
