"""What every stored record is made of: an immutable value that refuses fields it does not know."""

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """An immutable record that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")
