"""Types shared by all of the domain."""

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias, Union

Json: TypeAlias = Union[bool, int, float, str, Sequence["Json"], Mapping[str, "Json"], None]  # noqa: UP007 (recursive)
"""A JSON value, as the standard library's ``json`` would give it."""

JsonObject: TypeAlias = Mapping[str, Json]
"""A JSON object."""

Band: TypeAlias = Literal["sharp", "drifting", "degrading", "restart"]
"""How full the context window is: 0-30 %, 30-60 %, 60-80 %, 80-100 %."""

GateStatus: TypeAlias = Literal["passed", "failed", "timeout", "not_run"]
VerifyStatus: TypeAlias = Literal["passed", "failed", "not_run"]
TurnStatus: TypeAlias = Literal["completed", "interrupted", "failed", "blocked"]
Stage: TypeAlias = Literal["streaming", "preflight", "effects"]
When: TypeAlias = Literal["now", "next", "queued"]
"""Delivery of a steer: cut and say it now, after the running tools, or at the end of the turn."""

Wire: TypeAlias = Literal["chat", "responses"]
Role: TypeAlias = Literal["system", "user", "assistant", "tool"]
ErrorKind: TypeAlias = Literal[
    "auth",
    "rate_limit",
    "overloaded",
    "context_overflow",
    "network",
    "stalled",
    "bad_stream",
    "refused_by_endpoint",
]
