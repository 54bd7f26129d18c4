"""How the JSON Schema of a model is written for editors: durations as people write them, no titles beside names."""

from datetime import timedelta
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from crossfade.core.duration import format_duration


def schema_of(model: type[BaseModel], title: str) -> dict[str, Any]:
    """The JSON Schema of *model*, called *title*; what needs two fields at once, no schema sees."""
    schema = model.model_json_schema(schema_generator=_SchemaGenerator)
    return {"$schema": _SchemaGenerator.schema_dialect, "title": title, **_without_titles(schema)}


class _SchemaGenerator(GenerateJsonSchema):
    def encode_default(self, dft: Any) -> Any:
        return format_duration(dft) if isinstance(dft, timedelta) else super().encode_default(dft)


def _without_titles(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_titles(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _without_titles(part) for key, part in schema.items() if key != "title" or not isinstance(part, str)}
