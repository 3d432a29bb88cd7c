"""What importing the screen loads: the first paint waits for nothing that is heavy."""

import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """The modules that are there after the app has been imported."""
    code = "import sys, steer.ui.app; print('\\n'.join(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(found.stdout.split())


@pytest.mark.parametrize(
    "module", ["openai", "httpx", "git", "tiktoken", "msgspec", "pygments.lexers.python", "tree_sitter"]
)
def test_the_first_paint_loads_no_heavy_module(loaded: set[str], module: str) -> None:
    assert module not in loaded


@pytest.mark.parametrize(
    "package", ["steer.providers", "steer.workspace", "steer.tools", "steer.gates", "steer.storage"]
)
def test_the_screen_knows_no_adapter(loaded: set[str], package: str) -> None:
    assert package not in loaded
