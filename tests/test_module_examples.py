"""What a module opens with can be typed: the calls of its examples fit the functions that it defines."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).parents[1] / "rmos"
_AROUND: Final = re.compile(r"^(?:with|for \w+ in) | as \w+:?$|:$")
_LEFT_OUT: Final = "…"
"""Stands in an example for what it leaves out."""


def read_examples(module: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    """Yield the lines of a module's docstring that are code, with the calls by a plain name in each."""
    for line in (ast.get_docstring(module) or "").splitlines():
        text = _AROUND.sub("", line.partition("#")[0].strip())
        try:
            tree = ast.parse(text.replace(_LEFT_OUT, "None"))
        except SyntaxError:
            continue
        yield from ((text, node) for node in ast.walk(tree) if isinstance(node, ast.Call))


def find_misfit(text: str, call: ast.Call, takes: ast.arguments) -> str | None:
    """Return what does not fit between a call and the parameters of its function, None when all does."""
    positional = [parameter.arg for parameter in (*takes.posonlyargs, *takes.args)]
    named = {keyword.arg for keyword in call.keywords if keyword.arg is not None}
    required = positional[: len(positional) - len(takes.defaults)]
    required += [one.arg for one, default in zip(takes.kwonlyargs, takes.kw_defaults, strict=True) if default is None]
    given = {*positional[: len(call.args)], *named}
    if len(call.args) > len(positional) and takes.vararg is None:
        return f"takes {len(positional)} positional arguments"
    if takes.kwarg is None and (unknown := named - {*positional, *(one.arg for one in takes.kwonlyargs)}):
        return f"takes no {sorted(unknown)}"
    lacking = [] if _LEFT_OUT in text else [name for name in required if name not in given]
    return f"lacks {lacking}" if lacking else None


def test_the_examples_of_a_module_fit_its_functions() -> None:
    misfits, calls = [], 0
    for path in sorted(PACKAGE.rglob("*.py")):
        module = ast.parse(path.read_bytes())
        functions = {node.name: node.args for node in module.body if isinstance(node, ast.FunctionDef)}
        for text, call in read_examples(module):
            if not isinstance(call.func, ast.Name) or call.func.id not in functions:
                continue
            calls += 1
            misfit = find_misfit(text, call, functions[call.func.id])
            if misfit is not None:
                misfits.append(f"{path.relative_to(PACKAGE)}: {text}: {misfit}")
    assert misfits == []
    assert calls > 100
