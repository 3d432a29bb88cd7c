"""The command line: what was asked for, as a value; and the one place where an error becomes an exit code."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import platformdirs

from steer import __version__
from steer.compose import (
    run_cockpit,
    run_context,
    run_demo,
    run_doctor,
    run_init,
    run_request,
    run_turn,
    run_verify,
)
from steer.domain.constraints import PERMISSIONS
from steer.domain.errors import SteerError, UsageError
from steer.domain.values import Json
from steer.settings import Settings, Spec, from_environment, read_toml, with_values

COMMANDS: Final = ("demo", "run", "verify", "context", "init", "doctor")
USAGE: Final = 2
INTERRUPTED: Final = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run Steer; gives the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        options = _parser(given).parse_args(given)
        handler: Callable[[argparse.Namespace], int] = options.handler
        return handler(options)
    except SteerError as error:
        sys.stderr.write(f"steer: {error}\n")
        return USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone; Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return INTERRUPTED


# -- the grammar


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    """The grammar: with a command's name first its own, else that of the cockpit, whose argument is a folder."""
    parser = argparse.ArgumentParser(
        prog="steer", description="A terminal cockpit for pair-programming with a fast model."
    )
    parser.add_argument("--version", action="version", version=f"steer {__version__}")
    first = next((word for word in given if not word.startswith("-")), "")
    if first in COMMANDS or not given or given[0] in ("-h", "--help"):
        parser.epilog = "steer [DIR] opens the cockpit in DIR (default: here); its options are those of steer run."
    if first not in COMMANDS and given[:1] not in (["-h"], ["--help"]):
        _cockpit_options(parser)
        return parser
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _demo_command(
        commands.add_parser("demo", help="the cockpit on a sample project with a scripted model: no key, no network")
    )
    _run_command(commands.add_parser("run", help="one turn without a screen"))
    _verify_command(commands.add_parser("verify", help="run the gates of VERIFY.md"))
    _context_command(commands.add_parser("context", help="what a new session would send, by category"))
    _init_command(commands.add_parser("init", help="write AGENTS.md, PLAN.md, PROGRESS.md, VERIFY.md where missing"))
    _doctor_command(commands.add_parser("doctor", help="what is there, what is missing, what to do about it"))
    return parser


def _model_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", metavar="NAME", help="the model (STEER_MODEL)")
    parser.add_argument("--base-url", metavar="URL", help="the endpoint (OPENAI_BASE_URL)")
    parser.add_argument("--wire", choices=("chat",), help="chat: Chat Completions")
    parser.add_argument("--context-window", type=int, metavar="N", help="tokens, where the model's is not known")


def _session_options(parser: argparse.ArgumentParser) -> None:
    _model_options(parser)
    parser.add_argument(
        "--constraint",
        action="append",
        metavar="C",
        dest="constraints",
        help="such as only:src/** or max-lines:80; repeatable",
    )
    parser.add_argument("--permissions", choices=tuple(PERMISSIONS), help="the set of constraints to start from")
    parser.add_argument("--session", metavar="ID", default="", help="continue that session")
    parser.add_argument("--no-verify", action="store_true", help="run no gates")
    parser.add_argument("--trust", action="store_true", help="trust this VERIFY.md as it is")
    parser.add_argument("--max-steps", type=int, metavar="N", help="requests a turn (50)")
    parser.add_argument("--max-fix", type=int, metavar="N", help="tries to mend failing gates (2)")


def _cockpit_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", nargs="?", default=".", metavar="DIR", help="the project (default: here)")
    _session_options(parser)
    parser.add_argument("--theme", metavar="NAME", help="a file of themes/")
    parser.set_defaults(handler=_cockpit)


def _run_command(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task", metavar="TASK", help="what to do; - reads it from standard input")
    parser.add_argument("--dir", default=".", metavar="DIR", help="the project (default: here)")
    _session_options(parser)
    parser.add_argument(
        "--approve", choices=("none", "edits", "all"), help="answers to what would be asked (none: denied)"
    )
    parser.add_argument("--json", action="store_true", help="events as JSON lines")
    parser.set_defaults(handler=_run)


def _demo_command(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--rate", type=float, default=1200.0, metavar="TOK_S", help="tokens a second (1200); 0: as fast as possible"
    )
    parser.add_argument("--headless", action="store_true", help="no screen: print what happens")
    parser.add_argument("--json", action="store_true", help="with --headless: events as JSON lines")
    parser.add_argument("--theme", metavar="NAME", help="a file of themes/")
    parser.add_argument(
        "--dir", metavar="DIR", default="", help="where to put the sample project (default: a temporary folder)"
    )
    parser.set_defaults(handler=_demo)


def _verify_command(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dir", default=".", metavar="DIR")
    parser.add_argument("--trust", action="store_true", help="trust this VERIFY.md as it is")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(handler=_verify)


def _context_command(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task", nargs="?", default="", metavar="TASK")
    parser.add_argument("--dir", default=".", metavar="DIR")
    parser.add_argument("--request", metavar="FILE", help="count a saved chat request instead; - reads standard input")
    _model_options(parser)
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(handler=_context)


def _init_command(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dir", default=".", metavar="DIR")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(handler=_init)


def _doctor_command(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dir", default=".", metavar="DIR")
    _model_options(parser)
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(handler=_doctor)


# -- from options to values


def state_home(env: Mapping[str, str]) -> Path:
    """Where sessions, logs and trust are kept: STEER_HOME, or the platform's state folder."""
    return Path(env["STEER_HOME"]).expanduser() if env.get("STEER_HOME") else platformdirs.user_state_path("steer")


def config_file(env: Mapping[str, str]) -> Path:
    """The user's configuration: STEER_CONFIG, or config.toml in the platform's configuration folder."""
    if env.get("STEER_CONFIG"):
        return Path(env["STEER_CONFIG"]).expanduser()
    return platformdirs.user_config_path("steer") / "config.toml"


def _settings(options: argparse.Namespace) -> Settings:
    """Defaults, the user's file, the environment and the flags, in that order."""
    path = config_file(os.environ)
    settings = with_values(Settings(), read_toml(path), str(path))
    settings = with_values(settings, from_environment(os.environ), "the environment")
    names = ("model", "base_url", "wire", "context_window", "permissions", "approve", "max_steps", "max_fix", "theme")
    flags: dict[str, Json] = {n: value for n in names if (value := getattr(options, n, None)) is not None}
    if getattr(options, "constraints", None):
        flags["constraints"] = options.constraints
    return with_values(settings, flags, "the command line")


def _spec(options: argparse.Namespace) -> Spec:
    return Spec(
        directory=Path(options.dir),
        home=state_home(os.environ),
        settings=_settings(options),
        key=os.environ.get("OPENAI_API_KEY", ""),
        session=options.session,
        verify=not options.no_verify,
        trust=options.trust,
    )


# -- what each command does


def _at_a_terminal() -> bool:
    """Whether keys can come in and a screen can go out; Textual draws on standard error."""
    return all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))


def _cockpit(options: argparse.Namespace) -> int:
    spec = _spec(options)
    if not _at_a_terminal():
        raise UsageError("The cockpit needs a terminal.", "Use steer run TASK where there is none.")
    return run_cockpit(spec)


def _run(options: argparse.Namespace) -> int:
    spec = _spec(options)
    task = sys.stdin.read() if options.task == "-" else options.task
    if not task.strip():
        raise UsageError("The task is empty.", "Say what to do: steer run 'fix the failing test'.")
    return run_turn(replace(spec, approve=spec.settings.approve), task, options.json)


def _demo(options: argparse.Namespace) -> int:
    if options.json and not options.headless:
        raise UsageError("--json goes with --headless.", "steer demo --headless --json")
    if not options.headless and not _at_a_terminal():
        raise UsageError("The cockpit needs a terminal.", "Use steer demo --headless where there is none.")
    folder = Path(options.dir) if options.dir else None
    return run_demo(folder, options.rate, options.headless, options.json, options.theme or Settings().theme)


def _verify(options: argparse.Namespace) -> int:
    return run_verify(Path(options.dir), state_home(os.environ), options.trust, options.json)


def _context(options: argparse.Namespace) -> int:
    settings = _settings(options)
    if options.request:
        return run_request(_read(options.request), settings, options.json)
    return run_context(Path(options.dir), state_home(os.environ), settings, options.task, options.json)


def _read(name: str) -> str:
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{name} cannot be read: {error}.", "Give a file with a JSON request.") from error


def _init(options: argparse.Namespace) -> int:
    return run_init(Path(options.dir), options.json)


def _doctor(options: argparse.Namespace) -> int:
    settings, home = _settings(options), state_home(os.environ)
    key = os.environ.get("OPENAI_API_KEY", "")
    return run_doctor(Path(options.dir), home, settings, key, config_file(os.environ), options.json)
