"""What is compared: one row is one load, described by options of
`troupe bench`. See README.md beside it."""
from dataclasses import dataclass, field

SERVERS = ("troupe", "apache", "limit")


@dataclass
class Row:
    name: str
    options: list            # of troupe bench; its kind of load first
    servers: tuple = SERVERS
    topic: str = "bench"
    topics: int = 1
    fill: int = 0            # messages of the row's size sent before, once
    cold: bool = False       # the server starts anew, nothing is in memory
    seconds: float = 0       # 0: as the run says
    quick: bool = False      # a row of --quick
    group: str = "other"     # which goals it counts for


@dataclass
class Stage:
    """Rows that one start of the servers serves."""
    flush: str
    rows: list = field(default_factory=list)


def send(flush, connections, window, body, quick=False):
    size = f"{body // 1024} KiB" if body >= 1024 else f"{body} B"
    return Row(f"send {flush} {connections} x {window}, {size}",
               ["send", "-c", connections, "-w", window, "-b", body],
               quick=quick, group="send")


QUICK_SENDS = {(1, 1, 100), (16, 1, 100), (64, 1, 100), (64, 1, 1024),
               (256, 1, 1024), (16, 64, 100), (64, 64, 1024)}


def sends(flush):
    grid = [(c, w, b) for b in (100, 1024) for w in (1, 64)
            for c in (1, 16, 64, 256)]
    grid += [(1, 1, 65536), (16, 1, 65536), (64, 1, 65536), (16, 16, 65536)]
    return [send(flush, *x, quick=x in QUICK_SENDS) for x in grid]


def deliver(flush, rate, quick=False):
    return Row(f"deliver {flush} at {rate // 1000}k/s, 1 KiB",
               ["deliver", "-c", 16, "-w", 64, "-b", 1024, "--rate", rate],
               servers=("troupe", "apache"), seconds=5, quick=quick,
               group="latency")


def consume():
    pulled = ("troupe", "apache")
    return [
        Row("pull 32 x 100 B, 16 connections",
            ["pull", "-c", 16, "-w", 1, "-b", 100], topic="small",
            fill=500_000, quick=True, group="pull"),
        Row("pull 32 x 1 KiB, 16 connections",
            ["pull", "-c", 16, "-w", 1, "-b", 1024], topic="large",
            fill=200_000, quick=True, group="pull"),
        Row("catch up, warm, 100 B",
            ["pull", "--once", "-c", 8, "-w", 1, "-b", 100], topic="small",
            servers=pulled, fill=500_000, quick=True),
        Row("catch up, warm, 1 KiB",
            ["pull", "--once", "-c", 8, "-w", 1, "-b", 1024], topic="large",
            servers=pulled, fill=200_000),
        Row("catch up, cold, 1 KiB",
            ["pull", "--once", "-c", 8, "-w", 1, "-b", 1024], topic="large",
            servers=pulled, fill=200_000, cold=True)]


def other(flush):
    both = ("troupe", "apache")
    return [
        Row(f"batches of 32, {flush}, 100 B",
            ["send", "-c", 16, "-w", 4, "-b", 100, "--batch", 32], quick=True),
        Row(f"1,000 topics x 8 queues, {flush}, 100 B",
            ["send", "-c", 64, "-w", 16, "-b", 100, "--topics", 1000],
            topic="many", topics=1000),
        deliver(flush, 5000), deliver(flush, 20_000, quick=True),
        deliver(flush, 50_000),
        Row(f"fan-out to 10 groups, {flush}, 5k/s, 1 KiB",
            ["deliver", "-c", 16, "-w", 64, "-b", 1024, "--rate", 5000,
             "--groups", 10], servers=both, seconds=5, quick=True),
        Row(f"ordered, {flush}, 8 queues, 100 B",
            ["deliver", "-c", 8, "--ordered", "-b", 100], servers=both,
            quick=True),
        Row(f"delayed 1 s, {flush}, 5k/s, 100 B",
            ["deliver", "-c", 16, "-w", 64, "-b", 100, "--rate", 5000,
             "--delay-level", 1], servers=both, seconds=5),
        Row(f"transactions, {flush}, 16 x 4, 100 B",
            ["transaction", "-c", 16, "-w", 4, "-b", 100], servers=both,
            quick=True),
        Row(f"send {flush} 64 x 16, 100 B, 10,000 idle connections",
            ["send", "-c", 64, "-w", 16, "-b", 100, "--idle", 10_000])]


def stages():
    return [Stage("async", sends("async")),
            Stage("async", other("async")),
            Stage("async", consume()),
            Stage("sync", sends("sync")),
            Stage("sync", other("sync"))]


def growth():
    """One in a hundred of more and more topics is active: troupe alone."""
    return [Row(f"{active} of {all_} topics active",
                ["send", "-c", 64, "-w", 16, "-b", 100, "--queues", 1,
                 "--topics", active], servers=("troupe",), topic="grow",
                topics=all_, group="growth")
            for active, all_ in ((1, 1), (1, 100), (10, 1000), (100, 10_000))]
