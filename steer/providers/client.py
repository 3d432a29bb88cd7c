"""The way in: a provider for an address, a key and a model."""

from steer.domain.errors import UsageError
from steer.providers.catalog import window_of
from steer.providers.chat import ChatProvider
from steer.providers.endpoint import Endpoint
from steer.providers.options import ChatOptions, Patience


def open_provider(
    base_url: str | None,
    api_key: str | None,
    model: str,
    window: int | None = None,
    options: ChatOptions | None = None,
    patience: Patience | None = None,
) -> ChatProvider:
    """A provider that has not connected yet.

    ``base_url`` None is OpenAI's own; ``api_key`` may be None for an endpoint on this machine or a private network;
    ``window`` in tokens, None to look it up by the model's name. Raises UsageError, naming the setting, where that
    cannot work. Call its ``close`` in the end.
    """
    name = model.strip()
    if not name:
        raise UsageError("No model is named.", "Set STEER_MODEL, or give --model NAME.")
    return ChatProvider(Endpoint(base_url, api_key), name, window or window_of(name), options, patience)
