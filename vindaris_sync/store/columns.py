"""The kinds of columns and constraints that the tables are made of, in portable types."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Double, ForeignKey, Integer, MetaData, Text, text
from sqlmodel import Field, SQLModel

schema = MetaData()
"""Every table of the store."""

_ID = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows itself only where the type is INTEGER


class Table(SQLModel):
    """Base of all tables."""

    metadata = schema


def identity(references: str | None = None, *, key: bool = True, nullable: bool = False, later: bool = False) -> Any:  # noqa: ANN401 - as Field
    """Return a row's number, or one that refers to another row's; ``later``: which may be inserted after this one."""
    when = "DEFERRED" if later else None
    keys = [ForeignKey(references, deferrable=later or None, initially=when)] if references else []
    return Field(
        default=None,
        sa_type=_ID,
        primary_key=key,
        nullable=nullable,
        sa_column_args=keys,
        sa_column_kwargs={"autoincrement": "auto" if key and not references else False},
    )


def words(default: str | None = None, *, key: bool = False) -> Any:  # noqa: ANN401 - as Field
    """Return a text, never NULL."""
    given = {} if default is None else {"server_default": text(f"'{default}'")}
    return Field(default=default or "", sa_type=Text, primary_key=key, nullable=False, sa_column_kwargs=given)


def maybe_words() -> Any:  # noqa: ANN401 - as Field
    """Return a text or NULL."""
    return Field(default=None, sa_type=Text, nullable=True)


def flag(*, default: bool = False) -> Any:  # noqa: ANN401 - as Field
    """Return a truth value, never NULL."""
    return Field(default=default, nullable=False, sa_column_kwargs={"server_default": text(str(default).upper())})


def number(default: int | None = None, *, key: bool = False) -> Any:  # noqa: ANN401 - as Field
    """Return a 64-bit number or an instant, never NULL."""
    given = {} if default is None else {"server_default": text(str(default))}
    return Field(default=default or 0, sa_type=BigInteger, primary_key=key, nullable=False, sa_column_kwargs=given)


def maybe_number() -> Any:  # noqa: ANN401 - as Field
    """Return a 64-bit number, an instant, or NULL."""
    return Field(default=None, sa_type=BigInteger, nullable=True)


def measure() -> Any:  # noqa: ANN401 - as Field
    """Return a measured number, never NULL; it is finite."""
    return Field(default=0.0, sa_type=Double, nullable=False)


def maybe_measure() -> Any:  # noqa: ANN401 - as Field
    """Return a measured number or NULL."""
    return Field(default=None, sa_type=Double, nullable=True)


def one_of(column: str, names: Any, *, null: bool = False) -> CheckConstraint:  # noqa: ANN401 - any StrEnum class
    """Refuse what is not among ``names``."""
    allowed = f"{column} IN ({', '.join(repr(str(name)) for name in names)})"
    return CheckConstraint(f"{column} IS NULL OR {allowed}" if null else allowed, name=f"{column}_known")


def where(condition: str) -> dict[str, Any]:
    """Return what makes an index partial."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}
