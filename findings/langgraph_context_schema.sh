#!/usr/bin/env bash
# LangGraph checks nothing about a graph's context_schema, nor a context against it, until somebody asks for its schema.
#
# Versions: langgraph 1.2.22, pydantic 2.14.3.
#
# Expected: a class that is no TypedDict, dataclass or BaseModel is refused where it is given (the type of the parameter
#   names these three, in langgraph.typing.ContextT), and a run without the context that the schema requires is refused.
#   A dataclass with a database connection can be shown: StateGraph's docstring says that a context is "like `user_id`,
#   `db_conn`, etc.", as does https://reference.langchain.com/python/langgraph/runtime/Runtime/context.
# Seen: StateGraph, compile and invoke take any class. A run without a context, or with an object of another class, is
#   not refused (only a dict is turned into the class): nodes get None, or that object, in runtime.context.
#   get_context_jsonschema(), which a server calls to show a graph's schemas, is the first that objects: with a
#   ValueError for a plain class, with a pydantic error (no ValueError) for a dataclass with such a connection.
set -euo pipefail

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export TMPDIR="$tmp"
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install -q langgraph==1.2.22 langgraph-prebuilt==1.1.2 langgraph-checkpoint==4.3.2 \
    langchain-core==1.7.2 pydantic==2.14.3

cat > "$tmp/contexts.py" <<'PYTHON'
import sqlite3
import sys
from dataclasses import dataclass
from importlib.metadata import version

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from typing_extensions import TypedDict


class State(TypedDict, total=False):
    got: str


class Plain:
    user_id = "ann"


@dataclass
class Data:
    user_id: str


@dataclass
class Connected:
    user_id: str
    db_conn: sqlite3.Connection


def node(state: State, runtime: Runtime) -> State:
    return {"got": type(runtime.context).__name__}


def graph(schema):
    builder = StateGraph(State, context_schema=schema).add_node(node)
    return builder.add_edge(START, "node").add_edge("node", END).compile()


def shown(schema):
    try:
        return "properties " + ", ".join(graph(schema).get_context_jsonschema()["properties"])
    except Exception as error:
        kind = "a ValueError" if isinstance(error, ValueError) else "no ValueError"
        return f"{type(error).__name__} ({kind}): {str(error).splitlines()[0][:80]}"


print(f"langgraph {version('langgraph')}, pydantic {version('pydantic')}")
connected = Connected("ann", sqlite3.connect(":memory:"))
for schema, context, expected in (
    (Plain, Plain(), "Plain"),
    (Connected, connected, "Connected"),
    (Data, Data("ann"), "Data"),
    (Data, Plain(), "Plain"),
    (Data, None, "NoneType"),
):
    got = graph(schema).invoke({}, context=context)["got"]
    print(f"context_schema={schema.__name__}, context: {type(context).__name__}; the node got: {got}")
    if got != expected:
        sys.exit(f"changed: expected {expected}")
for schema, expected in (
    (Data, "properties user_id"),
    (Plain, "ValueError (a ValueError): Invalid context schema type"),
    (Connected, "PydanticSchemaGenerationError (no ValueError): Unable to generate pydantic-core schema"),
):
    found = shown(schema)
    print(f"get_context_jsonschema() of {schema.__name__}: {found}")
    if not found.startswith(expected):
        sys.exit(f"changed: expected {expected}")
PYTHON

# langgraph 1.2.22, pydantic 2.14.3
# context_schema=Plain, context: Plain; the node got: Plain
# context_schema=Connected, context: Connected; the node got: Connected
# context_schema=Data, context: Data; the node got: Data
# context_schema=Data, context: Plain; the node got: Plain
# context_schema=Data, context: NoneType; the node got: NoneType
# get_context_jsonschema() of Data: properties user_id
# get_context_jsonschema() of Plain: ValueError (a ValueError): Invalid context schema type: <class '__main__.Plain'>.
#   Must be a BaseModel, Type
# get_context_jsonschema() of Connected: PydanticSchemaGenerationError (no ValueError): Unable to generate
#   pydantic-core schema for <class 'sqlite3.Connection'>. Set `ar
env -u LANGSMITH_TRACING -u LANGCHAIN_TRACING_V2 -u LANGSMITH_TRACING_V2 "$tmp/venv/bin/python" "$tmp/contexts.py"
