"""The scheduled worker: APScheduler as the clock, signals, a watch on both, and at the start the crumbs of a crash.

Every job is a tick that claims due rows, so any number of workers never do a thing twice, and a tick that is missed
loses nothing. The schedule is the list in `_schedule`; there is no job store.
"""

import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from intake import jobs
from intake.errors import IntakeError, MailboxUnavailable
from intake.jobs import Installation

WATCH_SECONDS = 0.5
ALARM_SECONDS = 60
TEST_SECONDS = 3  # somebody sits before the page and waits

log = structlog.get_logger()


class SchedulerStopped(IntakeError):
    """The scheduler's thread ended by itself; the worker stops so that its supervisor starts it again."""


def work(this: Installation, stop: threading.Event) -> None:
    """Run the schedule until `stop` is set, then finish the units under way. Raises SchedulerStopped."""
    jobs.start(this)
    scheduler = _schedule(this)
    scheduler.start()
    log.info("work", started=len(scheduler.get_jobs()))
    try:
        # Not stop.wait(): a signal's handler runs in this very thread, and sets `stop` under a lock the wait may hold.
        while not stop.is_set():
            _watch(scheduler)
            time.sleep(WATCH_SECONDS)
    finally:
        scheduler.shutdown(wait=True)
        log.info("work", stopped=True)


def stop_on_signals(stop: threading.Event) -> None:
    """SIGTERM and SIGINT ask the worker to stop after the units under way."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())


def _schedule(this: Installation) -> BackgroundScheduler:
    """A job for each mailbox, so that a dead one delays no other; one each for everything else."""
    mailboxes, seconds = this.settings.mailboxes, this.settings.worker
    scheduler = BackgroundScheduler(
        timezone="UTC",
        executors={"default": ThreadPoolExecutor(len(mailboxes) + 7)},
        # The default grace of one second would drop a late tick.
        job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
    )
    now = this.clock()
    for name in mailboxes:
        _add(scheduler, f"collect:{name}", seconds.collect_seconds, now, _tolerant(jobs.collect), this, name)
    _add(scheduler, "record", seconds.record_seconds, now, jobs.record, this)
    _add(scheduler, "send", seconds.send_seconds, now, jobs.send, this)
    _add(scheduler, "remind", seconds.remind_seconds, now, jobs.remind, this)
    _add(scheduler, "alarms", ALARM_SECONDS, now + timedelta(seconds=ALARM_SECONDS), jobs.alarms, this)
    _add(scheduler, "test_mailboxes", TEST_SECONDS, now, jobs.test_mailboxes, this)
    # Not at the start: it reads every stored file, and would hold the mailboxes just when they are first polled. Nor a
    # whole interval later: a worker that is restarted daily would never get there.
    first = now + timedelta(hours=1)
    _add(scheduler, "reconcile", seconds.reconcile_hours * 3600, first, jobs.reconcile, this)
    _add(scheduler, "forget", 24 * 3600, first, jobs.forget, this)
    scheduler.add_listener(_note_trouble, EVENT_JOB_ERROR | EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)
    return scheduler


def _add(
    scheduler: BackgroundScheduler, job_id: str, seconds: int, now: datetime, run: Callable[..., object], *args: object
) -> None:
    scheduler.add_job(run, IntervalTrigger(seconds=seconds), args=args, id=job_id, next_run_time=now)


def _tolerant(run: Callable[[Installation, str], object]) -> Callable[[Installation, str], None]:
    """A mailbox that is away was noted by its job and is polled again at the next tick."""

    def run_tolerantly(this: Installation, name: str) -> None:
        with suppress(MailboxUnavailable):
            run(this, name)

    return run_tolerantly


def _note_trouble(event: JobExecutionEvent) -> None:
    if event.code == EVENT_JOB_MAX_INSTANCES:
        log.debug("work", job=event.job_id, skipped="the last run is still under way")
    elif event.code == EVENT_JOB_MISSED:
        log.warning("work", job=event.job_id, missed=True)
    else:
        # The kind only: an error's text may quote a letter or an address.
        log.error("work", job=event.job_id, error=type(event.exception).__name__)


def _watch(scheduler: BackgroundScheduler) -> None:
    """APScheduler's thread can die while `running` stays True (seen in production): nothing would ever run again."""
    if not scheduler._thread.is_alive():
        raise SchedulerStopped
