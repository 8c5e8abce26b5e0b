"""Every word of the pages has its Vietnamese: ours, and those that Unfold brings without."""

import re
from pathlib import Path

import unfold
from django.conf import settings
from django.utils import translation

UNFOLD = Path(unfold.__file__).parent
# Said the same in both languages, or on pages that we do not have.
ALIKE = {"Email", "%(class_name)s %(instance)s"}
NOT_OURS = ("constance", "forms", "guardian", "import_export", "location_field", "simple_history")
_SAID = re.compile(
    r"""\{%\s*(?:trans|translate)\s+(?:"([^"]+)"|'([^']+)')|\b_\(\s*(?:"([^"]+)"|'([^']+)')\s*\)""", re.DOTALL
)


def said_by_unfold() -> set[str]:
    files = [
        path
        for path in (*UNFOLD.rglob("*.html"), *UNFOLD.rglob("*.py"))
        if path.relative_to(UNFOLD).parts[0] != "contrib" or path.relative_to(UNFOLD).parts[1] not in NOT_OURS
    ]
    return {next(filter(None, found)) for path in files for found in _SAID.findall(path.read_text())}


def test_what_unfold_says_has_its_vietnamese():
    words = said_by_unfold() - ALIKE
    assert len(words) > 80
    with translation.override("vi"):
        english = sorted(word for word in words if translation.gettext(word) == word)
    assert english == [], "add them to omni/desk/borrowed_words.py"


def test_no_other_name_for_gettext_hides_words_from_makemessages():
    known = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}
    hidden = []
    for room in ("omni", "customers", "catalog", "orders", "loyalty"):
        for path in (Path(settings.BASE_DIR) / room).rglob("*.py"):
            names = re.findall(r"\b[np]?gettext(?:_lazy|_noop)? as (\w+)", path.read_text())
            hidden += [f"{path}: {name}" for name in names if name not in known]
    assert hidden == []
