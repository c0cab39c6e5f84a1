#!/usr/bin/env python3
"""A store written by a real Apache RocketMQ, taken over by troupe, and the way
back: Apache RocketMQ on a store written by troupe. Run by `run`, or alone:
take_over.py --troupe PROGRAM"""
import argparse
import os
import shutil
import signal
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "support"))
import remoting  # noqa: E402
from servers import Apache, Skip, Troupe  # noqa: E402

TOPIC = "TakeOver"
GROUP = "take-over-group"
QUEUES = 4
RECALL_MESSAGE = 370
MESSAGES = 3000
SEGMENT_BYTES = 1 << 20
SETTINGS = {"mappedFileSizeCommitLog": SEGMENT_BYTES,
            "mappedFileSizeConsumeQueue": 6000}


class Fault(Exception):
    """What a case found."""


def fill(port):
    """Sends, commits progress. Returns bodies by queue and offsets."""
    link = remoting.Link(port)
    link.create_topic(TOPIC, QUEUES)
    time.sleep(1)
    sent = {queue: [] for queue in range(QUEUES)}
    for i in range(MESSAGES):
        queue = i % QUEUES
        body = (f"message-{i}-" + "x" * (i % 700)).encode()
        link.ask_send(TOPIC, queue, body, f"KEYS\x01key-{i}\x02TAGS\x01t\x02")
        answer = link.receive()
        if answer.code != 0:
            raise Fault(f"send {i}: {answer.code} {answer.remark}")
        sent[queue].append(body)
    link.pull(GROUP, TOPIC, 0, 0)  # makes the group
    progress = {queue: 10 + queue for queue in range(QUEUES)}
    for queue, offset in progress.items():
        answer = link.call(remoting.UPDATE_CONSUMER_OFFSET, {
            "consumerGroup": GROUP, "topic": TOPIC, "queueId": queue,
            "commitOffset": offset})
        if answer.code != 0:
            raise Fault(f"progress: {answer.code} {answer.remark}")
    return sent, progress


def check(port, sent, progress):
    """Everything is there, and it goes on from there."""
    link = remoting.Link(port)
    for queue, bodies in sent.items():
        got, offset, empty = [], 0, 0
        while len(got) < len(bodies) and empty < 50:
            answer = link.pull("reader-group", TOPIC, queue, offset)
            if answer.code != 0:
                empty += 1
                time.sleep(0.2)
                continue
            for record in remoting.records(answer.body):
                if record.queue_offset != len(got):
                    raise Fault(f"queue {queue}: offset {record.queue_offset} "
                                f"at place {len(got)}")
                got.append(record.body)
            offset = int(answer.fields["nextBeginOffset"])
        if got != bodies:
            raise Fault(f"queue {queue}: {len(got)} of {len(bodies)} "
                        "messages, or others")
        answer = link.call(remoting.QUERY_CONSUMER_OFFSET, {
            "consumerGroup": GROUP, "topic": TOPIC, "queueId": queue})
        if answer.code != 0 or int(answer.fields["offset"]) != progress[queue]:
            raise Fault(f"queue {queue}: progress {answer.code} "
                        f"{answer.fields} {answer.remark}")
        link.ask_send(TOPIC, queue, b"goes on")
        answer = link.receive()
        if answer.code != 0 or int(answer.fields["queueOffset"]) != len(bodies):
            raise Fault(f"queue {queue}: the next send got {answer.code} "
                        f"{answer.fields} {answer.remark}")
        bodies.append(b"goes on")


def end(process):
    process.send_signal(signal.SIGTERM)
    process.wait(60)


def stop(node):
    """Also one that was never started."""
    if node.process is None:
        shutil.rmtree(node.directory, ignore_errors=True)
        return
    fault = node.stop()
    if fault and sys.exc_info()[0] is None:
        raise Fault(fault)


def store_tool(binary, *arguments):
    done = subprocess.run([binary, "store", *arguments],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=120)
    if done.returncode != 0:
        raise Fault(f"troupe store {arguments[0]}: status {done.returncode}: "
                    f"{done.stdout[-300:]} {done.stderr[-300:]}")
    return done.stdout.strip()


def take_over(binary):
    apache = Apache(settings=SETTINGS)
    copied, imported = Troupe(binary), Troupe(binary)
    try:
        apache.start()
        sent, progress = fill(apache.broker_port)
        end(apache.processes[-1])
        store = os.path.join(apache.directory, "store")
        # Started on a copy, and by way of import: both must do.
        shutil.copytree(store, os.path.join(copied.directory, "data"))
        copied.start()
        check(copied.broker_port, {k: list(v) for k, v in sent.items()},
              progress)
        where = os.path.join(imported.directory, "data")
        store_tool(binary, "import", "--from", store, "--data", where)
        store_tool(binary, "verify", "--data", where)
        imported.start()
        check(imported.broker_port, sent, progress)
        imported.kill()
        imported.start()
        link = remoting.Link(imported.broker_port)
        answer = link.pull("reader-group", TOPIC, 0, len(sent[0]) - 1)
        if answer.code != 0:
            raise Fault(f"after a kill: {answer.code} {answer.remark}")
        return f"{MESSAGES} messages, {QUEUES} queues"
    finally:
        apache.stop()
        stop(copied)
        stop(imported)


def way_back(binary):
    troupe = Troupe(binary, "--segment-bytes", str(SEGMENT_BYTES))
    apache = Apache(settings=SETTINGS)
    try:
        troupe.start()
        sent, progress = fill(troupe.broker_port)
        end(troupe.process)
        data = os.path.join(troupe.directory, "data")
        store_tool(binary, "export", "--data", data)
        shutil.move(data, os.path.join(apache.directory, "store"))
        apache.start()
        check(apache.broker_port, sent, progress)
        return f"{MESSAGES} messages, {QUEUES} queues"
    finally:
        apache.stop()
        stop(troupe)


def send_timed(link, body, due):
    """Returns the handle that takes it back."""
    link.ask_send(TOPIC, 0, body.encode(),
                  f"UNIQ_KEY\x01{body}\x02TIMER_DELIVER_MS\x01{due}\x02")
    answer = link.receive()
    if answer.code != 0:
        raise Fault(f"{body}: {answer.code} {answer.remark}")
    return answer.fields.get("recallHandle")


def arrivals(port):
    """Bodies in queue 0 and when each was stored."""
    link = remoting.Link(port)
    found, offset = [], 0
    while True:
        answer = link.pull("reader-group", TOPIC, 0, offset)
        if answer.code != 0:
            return found
        at = 0
        while at < len(answer.body):
            size, = struct.unpack_from(">I", answer.body, at)
            stored, = struct.unpack_from(">q", answer.body, at + 56)
            record, = remoting.records(answer.body[at:at + size])
            found.append((record.body.decode(), stored))
            at += size
        offset = int(answer.fields["nextBeginOffset"])


def timers(binary):
    """Timers that are due before, while and after the store changes hands."""
    apache, node = Apache(settings=SETTINGS), Troupe(binary)
    try:
        apache.start()
        link = remoting.Link(apache.broker_port)
        link.create_topic(TOPIC, 1)
        time.sleep(1)
        now = int(time.time() * 1000)
        due, recalled = {}, set()
        # One every 100 ms until well after the kill, and some far off.
        for i in range(150):
            due[f"near-{i}"] = now + 3000 + 100 * i
        for i in range(60):
            due[f"far-{i}"] = now + 60_000 + 100 * i
        for body, moment in due.items():
            handle = send_timed(link, body, moment)
            if body.startswith("far") and int(body[4:]) % 3 == 0:
                answer = link.call(RECALL_MESSAGE, {
                    "producerGroup": "PG", "topic": TOPIC,
                    "recallHandle": handle})
                if answer.code != 0:
                    raise Fault(f"recall: {answer.code} {answer.remark}")
                recalled.add(body)
        while int(time.time() * 1000) < now + 10_000:
            time.sleep(0.05)
        apache.kill()
        shutil.copytree(os.path.join(apache.directory, "store"),
                        os.path.join(node.directory, "data"))
        apache.stop()
        node.start()
        before = {body for body, _ in arrivals(node.broker_port)}
        while int(time.time() * 1000) < now + 69_000:
            time.sleep(0.2)
        node.kill()
        node.start()
        found = arrivals(node.broker_port)
        bodies = [body for body, _ in found]
        missing = set(due) - recalled - set(bodies)
        twice = {x for x in bodies if bodies.count(x) > 1}
        # Apache's wheel may be a tick early.
        early = [(body, due[body] - stored) for body, stored in found
                 if stored < due[body] - 1000]
        if missing or twice or early or recalled & set(bodies):
            raise Fault(f"missing {sorted(missing)[:5]}, twice "
                        f"{sorted(twice)[:5]}, early {early[:5]}, recalled "
                        f"{sorted(recalled & set(bodies))[:5]}")
        if not 10 < len(before) < 140:
            raise Fault(f"{len(before)} of 150 had arrived at the kill")
        return (f"{len(before)} arrived there, {len(bodies) - len(before)} "
                f"here, {len(recalled)} recalled")
    finally:
        apache.stop()
        stop(node)


CASES = {"apache/troupe/take_over": take_over,
         "apache/troupe/take_over_timers": timers,
         "troupe/apache/way_back": way_back}


def run_all(suite, binary):
    binary = os.path.abspath(binary)
    for name, case in CASES.items():
        if not suite.wants(name):
            continue
        began = time.monotonic()
        try:
            detail = case(binary)
            suite.note("PASS", name, time.monotonic() - began, detail)
        except Skip as why:
            suite.note("SKIP", name, 0, str(why))
        except (Fault, OSError, EOFError, RuntimeError,
                subprocess.SubprocessError) as why:
            suite.note("FAIL", name, time.monotonic() - began, str(why))


class Alone:
    """Prints, as the suite does."""

    failed = 0

    def wants(self, _):
        return True

    def note(self, verdict, name, seconds=0.0, detail=""):
        self.failed += verdict == "FAIL"
        print(f"{verdict} {name} ({seconds:.1f} s) {detail}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--troupe", default="build/release/app/troupe")
    suite = Alone()
    run_all(suite, parser.parse_args().troupe)
    return 1 if suite.failed else 0


if __name__ == "__main__":
    sys.exit(main())
