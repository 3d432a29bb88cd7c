"""An app with nothing but a view, and what is on its screen."""

from textual.app import App, ComposeResult

from steer.ui.widgets.line_view import LineView


class RowsApp(App[None]):
    """Shows one view over the whole screen and keeps the messages it sends."""

    def __init__(self, view: LineView) -> None:
        super().__init__()
        self.view = view
        self.told: list[tuple[str, int | bool | None]] = []

    def compose(self) -> ComposeResult:
        yield self.view

    def on_mount(self) -> None:
        self.view.focus()

    def on_line_view_follow_changed(self, event: LineView.FollowChanged) -> None:
        self.told.append(("follow", event.following))
        self.told.append(("new", event.new_rows))

    def on_line_view_cursor_moved(self, event: LineView.CursorMoved) -> None:
        self.told.append(("cursor", event.row))

    def on_line_view_row_activated(self, event: LineView.RowActivated) -> None:
        self.told.append(("activated", event.row))

    def lines(self) -> list[str]:
        """The screen's lines without the last column."""
        return [strip.text[:-1].rstrip() for strip in self.screen._compositor.render_strips()]

    def edge(self) -> str:
        """The last column."""
        return "".join(strip.text[-1] for strip in self.screen._compositor.render_strips())
