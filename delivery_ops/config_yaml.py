"""YAML without silent surprises: a text as its values, and the line on which each key stands.

Belongs here: how YAML is read, and what of it is refused. Does not belong here: files, ``${VARIABLE}`` and errors for
people (``config_file``), and which keys and values there may be (``settings`` and the rooms' own files).
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from delivery_ops.config_words import Key

_MOST_VALUES, _DEEPEST = 100_000, 50
_TAG = "tag:yaml.org,2002:"
_TAGS = {_TAG + name for name in ("null", "bool", "int", "float", "str", "seq", "map")}
_NUMBERS = {
    f"{_TAG}int": re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z"),
    f"{_TAG}float": re.compile(r"[-+]?[0-9]+\.[0-9]+\Z"),
}


class NotYaml(ValueError):
    """Where the text is no YAML that we read, and why: ``, line 3: the key 5 is no text``."""


def parse(text: str) -> tuple[Any, dict[Key, int]]:
    """The values of ``text``, and the line (1-based) of each key.

    Raises:
        NotYaml: it cannot be read without doubt, or holds too much.
    """
    try:
        loader = _StrictLoader(text)
        node = loader.get_single_node()
        _refuse_too_much(node)
        return None if node is None else loader.construct_document(node), _lines(node, ())
    except yaml.YAMLError as error:
        raise NotYaml(_fault(error, text)) from error
    except RecursionError as error:
        raise NotYaml(": it is nested too deeply") from error


class _StrictLoader(yaml.SafeLoader):
    """YAML without silent surprises.

    A key given twice is an error, not "the last one wins"; a key is text; a date stays text until its field's type
    reads it, so that a wrong one is reported with its key; a number is decimal, and what YAML 1.1 reads in base 8, 60,
    16 or 2 (010 as eight, 1:30 as ninety) is text; there are no tags of other kinds of value.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag not in {f"{_TAG}str", f"{_TAG}merge"}:
                shown = f" {key_node.value}" if isinstance(key_node, yaml.ScalarNode) else ""
                raise _wrong(key_node, f"the key{shown} is no text; put it in quotes")
            if key_node.value in seen:
                raise _wrong(key_node, f"the key {key_node.value!r} stands twice")
            seen.add(key_node.value)
        return super().construct_mapping(node, deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        shown = f"{str(node.value)[:40]!r}"
        try:
            value = super().construct_object(node, deep)
        except ValueError as error:
            raise _wrong(node, f"{shown} cannot be read as {node.tag.removeprefix(_TAG)}") from error
        if isinstance(value, int) and value.bit_length() > 63:
            raise _wrong(node, f"the number {shown} has more than 64 bits")
        return value

    def refuse_tag(self, node: yaml.Node) -> None:
        raise _wrong(node, f"the tag {node.tag.replace(_TAG, '!!')} has no meaning here; text goes in quotes")


_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, _NUMBERS.get(tag, pattern)) for tag, pattern in resolvers if tag != f"{_TAG}timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_StrictLoader.yaml_constructors = {
    **{tag: yaml.SafeLoader.yaml_constructors[tag] for tag in _TAGS},
    None: _StrictLoader.refuse_tag,
}


def _refuse_too_much(node: yaml.Node | None) -> None:
    """An alias counts as all that it names, so that one inside what it names counts without end."""
    waiting, count = [(node, 0)], 0
    while waiting:
        at, depth = waiting.pop()
        count += 1
        if at is not None and (count > _MOST_VALUES or depth > _DEEPEST):
            raise _wrong(at, f"there are more than {_MOST_VALUES:,} values, or one inside more than {_DEEPEST} others")
        if isinstance(at, yaml.MappingNode):
            waiting += [(inner, depth + 1) for pair in at.value for inner in pair]
        elif isinstance(at, yaml.SequenceNode):
            waiting += [(inner, depth + 1) for inner in at.value]


def _lines(node: yaml.Node | None, key: Key) -> dict[Key, int]:
    """The line of each key below ``node``."""
    if node is None:
        return {}
    found = {key: node.start_mark.line + 1}
    if isinstance(node, yaml.MappingNode):
        for name, inner in node.value:
            found |= _lines(inner, (*key, name.value))
            found[(*key, name.value)] = name.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for at, inner in enumerate(node.value):
            found |= _lines(inner, (*key, at))
    return found


def _wrong(node: yaml.Node, cause: str) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(None, None, cause, node.start_mark)


def _fault(error: yaml.YAMLError, text: str) -> str:
    """Where ``error`` is, and what."""
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return f", line {line}: there is a character in it that YAML does not allow"
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f", line {error.problem_mark.line + 1}: {error.problem}"
    return f": {error}"
