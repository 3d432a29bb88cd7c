"""The demo's model: a script behind a real HTTP endpoint on loopback, so that everything else is as with any model."""

from steer.providers.scripted.answers import MODEL
from steer.providers.scripted.server import ScriptedServer

__all__ = ["MODEL", "ScriptedServer"]
