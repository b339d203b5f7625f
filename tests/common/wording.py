"""Every text of the site that somebody may read, and the phrases that none of them uses."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.forms import BaseForm
from django.forms.utils import pretty_name
from django.urls import get_resolver

import common

WEB = Path(common.__file__).parent.parent
NOT_TEXTS = {"migrations", "static", "media", "private", "assets"}

# The left columns of the wording tables and their kin. CANCELLED, as protocols write it, is none of them.
OLD = re.compile(
    r"""\b(?:
    what\ waits\ for | who\ comes\b | somebody | nobody | whoever | (?:by|with|for|to)\ whom | whom\ (?:for|to)\b
    | (?:give[ns]?|giving|gave|asks?|asked|goes|(?:can|to|not)\ go|gone|went)\ (?:(?:this|the|your|it|money)\ )*back\b
    | (?:asks?|asked)\ (?:the\ |this\ )?money | money\ back | money\ (?:comes|came)\b | came\ in\b
    | comes?\ to\ [$£€{] | in\ all\b | go\ on\b | anew | at\ present | perhaps | once\ more | need\ not\b | any\ more\b
    | (?-i:[Cc]ancell(?:ed|ing|er)) | cheques? | colours? | licence | enrol\b | enrolment | behaviour | favourite
    | centre\b | organis\w+ | recognis\w+ | apologis\w+ | neighbour | programme\b | grey\b
    | (?<!time\ and\ )places?\b(?!\ in\ line|\ an\ order) | seats?\b | tak(?:en|ing)\ over\b
    | empty:\ | as\ the\ school\ has | it\ runs\b | belongs\ to\ nothing | ask\ the\ payer | quoted\b | in\ advance
    | trust\ this | passed\ over | as\ all\b | work\ it\ out\ again | worked\ out | flipped
    | look\ at\ the | come\ of\ it | (?:came|comes?)\ of\b | wanted\ twice | (?:another|a\ second)\ look
    | look\ (?:again|into) | at\ once | heard\ of\b
    | take\ (?:away|out) | put\ aside | set\ aside | stay\ in\ the\ class | keep\ the\ dates | we\ are\ sorry
    | if\ something\ of | was\ done\ here | attempts\ to\ pay | on\ its\ way\ back | write\ it\ down | none\ at
    | so\ many | reached\ at | does\ not\ end | what\ shall | what\ there\ is\b | shall\b | those\ of\ the
    | call(?:ed|s|ing)?\ off | if\ you\ change\ your | e-mail | waiting\ lists? | single\ class(?:es)?
    | tills?\b | deeds?\b
    | telephone | photograph | write\ to\ us | have\ a\ link | all\ the\ same | lapsed | by\ the\ terms | hangs?\b
    | to\ be\ paid | (?:the|our|two)\ books\b | mails\b(?!\.py) | how\ it\ (?:stands|went)
    | stands\ (?:on|in|here|beside)\b | not\ yours\ to | day\ sheet
    | money\ questions? | gateways:\ | twins?\b | does\ not\ fit
    | own\ pages? | meanwhile\b | what\ (?:came|of)\b | tells?\ of\b | told\ of\b | is\ no\ (?:day|amount|version)\b
    | such\ way | taken\ up\ again | not\ nothing | for\ who\ is | by\ now\b | gone\ too | looks\ whether
    | of\ theirs | is\ settled | puts\ it\ right | still\ at\ work | trouble\ of\ its | has\ had\ a\ trial
    | wait\ as\b | mixes\b | where\ \{\}\ was
    )""",
    re.IGNORECASE | re.VERBOSE,
)


def in_python(path: Path) -> Iterator[str]:
    """Its string constants with a space or a capital letter, f-strings with {} for what is filled in; no docstrings."""
    seen: set[int] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if id(node) in seen:
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            seen.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            seen.update(map(id, node.values))
            parts = (str(each.value) if isinstance(each, ast.Constant) else "{}" for each in node.values)
            yield from _texts("".join(parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _texts(node.value)


def _texts(string: str) -> list[str]:
    return [string] if re.match(r"[A-Z]|.*\s", string) else []


def _arguments(tag: str) -> list[str]:
    return [text for argument in re.findall(r'"([^"]*)"', tag) for text in _texts(argument)]


def in_template(path: Path) -> str:
    """What is left for a reader: text, the attributes that are read, and the arguments of tags."""
    text = path.read_text(encoding="utf-8")
    text = re.sub(
        r"\{#.*?#\}|\{% comment.*?endcomment %\}|<(script|style)\b.*?</\1>|<!--.*?-->", "", text, flags=re.DOTALL
    )
    text = re.sub(r"\{[%{].*?[%}]\}", lambda tag: "; ".join(["", *_arguments(tag[0]), ""]), text)
    if path.suffix == ".html":
        read = r'(?:title|placeholder|aria-label|alt|content|value)="([^"]*)"'
        text = re.sub(r"<[^>]*>", lambda tag: "; ".join(re.findall(read, tag[0])), text)
    return re.sub(r"\s+", " ", text)


def in_files() -> Iterator[tuple[str, str]]:
    for path in sorted(WEB.rglob("*")):
        if path.is_file() and not NOT_TEXTS & set(path.relative_to(WEB).parts):
            name = str(path.relative_to(WEB))
            if path.suffix == ".py":
                yield from ((name, text) for text in in_python(path))
            elif path.suffix in {".html", ".md", ".txt"}:
                yield name, in_template(path)


def is_ours(item: type) -> bool:
    return str(getattr(sys.modules.get(item.__module__), "__file__", "")).startswith(str(WEB))


def in_models() -> Iterator[tuple[str, str]]:
    """Names and help as the admin shows them, also where Django makes them up from the name of a field."""
    for model in filter(is_ours, apps.get_models()):
        name = model._meta.label
        yield from ((name, str(each)) for each in (model._meta.verbose_name, model._meta.verbose_name_plural))
        yield from ((name, str(words)) for _code, words in model._meta.permissions)
        for field in (*model._meta.fields, *model._meta.many_to_many):
            yield from ((f"{name}.{field.name}", str(each)) for each in (field.verbose_name, field.help_text))
            yield from ((f"{name}.{field.name}", str(words)) for _value, words in field.flatchoices)


def _below(form: type[Any]) -> Iterator[type[Any]]:
    for each in form.__subclasses__():
        yield each
        yield from _below(each)


def in_forms() -> Iterator[tuple[str, str]]:
    get_resolver().url_patterns  # noqa: B018  loads every view and its forms
    for form in filter(is_ours, _below(BaseForm)):
        for name, field in getattr(form, "base_fields", {}).items():
            where = f"{form.__module__}.{form.__name__}.{name}"
            yield from ((where, str(each)) for each in (field.label or pretty_name(name), field.help_text))
