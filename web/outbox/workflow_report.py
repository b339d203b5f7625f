"""A report of the workflow map, as data and in several text formats."""

import json
import typing
from collections.abc import Callable, Iterator
from typing import Any

from outbox import registry
from outbox.declare import type_text


def build_workflow_report() -> dict[str, Any]:
    return {
        "events": {
            name: event_report(name) for name in sorted({*registry.event_types(), *registry.merged_workflows()})
        },
        "unheard": registry.events_without_receivers(),
        "unreached": registry.unused_receivers(),
    }


def event_report(name: str) -> dict[str, Any]:
    receivers, event_type = registry.receivers_of(name), registry.event_types().get(name)
    description = {"about": "", "meaning": "Not declared.", "payload": {}}
    if event_type is not None:
        fields = typing.get_type_hints(event_type.payload)
        description = {
            "about": event_type.subject[0],
            "meaning": event_type.meaning,
            "payload": {field: type_text(hint) for field, hint in fields.items()},
        }
    return description | {"now": list(receivers.now), "later": list(receivers.later)}


def as_text(report: dict[str, Any]) -> str:
    lines = []
    for name, event in report["events"].items():
        lines.append(f"{name} (about: {event['about'] or '?'})" + (f"  {event['meaning']}" if event["meaning"] else ""))
        lines += [f"    {when:5}  {path}" for when in ("now", "later") for path in event[when]]
    lines += ["", "Events without a receiver:"] + [f"    {name}" for name in report["unheard"] or ["none"]]
    lines += ["", "Receivers that no event reaches:"] + [f"    {path}" for path in report["unreached"] or ["none"]]
    return "\n".join(lines)


def as_json(report: dict[str, Any]) -> str:
    return json.dumps(report, indent=2)


def as_yaml(report: dict[str, Any]) -> str:
    return "\n".join(yaml_lines(report, ""))


def yaml_lines(value: dict[str, Any] | list[str], indent: str) -> Iterator[str]:
    # Strings are quoted as in JSON, which is valid YAML.
    if isinstance(value, list):
        yield from (f"{indent}- {json.dumps(item)}" for item in value)
        return
    for key, item in value.items():
        if isinstance(item, dict | list) and item:
            yield f"{indent}{json.dumps(key)}:"
            yield from yaml_lines(item, f"{indent}  ")
        else:
            yield f"{indent}{json.dumps(key)}: {json.dumps(item)}"


EVENT_SHAPE, RECEIVER_SHAPE = '(["{}"])', '["{}"]'


def as_mermaid(report: dict[str, Any]) -> str:
    lines = ["flowchart LR"]
    nodes: dict[str, str] = {}

    def node(path: str, shape: str) -> str:
        if path not in nodes:
            nodes[path] = f"n{len(nodes)}"
            lines.append(f"    {nodes[path]}{shape.format(path)}")
        return nodes[path]

    for name, event in report["events"].items():
        source = node(name, EVENT_SHAPE)
        lines += [f"    {source} ==>|now| {node(path, RECEIVER_SHAPE)}" for path in event["now"]]
        lines += [f"    {source} -.->|later| {node(path, RECEIVER_SHAPE)}" for path in event["later"]]
    lines += [f"    {node(path, RECEIVER_SHAPE)}" for path in report["unreached"]]
    return "\n".join(dict.fromkeys(lines))


OUTPUT_FORMATS: dict[str, Callable[[dict[str, Any]], str]] = {
    "text": as_text,
    "json": as_json,
    "yaml": as_yaml,
    "mermaid": as_mermaid,
}
