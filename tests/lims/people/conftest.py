# SPDX-License-Identifier: Apache-2.0
"""A browser at the door: an application that asks for its form tokens, and its forms."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lims.app import create_app
from lims.core.settings import Settings
from lims.people.rules import Policy

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
REQUEST_KEY = re.compile(r'name="request_key" value="([^"]+)"')


@dataclass
class Browser:
    """A client that sends a form as the page before it would: with its token and its key."""

    client: FlaskClient
    fields: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> TestResponse:
        """Open a page and keep the hidden fields of its forms."""
        return self._keep(self.client.get(path))

    def post(self, path: str, **fields: str) -> TestResponse:
        """Send a form with the hidden fields of the page seen last."""
        return self._keep(self.client.post(path, data={**self.fields, **fields}))

    def _keep(self, answer: TestResponse) -> TestResponse:
        text = answer.get_data(as_text=True)
        found = {"csrf_token": TOKEN.search(text), "request_key": REQUEST_KEY.search(text)}
        for name, match in found.items():
            if match is not None:
                self.fields[name] = unescape(match[1])
        return answer


@pytest.fixture
def guarded_app(settings: Settings) -> Iterator[Flask]:
    """The application as it is served: forms without their token are refused."""
    made = create_app(settings)
    made.testing = True
    yield made
    made.extensions["osteon"].database.close()


@pytest.fixture
def browser(guarded_app: Flask) -> Callable[[], Browser]:
    """Open another browser that nobody has signed in with."""
    return lambda: Browser(guarded_app.test_client())


@pytest.fixture
def policy() -> Policy:
    """Five attempts, a quarter of an hour, half an hour, twelve hours."""
    return Policy.of(lockout_attempts=5, lockout_minutes=15, idle_minutes=30, hours=12)
