# SPDX-License-Identifier: Apache-2.0
"""The application: settings in, Flask out."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from flask import Blueprint, Flask
from flask_wtf.csrf import CSRFProtect
from jinja2 import StrictUndefined

from lims.bench.views import load_who
from lims.core.code_keys import open_database
from lims.core.files import FileStore
from lims.core.secrets import secret
from lims.core.settings import Settings
from lims.features import BLUEPRINTS, GAP_CHECKS, MEANINGS, PACKAGE_SECTIONS, PLACES, STAGES
from lims.quality.queries.preparation import photograph_section
from lims.web import errors, guard, locale, pages, shell

PACKAGE = Path(__file__).parent


def create_app(settings: Settings, *, extra: Iterable[Blueprint] = ()) -> Flask:
    """Make the application of one laboratory's folder."""
    inside = PACKAGE / "templates"
    app = Flask(
        "lims",
        root_path=str(PACKAGE),
        template_folder=str(inside if inside.is_dir() else PACKAGE.parent / "templates"),
    )
    app.config.update(
        SECRET_KEY=secret(settings.keys, "session.key", settings.passphrase),
        SESSION_COOKIE_NAME="osteon",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=settings.host != "127.0.0.1",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings.session_hours),
        MAX_CONTENT_LENGTH=settings.max_upload_mb * 1_000_000,
        MAX_FORM_MEMORY_SIZE=4_000_000,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_SSL_STRICT=False,
        TRAP_HTTP_EXCEPTIONS=False,
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.extensions["osteon"] = pages.Laboratory(
        settings=settings,
        database=open_database(settings),
        files=FileStore(settings.files, keep_free_mb=settings.free_disk_mb),
        meanings=MEANINGS,
        gap_checks=GAP_CHECKS,
        package_sections=(*PACKAGE_SECTIONS, photograph_section(FileStore(settings.files))),
        stages=STAGES,
    )
    locale.install(app)
    errors.install(app)
    guard.install(app, load_who, CSRFProtect(app))
    shell.install(app, PLACES)
    app.after_request(pages.with_security_headers)
    for blueprint in (*BLUEPRINTS, *extra):
        app.register_blueprint(blueprint)
    return app
