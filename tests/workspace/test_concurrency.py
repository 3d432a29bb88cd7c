"""Several operations at once, several sessions at once, and being cancelled in the middle."""

import asyncio
from pathlib import Path

import pytest

from steer.domain.edits import FileChange
from tests.workspace.support import make_repository, opened, picture, put


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "work", {"a.txt": "one\n", "src/b.py": "two\n"})


def test_operations_at_once_run_one_after_the_other(root: Path) -> None:
    before = picture(root)

    async def work() -> None:
        first = await workspace.checkpoint("one")
        change = FileChange("a.txt", b"one\n", b"agent\n")
        _, second, changes, _, _ = await asyncio.gather(
            workspace.apply([change]),
            workspace.checkpoint("two"),
            workspace.changes(first),
            workspace.restore(first),
            workspace.apply([change]),
        )
        assert changes.modified == ("a.txt",)
        assert await workspace.changes(second) == await workspace.changes(second)
        await workspace.restore(first)

    with opened(root) as workspace:
        asyncio.run(work())
    assert picture(root) == before


def test_two_sessions_in_one_workspace(root: Path) -> None:
    async def session(name: str) -> None:
        with opened(root) as workspace:
            for number in range(5):
                path = f"{name}-{number}.txt"
                checkpoint = await workspace.checkpoint(path)
                await workspace.apply([FileChange(path, None, name.encode())])
                assert path in (await workspace.changes(checkpoint)).created
                assert f"+{name}" in (await workspace.diff(checkpoint)).patch

    async def both() -> None:
        await asyncio.gather(*(session(name) for name in ("left", "right")))

    asyncio.run(both())
    assert len(list(root.glob("*-*.txt"))) == 10


def test_a_cancelled_apply_is_whole(root: Path) -> None:
    changes = [FileChange(f"new/{number}.txt", None, b"x" * 1000) for number in range(300)]

    async def work() -> None:
        task = asyncio.create_task(workspace.apply(changes))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(list((root / "new").glob("*.txt"))) == 300

    with opened(root) as workspace:
        asyncio.run(work())


def test_a_cancelled_restore_is_whole(root: Path) -> None:
    before = picture(root)

    async def work() -> None:
        checkpoint = await workspace.checkpoint("one")
        put(root / "a.txt", "x")
        put(root / "more/c.txt", "x")
        task = asyncio.create_task(workspace.restore(checkpoint))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert picture(root) == before

    with opened(root) as workspace:
        asyncio.run(work())


def test_close_twice(root: Path) -> None:
    with opened(root) as workspace:
        asyncio.run(workspace.checkpoint("one"))
        workspace.close()
