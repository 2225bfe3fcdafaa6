# SPDX-License-Identifier: Apache-2.0
"""A person at a browser, for the run-through: pages read, forms filled in and sent as they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx

Fields = Mapping[str, str | Sequence[str]]


class StepFailed(Exception):
    """A step of the run-through did not hold; says what was done and what came of it."""


@dataclass
class Form:
    """A form of a page: where it goes, and every field with what it holds."""

    action: str
    method: str = "get"
    values: dict[str, list[str]] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    """What may be chosen in selects, radios and check boxes."""
    words: str = ""


class _Reader(HTMLParser):
    """Collects forms and the words of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.words: list[str] = []
        self.links: list[str] = []
        self._form: Form | None = None
        self._select: str | None = None
        self._area: str | None = None
        self._skip = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in ("script", "style"):
            self._skip += 1
        elif tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._form)
        elif self._form is not None:
            self._take_field(tag, given)

    def _take_field(self, tag: str, given: dict[str, str]) -> None:
        form, name = self._form, given.get("name", "")
        if form is None or "disabled" in given:
            return
        if tag == "input" and name:
            kind = given.get("type", "text")
            value = given.get("value", "on" if kind == "checkbox" else "")
            if kind in ("radio", "checkbox"):
                form.choices.setdefault(name, []).append(value)
                form.values.setdefault(name, [])
                if "checked" in given:
                    form.values[name].append(value)
            elif kind not in ("submit", "button", "file"):
                form.values.setdefault(name, []).append(value)
            elif kind == "file":
                form.choices.setdefault(name, [])
        elif tag == "select" and name:
            self._select = name
            form.values.setdefault(name, [])
            form.choices.setdefault(name, [])
        elif tag == "option" and self._select is not None:
            value = given.get("value", "")
            form.choices[self._select].append(value)
            if "selected" in given:
                form.values[self._select] = [value]
        elif tag == "textarea" and name:
            self._area = name
            form.values[name] = [""]
        elif tag == "button" and name:
            form.choices.setdefault(name, []).append(given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._skip -= 1
        elif tag == "form":
            self._form = None
        elif tag == "select":
            if self._form is not None and self._select is not None:
                chosen = self._form.values[self._select]
                # As browsers do: the first option stands where none is marked.
                if not chosen and self._form.choices[self._select]:
                    chosen.append(self._form.choices[self._select][0])
            self._select = None
        elif tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._skip:
            return
        if self._form is not None and self._area is not None:
            self._form.values[self._area][0] += data
        text = data.strip()
        if text:
            self.words.append(text)
            if self._form is not None:
                self._form.words = f"{self._form.words} {text}".strip()


@dataclass(frozen=True)
class Page:
    """A page as it was answered."""

    url: str
    status: int
    text: str
    forms: tuple[Form, ...]
    words: str
    links: tuple[str, ...]

    def has_form(self, action: str) -> bool:
        """Return whether a form goes to an address (its end is enough)."""
        return any(one.action.split("?")[0].endswith(action) for one in self.forms)

    def form(self, action: str, *, words: str = "") -> Form:
        """Return the form that goes to an address (its end is enough). Raises StepFailed."""
        for one in self.forms:
            if one.action.split("?")[0].endswith(action) and words in one.words:
                return one
        raise StepFailed(f"{self.url} has no form to {action}; {self.said()}")

    def said(self) -> str:
        """Return the beginning of what the page says, for a message."""
        main = self.words.partition("Virtual bench ")[2] or self.words
        return f"status {self.status}: {main[:600]}"


def _page(answer: httpx.Response) -> Page:
    reader = _Reader()
    reader.feed(answer.text)
    return Page(
        str(answer.url), answer.status_code, answer.text, tuple(reader.forms),
        " ".join(reader.words), tuple(reader.links),
    )  # fmt: skip


class Browser:
    """Somebody's browser: cookies of its own, redirects followed."""

    def __init__(self, address: str, login: str) -> None:
        self.login = login
        self._client = httpx.Client(
            base_url=address, follow_redirects=True, timeout=60.0, trust_env=False,
            headers={"Accept": "text/html", "Accept-Language": "en"},
        )  # fmt: skip

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def open(self, path: str) -> Page:
        """Open a page; raises StepFailed where it is not answered with 200."""
        page = self.look(path)
        if page.status != httpx.codes.OK:
            raise StepFailed(f"{self.login} cannot open {path}: {page.said()}")
        return page

    def look(self, path: str) -> Page:
        """Open a page whatever its status."""
        return _page(self._client.get(path))

    def send(self, form: Form, fields: Fields | None = None, *, files: Sequence[Any] = ()) -> Page:
        """Send a form with these fields filled in; raises StepFailed where it refuses.

        A field that the form does not have, or a choice that it does not offer, is a fault of
        the page or of the run-through, and never sent.
        """
        page = self.try_send(form, fields, files=files)
        if page.status != httpx.codes.OK:
            raise StepFailed(f"{self.login} sent {form.action}: {page.said()}")
        return page

    def try_send(
        self, form: Form, fields: Fields | None = None, *, files: Sequence[Any] = ()
    ) -> Page:
        """Send a form whatever the answer's status."""
        values: dict[str, list[str]] = {name: list(held) for name, held in form.values.items()}
        for name, given in (fields or {}).items():
            asked = [given] if isinstance(given, str) else list(given)
            if name not in values and name not in form.choices:
                raise StepFailed(f"the form to {form.action} has no field {name}")
            offered = form.choices.get(name)
            if offered and not set(asked) <= set(offered):
                raise StepFailed(f"the form to {form.action} does not offer {asked} as {name}")
            values[name] = asked
        if files:
            return _page(self._client.post(form.action, data=values, files=list(files)))
        return _page(self._client.post(form.action, data=values))

    def download(self, form: Form) -> bytes:
        """Send a form that is answered with a file; raises StepFailed where it refuses."""
        answer = self._client.post(form.action, data=form.values)
        if answer.status_code != httpx.codes.OK:
            raise StepFailed(f"{self.login} sent {form.action}: {answer.status_code}")
        return answer.content

    def json(self, path: str) -> Any:
        """Return what a page answers a program; raises StepFailed where it refuses."""
        answer = self._client.get(path, headers={"Accept": "application/json"})
        if answer.status_code != httpx.codes.OK:
            raise StepFailed(f"{self.login} asked {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json()

    def fetch(self, path: str) -> bytes:
        """Return the bytes at a path; raises StepFailed where it refuses."""
        answer = self._client.get(path)
        if answer.status_code != httpx.codes.OK:
            raise StepFailed(f"{self.login} asked {path}: {answer.status_code}")
        return answer.content
