"""The whole workflow map, as data and as text in several shapes."""

import json
import typing
from collections.abc import Callable, Iterator
from typing import Any

from outbox import registry
from outbox.declare import spelled


def atlas() -> dict[str, Any]:
    return {
        "events": {name: entry(name) for name in sorted({*registry.event_types(), *registry.workflows()})},
        "unheard": registry.unheard(),
        "unreached": registry.unreached(),
    }


def entry(name: str) -> dict[str, Any]:
    heard, declared = registry.heard_by(name), registry.event_types().get(name)
    described = {"about": "", "meaning": "Not declared.", "payload": {}}
    if declared is not None:
        fields = typing.get_type_hints(declared.payload)
        described = {
            "about": declared.subject[0],
            "meaning": declared.meaning,
            "payload": {field: spelled(wanted) for field, wanted in fields.items()},
        }
    return described | {"now": list(heard.now), "later": list(heard.later)}


def as_text(found: dict[str, Any]) -> str:
    lines = []
    for name, one in found["events"].items():
        lines.append(f"{name} (about: {one['about'] or '?'})" + (f"  {one['meaning']}" if one["meaning"] else ""))
        lines += [f"    {when:5}  {path}" for when in ("now", "later") for path in one[when]]
    lines += ["", "Declared, without a receiver:"] + [f"    {name}" for name in found["unheard"] or ["none"]]
    lines += ["", "Receivers that no event reaches:"] + [f"    {path}" for path in found["unreached"] or ["none"]]
    return "\n".join(lines)


def as_json(found: dict[str, Any]) -> str:
    return json.dumps(found, indent=2)


def as_yaml(found: dict[str, Any]) -> str:
    return "\n".join(yaml_lines(found, ""))


def yaml_lines(thing: dict[str, Any] | list[str], indent: str) -> Iterator[str]:
    """Block style for what holds something; every text is quoted as JSON does, which YAML reads alike."""
    if isinstance(thing, list):
        yield from (f"{indent}- {json.dumps(item)}" for item in thing)
        return
    for key, value in thing.items():
        if isinstance(value, dict | list) and value:
            yield f"{indent}{json.dumps(key)}:"
            yield from yaml_lines(value, f"{indent}  ")
        else:
            yield f"{indent}{json.dumps(key)}: {json.dumps(value)}"


ROUND, BOX = '(["{}"])', '["{}"]'


def as_mermaid(found: dict[str, Any]) -> str:
    lines = ["flowchart LR"]
    nodes: dict[str, str] = {}

    def node(path: str, shape: str) -> str:
        if path not in nodes:
            nodes[path] = f"n{len(nodes)}"
            lines.append(f"    {nodes[path]}{shape.format(path)}")
        return nodes[path]

    for name, one in found["events"].items():
        source = node(name, ROUND)
        lines += [f"    {source} ==>|now| {node(path, BOX)}" for path in one["now"]]
        lines += [f"    {source} -.->|later| {node(path, BOX)}" for path in one["later"]]
    lines += [f"    {node(path, BOX)}" for path in found["unreached"]]
    return "\n".join(dict.fromkeys(lines))


SHAPES: dict[str, Callable[[dict[str, Any]], str]] = {
    "text": as_text,
    "json": as_json,
    "yaml": as_yaml,
    "mermaid": as_mermaid,
}
