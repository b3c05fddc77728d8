"""What names of files tell: which belong together, which channel and plane, and in what order."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from napari_sparsevar.movie.axes import MOST_CHANNELS

_CHANNEL = {"c", "ch", "chan", "channel", "chn", "pmt", "wavelength", "w"}
_PLANE = {"z", "plane", "slice", "depth", "zplane", "zslice"}
_RECORDING = {
    *("mouse", "animal", "subject", "fish", "fly", "rat", "fov", "field", "roi", "area", "region"),
    *("pos", "position", "site", "well", "tile", "xy", "zoom"),
    *("day", "date", "session", "sess", "ses", "sub", "week"),
}
_COLOURS = {
    *("green", "red", "blue", "yellow", "farred", "gcamp", "gcamp6f", "gcamp6s", "jgcamp"),
    *("rcamp", "jrgeco", "gfp", "egfp", "yfp", "eyfp", "cfp", "rfp", "tdtomato", "tomato"),
    *("mcherry", "mruby", "cy3", "cy5", "dapi", "fitc", "tritc", "fura", "isosbestic"),
}
_PROJECTIONS = {
    *(
        "avg",
        "average",
        "mean",
        "max",
        "maximum",
        "min",
        "minimum",
        "med",
        "median",
        "std",
        "stdev",
    ),
    *("sum", "var", "proj", "projection", "mip", "preview", "thumb", "thumbnail", "snap"),
    *("snapshot", "overview", "reference", "ref", "template"),
}
_TIME = {
    *("t", "time", "timepoint", "frame", "f", "cycle", "part", "file", "run", "trial", "rep"),
    *("repeat", "block", "loop", "acq", "stack", "series", "chunk", "segment"),
}
_LASERS = {405, 445, 458, 470, 473, 488, 490, 514, 532, 552, 561, 565, 568, 594, 633, 638, 640, 647}
_MOST_GAPS = 0.1  # share of steps; where more numbers are left out they are no count
_UNITS = {"nm": "C", "um": "Z", "µm": "Z", "μm": "Z", "mw": "R"}
"""Behind a number: a wavelength, a depth, a power."""
_DATE = "|".join(
    rf"(?<!\d)20\d\d{gap}(?:0[1-9]|1[0-2]){gap}(?:0[1-9]|[12]\d|3[01])(?!\d)"
    for gap in ("", "-", "_", r"\.")
)
_TOKEN = re.compile(rf"{_DATE}|(?i:j?gcamp\d+[a-z]?|cy\d)(?![^\W_])|\d+|[^\W\d_]+|[\W_]+")
_INDICATOR = re.compile(r"j?gcamp\d", re.IGNORECASE)
_LETTER = re.compile(r"(ch|chan|channel)([a-d])", re.IGNORECASE)
_THORLABS = re.compile(r"Chan[A-D](_\d+){4}")


class _Name(NamedTuple):
    """One name, taken apart."""

    path: Path
    tokens: tuple[str, ...]
    template: tuple[str, ...]
    recording: tuple[str, ...]
    channel: tuple[str, ...]
    plane: tuple[int, ...]
    order: tuple[int, ...]
    digits: tuple[str, ...]
    """As ``order`` stands in the name; of what follows a number and a point with the point."""


@dataclass(frozen=True)
class Recording:
    """Files that are one movie by their names.

    Parameters
    ----------
    name : str
        What its names have in common.
    channels, planes : int
        How many there are.
    files : dict
        Of each channel and plane, counted from 0, the files in the order of time.
    gaps : dict
        As ``files``: before which of them numbers are left out.
    crossed : bool
        Whether two numbers run in the names, and nothing says which of them is time.
    """

    name: str
    channels: int
    planes: int
    files: dict[tuple[int, int], list[Path]]
    gaps: dict[tuple[int, int], list[int]]
    crossed: bool

    @property
    def first(self) -> Path:
        """Its first file."""
        return next(files[0] for files in self.files.values() if files)


def is_called_projection(path: Path) -> bool:
    """Return whether a name says that it is a projection, a preview or the like."""
    return bool({token.lower() for token in _TOKEN.findall(path.stem)} & _PROJECTIONS)


def recordings(paths: Sequence[Path], *, in_order: bool = False) -> list[Recording]:
    """Group files by what differs in their names.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        Files that may be one movie, several, or channels and planes of one.
    in_order : bool
        Whether a person has put them into their order in time: then all are one recording, and
        only channels and planes are taken apart.

    Returns
    -------
    list of Recording
        In the order of names. Numbers are time unless a word before them says otherwise; words
        that differ make recordings of their own.
    """
    names = _with_first([_taken_apart(path) for path in paths])
    if in_order:
        groups = [names]
    else:
        names.sort(key=lambda name: (name.template, name.recording))
        by = itertools.groupby(names, key=lambda name: (name.template, name.recording))
        groups = [list(group) for _, group in by]
    found = [_recording(_with_fractions(group), in_order) for group in groups]
    return _named_apart(sorted(found, key=lambda each: each.name))


def _taken_apart(path: Path) -> _Name:
    stem = path.stem.removesuffix(".ome")
    template: list[str] = []
    kinds: dict[str, list[str]] = {"R": [], "C": [], "Z": [], "N": []}
    thorlabs = _THORLABS.fullmatch(stem) is not None
    word = ""
    digits: list[str] = []
    tokens = _TOKEN.findall(stem)
    for token, after in itertools.pairwise([*tokens, ""]):
        kind, value = _kind_of(token, word, after.lower())
        if thorlabs and kind == "N":  # well, site, plane, time
            kind = "RRZN"[len(kinds["R"]) + len(kinds["Z"])]
        if kind == "N":
            digits.append("." * (template[-2:] == ["<n>", "."]) + token)
        if kind:
            kinds[kind].append(value)
        template.append(f"<{kind.lower()}>" if kind else token)
        word = token.lower() if token[0].isalpha() else word if token.strip("_-. ") == "" else ""
    if stem != path.stem:
        template.append(".ome")  # beside one without it, it is another file of the same
    return _Name(
        path,
        tuple(template),
        tuple(token.lower() for token in template),
        tuple(kinds["R"]),
        tuple(kinds["C"]),
        tuple(map(int, kinds["Z"])),
        tuple(map(int, kinds["N"])),
        tuple(digits),
    )


def _kind_of(token: str, word: str, after: str) -> tuple[str, str]:
    """Return what a part of a name stands for, '' for a word, and its value."""
    if re.fullmatch(_DATE, token):
        return "R", token
    if token.isdecimal():
        if after in _UNITS:
            return _UNITS[after], str(int(token))
        for kind, words in (("C", _CHANNEL), ("Z", _PLANE), ("R", _RECORDING)):
            if word in words:
                return kind, str(int(token))
        return "N", token
    if letter := _LETTER.fullmatch(token):
        return "C", letter[2].upper()
    if word in _CHANNEL and len(token) == 1 and token.lower() in "abcd":
        return "C", token.upper()
    return (
        ("C", token.lower())
        if token.lower() in _COLOURS or _INDICATOR.match(token)
        else ("", token)
    )


def _with_fractions(names: Sequence[_Name]) -> list[_Name]:
    """Return names in whose order 0.05 comes before 0.1; chapters such as 1.2 and 1.10 stay."""
    if len({len(name.digits) for name in names}) != 1:
        return list(names)
    longest = [max(map(len, place)) for place in zip(*(n.digits for n in names), strict=True)]
    fractions = {
        place
        for place, texts in enumerate(zip(*(name.digits for name in names), strict=True))
        if all(text.startswith(".") for text in texts)
        and len(set(map(len, texts))) > 1
        and any(text.startswith(".0") and len(text) > 2 for text in texts)
    }

    def ordered(name: _Name) -> tuple[int, ...]:
        order = list(name.order)
        for place in fractions:
            order[place] = int(name.digits[place][1:].ljust(longest[place] - 1, "0"))
        return tuple(order)

    return [name._replace(order=ordered(name)) for name in names]


def _with_first(names: list[_Name]) -> list[_Name]:
    """Put ``movie`` before ``movie_1``, ``movie_2``: many programs do not number the first."""
    counted = {_uncounted(name.template): name.template for name in names}
    return [
        name._replace(template=counted[name.template], order=(*name.order, -1))
        if name.template in counted
        else name
        for name in names
    ]


def _uncounted(template: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return what is left without a number at the end; None where there is none."""
    end = template[-1:] if template[-1:] == (".ome",) else ()
    stem = template[: len(template) - len(end)]
    if len(stem) < 2 or stem[-1] != "<n>":
        return None
    return (*stem[: -2 if stem[-2].strip("_-. ") == "" else -1], *end)


def _recording(names: Sequence[_Name], in_order: bool) -> Recording:
    lasers = {place for place, values in _varying(names).items() if values <= _LASERS}
    names = [_by_laser(name, lasers) for name in names]
    names = _settled(names)
    channels = sorted({name.channel for name in names}, key=_natural)
    planes = sorted({name.plane for name in names})
    files: dict[tuple[int, int], list[Path]] = {}
    gaps: dict[tuple[int, int], list[int]] = {}
    for (c, channel), (z, plane) in itertools.product(enumerate(channels), enumerate(planes)):
        own = [name for name in names if (name.channel, name.plane) == (channel, plane)]
        if not in_order:
            own.sort(key=lambda name: (name.order, name.path.name))
        files[c, z] = [name.path for name in own]
        gaps[c, z] = [] if in_order else _gaps(own)
    one = [name for name in names if (name.channel, name.plane) == (channels[0], planes[0])]
    crossed = not in_order and _crossed(one)
    return Recording(_label(names[0]), len(channels), len(planes), files, gaps, crossed)


def _settled(names: list[_Name]) -> list[_Name]:
    """Return names whose channels are some: what not all names have, or too many, are none."""
    channels = {name.channel for name in names}
    if len(channels) <= MOST_CHANNELS and len({len(channel) for channel in channels}) == 1:
        return names
    return [
        name._replace(
            channel=(), order=(*(int(c) for c in name.channel if c.isdecimal()), *name.order)
        )
        for name in names
    ]


def _natural(parts: Iterable[str]) -> list[tuple[bool, int, str]]:
    return [(not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]


def _by_laser(name: _Name, places: set[int]) -> _Name:
    """Return a name whose numbers at some places are wavelengths, which are channels."""
    lasers = tuple(str(number) for place, number in enumerate(name.order) if place in places)
    rest = tuple(number for place, number in enumerate(name.order) if place not in places)
    return name._replace(channel=(*name.channel, *lasers), order=rest)


def _varying(names: Sequence[_Name]) -> dict[int, set[int]]:
    """Return the numbers at each place where they are not the same in all names."""
    if len({len(name.order) for name in names}) != 1:
        return {}
    values = [set(place) for place in zip(*(name.order for name in names), strict=True)]
    return {place: each for place, each in enumerate(values) if len(each) > 1}


def _gaps(names: Sequence[_Name]) -> list[int]:
    """Return before which files a number is left out; empty where numbers are no count."""
    varying = list(_varying(names))
    if len(varying) != 1 or len(names) < 3:
        return []
    numbers = [name.order[varying[0]] for name in names]
    steps = [after - before for before, after in itertools.pairwise(numbers)]
    usual, _ = Counter(steps).most_common(1)[0]
    found = [place for place, step in enumerate(steps, 1) if step > usual]
    return found if len(found) <= max(1.0, _MOST_GAPS * len(steps)) else []


def _crossed(names: Sequence[_Name]) -> bool:
    """Return whether two numbers run, each through all of its values for each of the other."""
    sizes = [len(values) for values in _varying(names).values()]
    said = bool(_TIME & set(names[0].template))
    return not said and len(sizes) == 2 and sizes[0] * sizes[1] == len({n.order for n in names})


def _label(name: _Name) -> str:
    """Return a name without its running numbers, channel and plane."""
    values = iter(name.recording)
    parts = [
        next(values) if token == "<r>" else "" if token.startswith("<") else token
        for token in name.tokens
        if token != ".ome"
    ]
    return re.sub(r"([_\-. ])[_\-. ]+", r"\1", "".join(parts)).strip("_-. ") or name.path.stem


def _named_apart(found: list[Recording]) -> list[Recording]:
    counts = Counter(each.name for each in found)
    seen: Counter[str] = Counter()
    apart = []
    for each in found:
        seen[each.name] += 1
        several = counts[each.name] > 1
        apart.append(replace(each, name=f"{each.name} {seen[each.name]}" if several else each.name))
    return apart
