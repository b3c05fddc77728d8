"""What public functions are given, checked against their signatures."""

from __future__ import annotations

import math
import os
import reprlib
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cache, wraps
from inspect import signature
from numbers import Integral, Real
from pathlib import Path
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    ParamSpec,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from napari_sparsevar.errors import UserError

P = ParamSpec("P")
R = TypeVar("R")

_MADE_BY = {
    "CellFit": "sv.fit_traces makes one",
    "Movie": "sv.open_movie opens one",
    "Run": "sv.load_run opens one",
    "TrainConfig": "sv.TrainConfig.from_preset makes one",
    "Window": "sv.Window makes one",
}
"""Where something of this type is from."""

_ALIKE: dict[type, Any] = {bool: (bool, np.bool_), Path: os.PathLike}
"""What is as good as a type."""

_WORDS: dict[Any, str] = {
    bool: "True or False",
    float: "a number",
    int: "a whole number",
    Path: "a path",
    str: "text",
}


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function refuse what its signature does not allow, before it begins.

    Numbers (finite, and in the bounds of ``PositiveFloat`` and the like), texts, paths, choices,
    objects of a class and lists of them are looked at. Arrays and what else may have many forms are
    left to the function.

    Raises
    ------
    UserError
        From the function that comes back: what the argument must be, and what it is.
    """
    form = signature(function)

    @wraps(function)
    def careful(*args: P.args, **kwargs: P.kwargs) -> R:
        kinds = _kinds(function)
        for name, value in form.bind(*args, **kwargs).arguments.items():
            if name in kinds and not _fits(value, kinds[name]):
                raise UserError(f"{name} must be {_said(kinds[name], value)}.")
        return function(*args, **kwargs)

    return careful


@cache
def _kinds(function: Callable[..., object]) -> dict[str, Any]:
    return get_type_hints(function, include_extras=True)


def _fits(value: Any, kind: Any) -> bool:
    """Return whether a value is of a kind; true where the kind is not one that is looked at."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return any(_fits(value, part) for part in parts)
    if origin is Annotated:
        return _fits(value, parts[0]) and all(_within(value, bound) for bound in parts[1:])
    if origin is Literal:
        return isinstance(value, str) and value in parts
    if origin is Sequence and isinstance(parts[0], type) and parts[0] not in (int, float):
        if parts[0] is str:  # names may be numbers
            return isinstance(value, Iterable) and not isinstance(value, str)
        return isinstance(value, Collection) and all(_fits(each, parts[0]) for each in value)
    if origin is tuple:
        several = isinstance(value, Collection) and len(value) == len(parts)
        return several and all(map(_fits, value, parts))
    if kind is Any or not isinstance(kind, type):
        return True
    if kind in (int, float):
        number = isinstance(value, Integral if kind is int else Real)
        return number and not isinstance(value, bool) and math.isfinite(value)
    return isinstance(value, _ALIKE.get(kind, kind))


def _within(value: Any, bound: Any) -> bool:
    """Return whether a number lies in a bound of pydantic's."""
    above, least = getattr(bound, "gt", None), getattr(bound, "ge", None)
    return bool((above is None or value > above) and (least is None or value >= least))


def _said(kind: Any, value: object) -> str:
    """Say what must be given, what it is in place of that, and where to get it."""
    parts = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    needless = {NoneType, str} if Path in parts else {NoneType}
    wanted = [part for part in parts if part not in needless]
    needed = " or ".join(map(_in_words, wanted))
    where = ", ".join(said for name, said in _MADE_BY.items() if name in needed.split())
    return f"{needed}, not {shown(value)}" + (f": {where}" if where else "")


def _in_words(kind: Any) -> str:
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        number = _WORDS[parts[0]].removeprefix("a ")
        return f"a positive {number}" if _within(0, parts[1]) is False else f"a {number} from 0"
    if origin is Literal:
        return f"one of {', '.join(map(repr, parts))}"
    if origin is tuple:
        return f"({', '.join(_in_words(part).removeprefix('a ') for part in parts)})"
    if origin is Sequence:
        return f"a list of {parts[0].__name__}"
    name = kind.__name__
    return _WORDS.get(kind, f"{'an' if name[0] in 'AEIOU' else 'a'} {name}")


def shown(value: Any) -> str:
    """Return a short text of one line that shows a value in a sentence."""
    if isinstance(value, Real):
        return str(value)
    if hasattr(value, "__array__") and hasattr(value, "shape"):
        return f"{type(value).__name__} of shape {tuple(value.shape)}"
    if isinstance(value, Path):
        return repr(str(value))
    if type(value).__module__ == "builtins":
        return " ".join(reprlib.repr(value).split())
    return f"a {type(value).__name__}"


def unmasked(array: Any) -> Any:
    """Return an array with NaN where it is masked; any other as it is."""
    if not isinstance(array, np.ma.MaskedArray):
        return array
    if not np.ma.is_masked(array):
        return array.data
    return np.ma.filled(array.astype(np.result_type(array.dtype, np.float32)), np.nan)


def pieces_of(given: Any, name: str) -> list[tuple[int, int]]:
    """Return stretches of frames as they were given: first frame, and the frame after the last.

    Raises
    ------
    UserError
        If they are anything else.
    """
    try:
        return [(int(start), int(stop)) for start, stop in given]
    except (TypeError, ValueError, OverflowError):
        raise UserError(
            f"{name} must be starts and stops in frames such as [(0, 100), (200, 300)], "
            f"not {shown(given)}."
        ) from None


class Settings(BaseModel):
    """Settings by name. What a person calls wrongly is one sentence.

    What a file holds is validated by ``model_validate``, whose errors are pydantic's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    if not TYPE_CHECKING:  # a type checker would believe in any name

        def __init__(self, *args: object, **settings: object) -> None:
            if args:
                known = ", ".join(type(self).model_fields)
                raise UserError(
                    f"{type(self).__name__} takes settings by name ({known}), not {shown(args[0])}."
                )
            try:
                super().__init__(**settings)
            except ValidationError as error:
                raise UserError(f"{in_words(error)}.") from None

        __init__.__pydantic_base_init__ = True  # `model_validate` goes past it


def in_words(error: ValidationError) -> str:
    """Return which setting is wrong, what it is and what it should be, without a full stop."""
    last = error.errors()[-1]  # of "auto" or a number, the number
    where = ".".join(part for part in last["loc"] if isinstance(part, str) and part.isidentifier())
    unknown = last["type"] == "extra_forbidden"
    said = "there is no such setting" if unknown else last["msg"].removeprefix("Value error, ")
    what = f"{where} is {shown(last['input'])}: " if where else ""
    return f"{what}{said[:1].lower()}{said[1:]}"
