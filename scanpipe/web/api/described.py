"""The description of the API: what FastAPI tells of the routes, and the one shape of all problems."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from scanpipe.definitions import schema as definition_schema
from scanpipe.web.api.answers import Problem

_ABOUT = "Where drawings from paper lie, what they look like, and what has changed since. docs/api.md explains it."


def describe(app: FastAPI) -> None:
    """From here on the application tells this description of itself."""

    def told() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(title=app.title, version=app.version, description=_ABOUT, routes=app.routes)
            app.openapi_schema = _with_problems(schema)
        return app.openapi_schema

    app.openapi = told  # type: ignore[method-assign]


def _with_problems(schema: dict[str, Any]) -> dict[str, Any]:
    """Every problem has the model of RFC 9457, in place of the framework's own."""
    schemas = schema["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    model = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(model.pop("$defs", {}))
    schemas["Problem"] = model
    schemas["TestDefinition"] = {k: v for k, v in definition_schema().items() if k != "$schema"}
    return schema
