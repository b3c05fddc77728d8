"""How Sphinx builds these pages: ``make docs``."""

import re

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

project = "napari-sparsevar"
author = "the napari-sparsevar developers"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build"]
templates_path = ["_templates"]

html_theme = "furo"
html_title = "napari-sparsevar"
html_show_sphinx = False
html_show_copyright = False

# Headings get anchors as they do where the pages are read as plain Markdown.
myst_heading_anchors = 4
myst_enable_extensions = ["dollarmath"]

# Docstrings say types and shapes in words: they stay as they are. Hints are in the signature.
napoleon_google_docstring = False
napoleon_use_param = False
napoleon_use_rtype = False
napoleon_custom_sections = [("Attributes", "params_style")]
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autodoc_member_order = "bysource"
autodoc_type_aliases = {
    "BoolArray": "NDArray[bool]",
    "Float32Array": "NDArray[float32]",
    "FloatArray": "NDArray[float64]",
    "FloatImage": "NDArray[float32]",
    "LabelImage": "NDArray[int32]",
    "Pieces": "ArrayLike | Sequence[ArrayLike]",
}
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80


BOUNDED = r"[\w.~]*Annotated\[(\w+), [^\]]*\]"


def shorten_arrays(app, what, name, obj, options, signature, returned):
    """Write arrays as the source does, and numbers without their bounds.

    A model takes its settings by name, see their table.
    """
    if isinstance(obj, type) and issubclass(obj, BaseModel):
        return "(**settings)", None
    long = r"~numpy\.ndarray\[tuple\[~typing\.Any, \.\.\.\], ~numpy\.dtype\[~numpy\.(\w+)\]\]"
    shown = [part and re.sub(long, r"NDArray[\1]", part) for part in (signature, returned)]
    shown = [part and re.sub(BOUNDED, r"\1", part) for part in shown]
    return shown[0] and shown[0].replace("<factory>", "..."), shown[1]


def add_settings(app, what, name, obj, options, lines):
    """Append what each field of a pydantic model is: it is said once, in the field itself."""
    if what == "property":  # napoleon takes what stands before a colon for a type
        lines[:0] = ["..", ""]
    if not (what == "class" and isinstance(obj, type) and issubclass(obj, BaseModel)):
        return
    described = {key: field for key, field in obj.model_fields.items() if field.description}
    if described:
        lines += ["", ".. list-table::", "   :header-rows: 1", ""]
        lines += ["   * - setting", "     - default", "     - is"]
    for key, field in described.items():
        default = field.get_default(call_default_factory=True)
        lines += [
            f"   * - ``{key}``",
            f"     - {'' if default is PydanticUndefined else f'``{default!r}``'}",
            f"     - {field.description}",
        ]


def setup(app):
    """Tell Sphinx of the above, before napoleon reads a docstring."""
    app.connect("autodoc-process-signature", shorten_arrays)
    app.connect("autodoc-process-docstring", add_settings, priority=400)
