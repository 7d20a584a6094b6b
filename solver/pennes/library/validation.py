"""From what pydantic finds wrong to one message that names the place as the user wrote it."""

from __future__ import annotations

import types
from collections.abc import Iterable
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError, WithJsonSchema
from pydantic.fields import FieldInfo

from pennes.errors import InputError, nearest_name
from pennes.library.written import Written, join

ModelT = TypeVar("ModelT", bound=BaseModel)
DISCRIMINATORS = ("shape", "kind", "mode")
"""Keys whose word decides which other keys there are."""


def validate[ModelT: BaseModel](model: type[ModelT], written: Written) -> ModelT:
    """``model`` made from ``written``. Raises InputError: one message, for the most telling of the problems."""
    try:
        return model.model_validate(written.plain())
    except ValidationError as error:
        raise explain(error, model, written) from None


def explain(error: ValidationError, model: type[BaseModel], written: Written) -> InputError:
    """The problem that explains the others: a key that does not exist before one that is missing."""
    problems = error.errors(include_url=False)
    ranks = {"extra_forbidden": 0, "missing": 2, "too_short": 3}  # a list is short of the entries that failed
    problem = min(problems, key=lambda found: ranks.get(found["type"], 1))
    loc, at = tuple(problem["loc"]), tuple(problem.get("ctx", {}).get("at", ()))
    place, rest, annotation = _locate(model, loc, at, written)
    kind, context, value = problem["type"], problem.get("ctx", {}), problem.get("input")
    if kind == "extra_forbidden":
        known = [name for option in _models(annotation) for name in option.model_fields]
        return place.refuse("unknown key", expected=_one_of(known), nearest=nearest_name(loc[-1], known))
    if rest:
        place = Written(None, place.file, place.line, join(place.key, *rest))
    expected = nearest = None
    if kind == "missing":
        found, expected = "is missing", _example(annotation)
    elif kind == "union_tag_not_found":
        word = next((word for word in DISCRIMINATORS if any(_tags(m, word) for m in _members(annotation))), "shape")
        if isinstance(value, dict):
            place = Written(None, place.file, place.line, join(place.key, word))
            found, expected = "is missing", _one_of(_all_tags(annotation))
        else:
            found, expected = f"{_shown(value)} is not a block of keys", f"a block with '{word}: ...'"
    elif kind == "union_tag_invalid":
        tags = _all_tags(annotation)
        word = next((word for word in DISCRIMINATORS if place.get(word) is not None), None)
        place = place.get(word) or place if word else place
        found, expected = f"there is no '{context['tag']}' here", _one_of(tags)
        nearest = nearest_name(context["tag"], tags)
    elif kind in ("literal_error", "enum"):
        names = [str(name) for name in _literals(annotation)]
        found, expected = f"{_shown(value)} is not one of the choices", _one_of(names)
        nearest = nearest_name(value, names)
    elif kind in ("model_type", "model_attributes_type", "dict_type"):
        found, expected = f"{_shown(value)} is not a block of keys", "keys and values"
    elif kind in ("tuple_type", "list_type"):
        found, expected = f"{_shown(value)} is not a list", "a list, such as [..., ...]"
    elif kind in ("too_short", "too_long"):
        found = f"has {context['actual_length']} entries"
        expected = f"at least {context['min_length']}" if kind == "too_short" else f"at most {context['max_length']}"
    elif kind == "string_pattern_mismatch":
        found, expected = f"{_shown(value)} is not a name", "letters, figures, spaces, '-' or '_', without '.' or '/'"
    elif kind == "refused":
        found, expected, nearest = context["problem"], context.get("expected"), context.get("nearest")
    else:
        found = problem["msg"].removeprefix("Value error, ")
        found = found if kind == "value_error" else f"{_shown(value)}: {found[:1].lower()}{found[1:]}"
    return place.refuse(found, expected=expected, nearest=nearest)


def _locate(
    model: type[BaseModel], loc: tuple[Any, ...], at: tuple[Any, ...], written: Written
) -> tuple[Written, tuple[Any, ...], Any]:
    """The deepest written value on the way to ``loc`` and on to ``at``, what remains below it, the annotation there.

    pydantic's ``loc`` also holds the tags of unions, which are not keys of the file; a validator's ``at`` does not.
    For an unknown key the annotation is that of the block that holds it.
    """
    annotation: Any = model
    rest: tuple[Any, ...] = ()
    for step, may_be_tag in [*((step, True) for step in loc), *((step, False) for step in at)]:
        members = _members(annotation)
        tagged = [member for member in members if step in _all_tags(member)]
        if may_be_tag and len(members) > 1 and tagged:
            annotation = tagged[0]
            continue
        below = _below(annotation, step)
        annotation = annotation if below is None else below
        child = None
        if not rest and isinstance(written.value, dict):
            child = written.value.get(str(step))
        elif not rest and isinstance(written.value, list) and isinstance(step, int) and step < len(written.value):
            child = written.value[step]
        if child is None:
            rest = (*rest, step)
        else:
            written = child
    return written, rest, annotation


def _below(annotation: Any, step: Any) -> Any:
    for member in _members(annotation):
        bare = _bare(member)
        if isinstance(bare, type) and issubclass(bare, BaseModel):
            if step in bare.model_fields:
                return bare.model_fields[step]
            continue
        origin, arguments = get_origin(bare), get_args(bare)
        if origin is dict:
            return arguments[1]
        if origin is tuple and isinstance(step, int):
            return arguments[0] if arguments[-1] is Ellipsis else arguments[min(step, len(arguments) - 1)]
    return None


def _bare(annotation: Any) -> Any:
    while isinstance(annotation, FieldInfo) or get_origin(annotation) is Annotated:
        annotation = annotation.annotation if isinstance(annotation, FieldInfo) else get_args(annotation)[0]
    return annotation


def _members(annotation: Any) -> list[Any]:
    """The members of a union (None left out), or the annotation alone."""
    bare = _bare(annotation)
    if get_origin(bare) not in (Union, types.UnionType):
        return [annotation]
    return [deeper for member in get_args(bare) if member is not type(None) for deeper in _members(member)]


def _models(annotation: Any) -> list[type[BaseModel]]:
    bare = [_bare(member) for member in _members(annotation)]
    return [member for member in bare if isinstance(member, type) and issubclass(member, BaseModel)]


def _tags(member: Any, word: str) -> tuple[str, ...]:
    bare = _bare(member)
    if not (isinstance(bare, type) and issubclass(bare, BaseModel)) or word not in bare.model_fields:
        return ()
    return tuple(_literals(bare.model_fields[word]))


def _all_tags(annotation: Any) -> list[str]:
    tags: list[str] = []
    for member in _members(annotation):
        explicit = [part.tag for part in get_args(member)[1:] if isinstance(part, Tag)]
        tags += explicit or [tag for word in DISCRIMINATORS for tag in _tags(member, word)]
    return tags


def _literals(annotation: Any) -> list[Any]:
    return [
        value
        for member in _members(annotation)
        if get_origin(_bare(member)) is Literal
        for value in get_args(_bare(member))
    ]


def _example(annotation: Any) -> str | None:
    """An example of the quantity that belongs here, or the words to choose from."""
    metadata = annotation.metadata if isinstance(annotation, FieldInfo) else get_args(annotation)[1:]
    for member in (*metadata, *(part for option in _members(annotation) for part in get_args(option)[1:])):
        if isinstance(member, WithJsonSchema) and member.json_schema and "examples" in member.json_schema:
            return f"something like '{member.json_schema['examples'][0]}'"
    names = _literals(annotation) or _all_tags(annotation)
    return _one_of(names) if names else None


def _one_of(names: Iterable[Any]) -> str:
    return " | ".join(dict.fromkeys(str(name) for name in names))


def _shown(value: Any) -> str:
    text = "an empty value" if value is None else f"'{value}'" if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."
