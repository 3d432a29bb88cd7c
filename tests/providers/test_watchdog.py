"""The limit on waiting."""

import asyncio

import pytest

from steer.providers.watchdog import Stalled, Watchdog


async def wait(dog: Watchdog, limit: float, seconds: float) -> None:
    dog.start(limit)
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        if dog.expired():
            raise Stalled from None
        raise
    finally:
        dog.stop()


def test_P8_a_long_wait_is_cut_and_a_short_one_not() -> None:
    async def run() -> None:
        dog = Watchdog()
        for _ in range(5):
            await wait(dog, 1.0, 0.001)
        with pytest.raises(Stalled):
            await wait(dog, 0.02, 5)
        await wait(dog, 1.0, 0.001)
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0
        dog.close()

    asyncio.run(run())


def test_P8_a_shorter_limit_after_a_longer_one_holds() -> None:
    async def run() -> None:
        dog = Watchdog()
        await wait(dog, 60, 0)
        with pytest.raises(Stalled):
            await wait(dog, 0.02, 5)
        dog.close()

    asyncio.run(run())


def test_P8_time_between_two_waits_does_not_count() -> None:
    async def run() -> None:
        dog = Watchdog()
        for _ in range(3):
            await wait(dog, 0.2, 0)
            await asyncio.sleep(0.15)
        dog.close()

    asyncio.run(run())


def test_P8_a_cancellation_from_outside_wins() -> None:
    async def run() -> None:
        dog = Watchdog()
        task = asyncio.create_task(wait(dog, 0.01, 5))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        dog.close()

    asyncio.run(run())


def test_P8_firing_as_the_wait_ends_otherwise_leaves_no_cancellation_behind() -> None:
    async def run() -> None:
        dog = Watchdog()
        dog.start(0)
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            pass
        finally:
            dog.stop()
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0

    asyncio.run(run())
