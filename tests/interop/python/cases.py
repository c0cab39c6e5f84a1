"""What a program on the C++ client does, through its Python binding, checked
to the content of what arrives.

usage: list | cases NAMESRV NAME,NAME...; prints PASS|FAIL name seconds detail.
"""
import os
import queue
import sys
import threading
import time
import traceback
import uuid
from concurrent.futures import ThreadPoolExecutor

from rocketmq.client import Message, Producer, PullConsumer, PushConsumer
from rocketmq.client import SendStatus
from rocketmq.ffi import MessageModel

CASES_AT_ONCE = 4
RUN = uuid.uuid4().hex[:8]
CASES = {}
# Kept, and never shut down: this client aborts when one of several in a
# process is. Its batches are left out: it sends them as one message, to every
# server.
open_clients = []


def case(function):
    CASES[function.__name__] = function
    return function


def check(holds, otherwise):
    if not holds:
        raise AssertionError(otherwise)


def same(wanted, found, what):
    check(wanted == found, f"{what}: wanted {wanted}, found {found}")


class World:
    """Unique names and the clients of one case."""

    def __init__(self, namesrv, name):
        self.namesrv = namesrv.encode()
        self.topic = f"T_{name}_{RUN}"
        self.group = f"G_{name}_{RUN}"

    def producer(self):
        producer = Producer("P_" + self.group, timeout=6000)
        producer.set_namesrv_addr(self.namesrv.decode())
        producer.start()
        open_clients.append(producer)
        return producer

    def consumer(self, handler, expression="*", group=None, **options):
        consumer = PushConsumer(group or self.group, **options)
        consumer.set_namesrv_addr(self.namesrv.decode())
        consumer.set_instance_name(uuid.uuid4().hex)
        consumer.subscribe(self.topic, handler, expression)
        consumer.start()
        open_clients.append(consumer)
        return consumer

    def message(self, body, tags="A", **more):
        message = Message(self.topic)
        message.set_body(body)
        message.set_tags(tags)
        if "keys" in more:
            message.set_keys(more["keys"])
        return message

    def send(self, producer, prefix, count, tags="A"):
        for i in range(count):
            sent = producer.send_sync(self.message(f"{prefix}-{i}", tags))
            same(SendStatus.OK, sent.status, "send status")


class Inbox:
    """What has arrived: (body, tag, key, queue id, queue offset, times)."""

    def __init__(self):
        self.rows = queue.Queue()
        self.seen = []

    def __call__(self, message):
        self.rows.put((message.body.decode(), message.tags, message.keys,
                       message.queue_id, message.queue_offset,
                       message.reconsume_times))

    def await_rows(self, count, seconds=40):
        end = time.monotonic() + seconds
        while len(self.seen) < count:
            left = end - time.monotonic()
            try:
                self.seen.append(self.rows.get(timeout=max(left, 0.01)))
            except queue.Empty:
                if time.monotonic() >= end:
                    raise AssertionError(f"waited {seconds} s for {count} "
                                         f"messages, saw {len(self.seen)}")
        return self.seen

    def bodies(self):
        return sorted(x[0] for x in self.seen)


def numbered(prefix, count):
    return sorted(f"{prefix}-{i}" for i in range(count))


@case
def send_sync_consume(world):
    producer = world.producer()
    inbox = Inbox()
    world.send(producer, "m", 50)
    world.consumer(inbox)
    inbox.await_rows(50)
    world.send(producer, "n", 20)
    inbox.await_rows(70)
    time.sleep(0.5)
    same(sorted(numbered("m", 50) + numbered("n", 20)), inbox.bodies(),
         "bodies")


@case
def send_async(world):
    producer = world.producer()
    done = queue.Queue()
    for i in range(30):
        producer.send_async(world.message(f"m-{i}"), done.put, done.put)
    for _ in range(30):
        same(SendStatus.OK, done.get(timeout=30).status, "send status")
    inbox = Inbox()
    world.consumer(inbox)
    inbox.await_rows(30)
    same(numbered("m", 30), inbox.bodies(), "bodies")


@case
def send_oneway(world):
    producer = world.producer()
    world.send(producer, "first", 1)  # makes the topic
    for i in range(20):
        producer.send_oneway(world.message(f"m-{i}"))
    inbox = Inbox()
    world.consumer(inbox)
    inbox.await_rows(21)
    same(sorted(numbered("m", 20) + ["first-0"]), inbox.bodies(), "bodies")


@case
def send_compressed(world):
    body = "".join(f"line {i} of a text; " for i in range(4000))
    producer = world.producer()
    producer.send_sync(world.message(body, "A", keys="big"))
    inbox = Inbox()
    world.consumer(inbox)
    row = inbox.await_rows(1)[0]
    check(row[0] == body, f"the body came back with {len(row[0])} bytes")
    same(b"big", row[2], "key")


@case
def tags(world):
    producer = world.producer()
    for tag in "ABC":
        world.send(producer, tag, 10, tag)
    inbox = Inbox()
    world.consumer(inbox, "A || C")
    inbox.await_rows(20)
    time.sleep(0.5)
    same(20, len(inbox.await_rows(20)), "deliveries")
    same(sorted(numbered("A", 10) + numbered("C", 10)), inbox.bodies(),
         "bodies")


@case
def ordered(world):
    """One key, one queue, in the order of sending."""
    producer = world.producer()
    world.send(producer, "first", 1)  # a selector needs the route
    places = set()
    for i in range(40):
        sent = producer.send_orderly(world.message(f"m-{i}"), 7)
        same(SendStatus.OK, sent.status, "send status")
        places.add(sent.offset)
    same(40, len(places), "different queue offsets: one queue")
    inbox = Inbox()
    world.consumer(inbox, orderly=True)
    rows = [x[0] for x in inbox.await_rows(41) if x[0] != "first-0"]
    same([f"m-{i}" for i in range(40)], rows, "order")


@case
def retry(world):
    producer = world.producer()
    world.send(producer, "m", 3)
    inbox, tries = Inbox(), {}
    lock = threading.Lock()

    def refuse_once(message):
        body = message.body.decode()
        with lock:
            tries[body] = tries.get(body, 0) + 1
            first = tries[body] == 1
        if first:
            raise RuntimeError("later, please")
        inbox(message)

    world.consumer(refuse_once)
    rows = inbox.await_rows(3, 60)
    same(numbered("m", 3), inbox.bodies(), "bodies")
    same({1}, {x[5] for x in rows}, "reconsume times")


@case
def broadcast(world):
    producer = world.producer()
    inboxes = [Inbox(), Inbox()]
    world.send(producer, "first", 1)
    for inbox in inboxes:
        world.consumer(inbox, message_model=MessageModel.BROADCASTING)
    time.sleep(3)
    world.send(producer, "m", 20)
    for inbox in inboxes:
        end = time.monotonic() + 40
        while not set(numbered("m", 20)) <= set(inbox.bodies()):
            check(time.monotonic() < end, f"each gets all; {inbox.bodies()}")
            inbox.await_rows(len(inbox.seen) + 1)


@case
def two_groups(world):
    producer = world.producer()
    inboxes = [Inbox(), Inbox()]
    world.send(producer, "m", 20)
    for number, inbox in enumerate(inboxes):
        world.consumer(inbox, group=f"{world.group}_{number}")
    for inbox in inboxes:
        inbox.await_rows(20)
        same(numbered("m", 20), inbox.bodies(), "bodies")


@case
def shared_group(world):
    producer = world.producer()
    world.send(producer, "first", 1)
    inboxes = [Inbox(), Inbox()]
    for inbox in inboxes:
        world.consumer(inbox)
    time.sleep(22)  # the client rebalances every ten and tells every thirty
    world.send(producer, "m", 80)
    end = time.monotonic() + 40
    wanted = set(numbered("m", 80))
    while True:
        for inbox in inboxes:
            while not inbox.rows.empty():
                inbox.seen.append(inbox.rows.get())
        bodies = [x for inbox in inboxes for x in inbox.bodies()]
        if wanted <= set(bodies):
            break
        check(time.monotonic() < end, f"saw {len(bodies)} of 80")
        time.sleep(0.1)
    same(len(bodies), len(set(bodies)), "each once")
    check(all(len(x.seen) > 10 for x in inboxes), "both had a part")


@case
def delay_level(world):
    producer = world.producer()
    world.send(producer, "first", 1)
    inbox = Inbox()
    world.consumer(inbox)
    inbox.await_rows(1)
    message = world.message("late-0")
    message.set_delay_time_level(2)  # 5 s
    began = time.monotonic()
    producer.send_sync(message)
    inbox.await_rows(2)
    took = time.monotonic() - began
    check(4.9 <= took < 9, f"five seconds took {took:.1f}")


@case
def pull(world):
    producer = world.producer()
    world.send(producer, "m", 40)
    consumer = PullConsumer(world.group)
    consumer.set_namesrv_addr(world.namesrv.decode())
    consumer.start()
    open_clients.append(consumer)
    bodies, end = set(), time.monotonic() + 40
    while bodies != set(numbered("m", 40)):
        check(time.monotonic() < end, f"pulled {len(bodies)} of 40")
        for message in consumer.pull(world.topic):
            bodies.add(message.body.decode())


def run_one(name, namesrv):
    began = time.monotonic()
    world = World(namesrv, name)
    verdict, detail = "PASS", ""
    try:
        CASES[name](world)
    except Exception as why:  # a case may fail in any way
        traceback.print_exc()
        verdict = "FAIL"
        detail = " ".join(f"{type(why).__name__}: {why}".split())[:300]
    print(f"{verdict} {name} {time.monotonic() - began:.1f} {detail}",
          flush=True)


def main():
    if sys.argv[1:2] == ["list"]:
        slow = {"shared_group", "broadcast"}
        for name in CASES:
            print(name, "SLOW" if name in slow else "")
        return
    namesrv, names = sys.argv[2], sys.argv[3].split(",")
    with ThreadPoolExecutor(CASES_AT_ONCE) as runners:
        for name in sorted(names, key=lambda x: x != "shared_group"):
            runners.submit(run_one, name, namesrv)
    sys.stdout.flush()
    os._exit(0)  # the client's threads need not end


main()
