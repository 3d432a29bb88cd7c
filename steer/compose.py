"""Chooses which parts a command is made of, and loads them when it needs them.

The one module that imports inside functions: openai (1.3 s), git and tiktoken load in a thread after the screen has been
painted, and nothing of them for ``steer --help``. What is loaded here knows its own parts by ordinary imports.
"""

import asyncio
import ctypes
import gc
import hashlib
import importlib
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Final

from steer.engine.cockpit import Cockpit, TokenCounter
from steer.settings import PROJECT_FILE, Settings, Spec, parse_toml, tighten

DEMO_TASK: Final = "Parse ISO week dates such as 2020-W53-7 (the open item of PLAN.md)."
DEMO_WINDOW: Final = 131_072


def run_cockpit(spec: Spec, suggestion: str = "") -> int:
    """The cockpit until the user leaves it: it paints first and opens the session behind that."""
    spec = with_project(spec)
    from steer.ui.app import SteerApp

    async def opener() -> Cockpit:
        gc.enable()
        counter = await asyncio.to_thread(_load, spec.settings.model)
        from steer.assembly import open_session

        try:
            return await open_session(spec, counter)
        finally:
            _settle_memory()

    # Keys typed while the adapters load wait for the interpreter's lock: 5 ms a turn (the default) makes a key lag by 50.
    sys.setswitchinterval(0.001)
    app = SteerApp(opener, label=spec.directory.resolve().name, suggestion=suggestion, theme=spec.settings.theme)
    app.run()
    return app.return_code or 0


def _settle_memory() -> None:
    """What is loaded by now stays: the garbage collector need not walk its 300,000 objects again in mid-stream."""
    gc.collect()
    gc.freeze()
    # What building the tokenizer took for a moment goes back to the system (glibc's allocator; others do it by themselves).
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _load(model: str) -> TokenCounter:
    """Load every adapter; blocks for a second or two, so call it in a thread.

    The tokenizer comes first: building it takes 50 MB for a moment, which are then free for what is loaded after it.
    """
    from steer.storage.tokens import load_counter

    counter = load_counter(model)
    importlib.import_module("steer.assembly")
    return counter


def with_project(spec: Spec) -> Spec:
    """The spec as the project's own configuration tightens it: read only once trusted, by its content."""
    path = spec.directory / PROJECT_FILE
    if not path.is_file():
        return spec
    from steer.storage.trust import TrustStore

    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    store = TrustStore(spec.home)
    if spec.trust:
        store.trust(path, digest, content)
    if not store.trusted(path, digest):
        note = f"{PROJECT_FILE} is not trusted and was not read. Look at it, then start once with --trust."
        return replace(spec, notes=(*spec.notes, note))
    values = parse_toml(content.decode("utf-8", "replace"), str(path))
    return replace(spec, settings=tighten(spec.settings, values, str(path)))


def run_turn(spec: Spec, task: str, as_json: bool) -> int:
    """One turn without a screen; gives the exit code."""
    spec = with_project(spec)
    from steer.engine.session import Session
    from steer.headless.outcome import run_headless
    from steer.headless.printer import TextPrinter, print_json

    counter = _load(spec.settings.model)
    from steer.assembly import open_session

    gc.enable()

    async def opening() -> Session:
        return await open_session(spec, counter, (print_json if as_json else TextPrinter(),))

    return asyncio.run(run_headless(opening, task))


def run_demo(folder: Path | None, rate: float, headless: bool, as_json: bool, theme: str) -> int:
    """The demo on a fresh copy of the sample, in ``folder`` or a temporary one that the headless demo removes again."""
    from steer.headless.printer import write_err
    from steer.sample import open_demo

    base = Path(tempfile.mkdtemp(prefix="steer-demo-"))
    demo = open_demo(folder or base / "tinydates", rate)
    settings = Settings(model=demo.model, base_url=demo.base_url, context_window=DEMO_WINDOW, theme=theme)
    spec = Spec(demo.folder, base / "state", settings, trust=True, scripted=True)
    try:
        if headless:
            return run_turn(replace(spec, approve="none"), DEMO_TASK, as_json)
        return run_cockpit(spec, DEMO_TASK)
    finally:
        demo.close()
        if headless:
            shutil.rmtree(base, ignore_errors=True)
        else:
            write_err(f"The demo's project is in {demo.folder}")


def run_verify(directory: Path, home: Path, trust: bool, as_json: bool) -> int:
    """The gates of VERIFY.md; 0 only if verification passed."""
    from steer.chores import verify_workspace
    from steer.headless.printer import TextPrinter
    from steer.headless.reports import report_verify

    follow = (lambda records: None) if as_json else TextPrinter()
    found = asyncio.run(verify_workspace(directory, home, trust, follow))
    if as_json:
        report_verify(found.gates, found.outcome)
    return 0 if found.outcome.status == "passed" else 1


def run_context(directory: Path, home: Path, settings: Settings, task: str, as_json: bool) -> int:
    """What a new session would send, by category."""
    from steer.chores import count_context, known_window
    from steer.headless.reports import report_context

    return report_context(count_context(directory, home, settings, task), known_window(settings), as_json)


def run_request(text: str, settings: Settings, as_json: bool) -> int:
    """What a saved chat request holds, by category."""
    from steer.chores import count_request, known_window
    from steer.headless.reports import report_context

    counts, model = count_request(text, settings.model)
    return report_context(counts, known_window(replace(settings, model=model)), as_json)


def run_init(directory: Path, as_json: bool) -> int:
    """Write the four files where they are missing."""
    from steer.chores import initialise
    from steer.headless.reports import report_init

    return report_init(*initialise(directory), as_json)


def run_doctor(directory: Path, home: Path, settings: Settings, key: str, config: Path, as_json: bool) -> int:
    """What is there, what is missing, what to do about it; 1 if anything fails."""
    from steer.diagnosis import diagnose
    from steer.headless.reports import report_doctor

    return report_doctor(asyncio.run(diagnose(directory, home, settings, key, config)), as_json)
