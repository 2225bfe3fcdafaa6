# SPDX-License-Identifier: Apache-2.0
"""Every word that a person sees is in the catalogue, and no template has words outside it."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

ROOT = Path(__file__).parents[2]
PO = ROOT / "lims" / "translations" / "ar" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {**DEFAULT_KEYWORDS, "N_": None, "Say": None, "ngettext": (1, 2), "Many": (1, 2)}
PLACE = re.compile(r"%\((\w+)\)[sd]|%%")
# The same in every language: a name, a language's own name, units and signs.
SAME_EVERYWHERE = {
    "Osteon", "English", "العربية", "PDF", "ZPL", "RFU", "bp", "JSON", "NDJSON", "sha256", "SHA",
    "R²",
}  # fmt: skip
# Attributes that a macro writes, and the one block that holds the name of a class.
NO_WORDS = re.compile(r'[a-z-]+="[^"]*"')
CLASS_BLOCK = re.compile(r"{% block body_class %}.*?{% endblock %}")
# Keys of a keyboard and what is typed into a computer are the same in every language.
SILENT = ("script", "style", "kbd", "code")
TEXT_ATTRIBUTES = ("title", "aria-label", "alt", "placeholder", "aria-description")

Text = str | tuple[str, str]


@pytest.fixture(scope="module")
def used() -> dict[Text, str]:
    """Every marked text of code and templates, and where it was first found."""
    with (ROOT / "lims" / "translations" / "babel.cfg").open("r", encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(mapping)
    found: dict[Text, str] = {}
    for path, line, message, _comments, _context in extract_from_dir(
        str(ROOT), methods, options, keywords=KEYWORDS,
        directory_filter=lambda folder: Path(folder).name not in (".venv", "tests", ".git", "dist"),
    ):  # fmt: skip
        key = (message[0], message[1]) if isinstance(message, tuple) else message
        if key:
            found.setdefault(key, f"{path}:{line}")
    return found


@pytest.fixture(scope="module")
def arabic() -> Catalog:
    with PO.open("rb") as stored:
        return read_po(stored, locale="ar")


def message_of(catalogue: Catalog, text: Text) -> Message | None:
    found: Message | None = catalogue.get(text[0] if isinstance(text, tuple) else text)
    return found


def forms(message: Message) -> list[str]:
    given = message.string
    return [given] if isinstance(given, str) else list(given)


def test_words_are_found_in_code_and_in_templates(used: dict[Text, str]) -> None:
    places = set(used.values())

    assert any(place.startswith("lims/") and ".py:" in place for place in places)
    assert any(place.startswith("templates/") for place in places)
    assert len(used) > 300


def test_every_word_has_its_arabic(used: dict[Text, str], arabic: Catalog) -> None:
    missing = {
        text: place
        for text, place in used.items()
        if (known := message_of(arabic, text)) is None or not all(forms(known))
    }

    assert missing == {}, f"{len(missing)} texts have no Arabic"


def test_arabic_has_all_six_forms_of_what_is_counted(
    used: dict[Text, str], arabic: Catalog
) -> None:
    short = [
        text
        for text in used
        if isinstance(text, tuple)
        and (known := message_of(arabic, text)) is not None
        and len(forms(known)) != 6
    ]

    assert short == []


def test_every_place_of_a_sentence_is_in_its_arabic_and_no_other(
    used: dict[Text, str], arabic: Catalog
) -> None:
    wrong = {}
    for text in used:
        known = message_of(arabic, text)
        if known is None:
            continue
        english = text if isinstance(text, tuple) else (text,)
        awaited = {place for one in english for place in PLACE.findall(one)}
        for form in filter(None, forms(known)):
            found = set(PLACE.findall(form))
            # "one tube" may be said without its number; a word that is not there may not appear.
            counted = isinstance(text, tuple)
            if found - awaited or (awaited - found and not counted):
                wrong[text] = form

    assert wrong == {}


def test_nothing_in_the_catalogue_is_guessed_or_no_longer_used(
    used: dict[Text, str], arabic: Catalog
) -> None:
    first = {text[0] if isinstance(text, tuple) else text for text in used}
    stale = [
        message.id
        for message in arabic
        if message.id
        and (message.id[0] if isinstance(message.id, tuple) else message.id) not in first
    ]

    assert [message.id for message in arabic if message.id and message.fuzzy] == []
    assert list(arabic.obsolete) == []
    assert stale == []


def templates() -> list[Path]:
    return sorted((ROOT / "templates").rglob("*.html"))


class Visible(HTMLParser):
    """Collects what a reader of the page would read, written out in the template."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SILENT:
            self._silent += 1
        self.words += [value or "" for name, value in attrs if name in TEXT_ATTRIBUTES]

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT:
            self._silent -= 1

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)


def literal(words: str) -> bool:
    found = set(re.findall(r"[^\W_]{2,}", NO_WORDS.sub("", words))) - SAME_EVERYWHERE
    return any(re.search(r"[^\W\d_]", word) for word in found)


def test_no_template_shows_words_that_nobody_can_translate() -> None:
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    found = []
    for path in templates():
        page = "".join(
            value if kind == "data" else " " if kind.endswith("_begin") else ""
            for _line, kind, value in environment.lex(CLASS_BLOCK.sub("", path.read_text("utf-8")))
        )
        reader = Visible()
        reader.feed(page)
        found += [
            f"{path.relative_to(ROOT)}: {words.strip()!r}"
            for words in reader.words
            if literal(words)
        ]

    assert found == []


def _strings(node: nodes.Node) -> Iterator[tuple[str, int]]:
    """Yield literal strings of the expressions that a page shows, but for translated ones."""
    if isinstance(node, nodes.Call):
        named = node.node
        if isinstance(named, nodes.Name) and named.name in ("_", "gettext", "ngettext"):
            return
    if isinstance(node, nodes.Extends | nodes.Import | nodes.FromImport | nodes.Include):
        return
    if isinstance(node, nodes.Compare | nodes.Test):
        return
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value, node.lineno
    for child in node.iter_child_nodes():
        yield from _strings(child)


def test_no_macro_is_given_words_that_nobody_can_translate() -> None:
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    found = []
    for path in templates():
        tree = environment.parse(path.read_text("utf-8"))
        found += [
            f"{path.relative_to(ROOT)}:{line}: {words!r}"
            for words, line in _strings(tree)
            if re.match(r"[A-Z][a-z]+\b", words) and words not in SAME_EVERYWHERE
        ]

    assert found == []
