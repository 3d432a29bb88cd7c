"""The smallest Textual program one can type at: the floor of every start-up time."""

from textual.app import App, ComposeResult
from textual.widgets import Input


class BareApp(App[None]):
    """An input line and nothing else."""

    def compose(self) -> ComposeResult:
        yield Input(placeholder="bare-ready")


if __name__ == "__main__":
    BareApp().run()
