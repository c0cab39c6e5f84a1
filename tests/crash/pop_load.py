"""The load `pop` of tests/crash/run: producers and consumers that pop.

Every cycle: some send, some pop, acknowledge most, put some off and leave the
rest, then SIGKILL. What must hold over all kills: a message that was sent is
popped at least once; one whose acknowledgement was answered in time is never
popped again; while a pop that was answered has not run out, nobody else gets
its messages. The load `mix` is this one beside transactions, timed and delayed
messages (deadlines.py) in the same log and the same LMDB.
"""
import base64
import json
import random
import shutil
import threading
import time

import deadlines
import remoting

TOPIC = "PopLedger"
GROUP = "PopLedgerGroup"
QUEUES = 4
SENDERS = 2
POPPERS = 3
INVISIBLE_MS = 1500
ANSWER_MS_MAX = 300  # an answer later than that says nothing about its lease


class Ledger:
    """What the node has said."""

    def __init__(self):
        self.lock = threading.Lock()
        self.sent = set()      # bodies of acknowledged sends
        self.popped = {}       # body -> pops that were answered
        self.leased_until = {}  # body -> ms; as the last answer said
        self.done = set()      # acknowledged, in time, and answered
        self.faults = []

    def note_pop(self, body, pop_time, until):
        with self.lock:
            self.popped[body] = self.popped.get(body, 0) + 1
            if body in self.done:
                self.faults.append(f"{body} was acknowledged and is popped "
                                   f"again at {pop_time}")
            before = self.leased_until.get(body, 0)
            if pop_time < before:
                self.faults.append(f"{body} is popped at {pop_time}, before "
                                   f"its lease is over at {before}")
            self.leased_until[body] = until


def now_ms():
    return int(time.time() * 1000)


def send_load(port, sender, first, ledger, stop, chance):
    number = first
    try:
        link = remoting.Link(port)
        while not stop.is_set():
            body = f"{sender}-{number}"
            number += 1
            opaque = link.ask_send(TOPIC, chance.randrange(QUEUES),
                                   body.encode())
            answer = link.receive()
            if answer.opaque == opaque and answer.code == 0:
                with ledger.lock:
                    ledger.sent.add(body)
            time.sleep(chance.uniform(0, 0.004))
    except (OSError, EOFError):
        pass
    return number


class Popped:
    """One message and its receipt, made as RocketMQ's client makes it."""

    def __init__(self, record, answer):
        fields = answer.fields
        self.body = record.body.decode()
        self.pop_time = int(fields["popTime"])
        self.invisible = int(fields["invisibleTime"])
        self.receipt = record.properties.get("POP_CK")
        if self.receipt is None:
            start = dict(x.rsplit(" ", 1) for x in
                         fields["startOffsetInfo"].split(";"))
            self.receipt = (f"{start[f'0 {record.queue}']} {self.pop_time} "
                            f"{self.invisible} {fields['reviveQid']} 0 broker "
                            f"{record.queue} {record.queue_offset}")
        parts = self.receipt.split(" ")
        self.topic = TOPIC if parts[4] == "0" else (
            f"%RETRY%{GROUP}_{TOPIC}")
        self.queue, self.offset = record.queue, record.queue_offset

    def fields(self):
        return {"consumerGroup": GROUP, "topic": self.topic,
                "queueId": self.queue, "offset": self.offset,
                "extraInfo": self.receipt}


def pop(link, count, poll_ms):
    answer = link.call(remoting.POP_MESSAGE, {
        "consumerGroup": GROUP, "topic": TOPIC, "queueId": -1,
        "maxMsgNums": count, "invisibleTime": INVISIBLE_MS,
        "pollTime": poll_ms, "bornTime": now_ms(), "initMode": 0,
        "expType": "TAG", "exp": "*", "order": "false"})
    if answer.code != 0:
        return []
    return [Popped(x, answer) for x in remoting.records(answer.body)]


def acknowledge(link, message, ledger):
    answer = link.call(remoting.ACK_MESSAGE, message.fields())
    if answer.code == 0 and now_ms() < ledger.leased_until[message.body] - (
            ANSWER_MS_MAX):
        with ledger.lock:
            ledger.done.add(message.body)


def acknowledge_together(link, messages, ledger):
    """All of one pop and queue with one request."""
    acks = []
    for message in messages:
        parts = message.receipt.split(" ")
        distance = message.offset - int(parts[0])
        bits = bytearray(distance // 8 + 1)
        bits[distance // 8] |= 1 << distance % 8
        acks.append({"c": GROUP, "t": TOPIC, "r": parts[4],
                     "so": int(parts[0]), "q": message.queue,
                     "rq": int(parts[3]), "pt": int(parts[1]),
                     "it": int(parts[2]), "b": base64.b64encode(bits).decode()})
    body = json.dumps({"brokerName": "broker", "acks": acks}).encode()
    answer = link.call(remoting.BATCH_ACK_MESSAGE, {}, body)
    if answer.code != 0:
        ledger.faults.append(f"a batch of acknowledgements: {answer}")
        return
    time_now = now_ms()
    with ledger.lock:
        for message in messages:
            until = ledger.leased_until[message.body]
            if time_now < until - ANSWER_MS_MAX:
                ledger.done.add(message.body)


def put_off(link, message, ledger, chance):
    invisible = chance.choice((300, 1000, 2500))
    with ledger.lock:  # until it is answered nothing is known of its lease
        until = ledger.leased_until.pop(message.body)
    if now_ms() > until - ANSWER_MS_MAX:
        return
    answer = link.call(remoting.CHANGE_MESSAGE_INVISIBLETIME,
                       dict(message.fields(), invisibleTime=invisible))
    if answer.code == 0 and now_ms() < until - ANSWER_MS_MAX:
        with ledger.lock:
            ledger.leased_until[message.body] = max(
                ledger.leased_until.get(message.body, 0),
                int(answer.fields["popTime"]) + invisible)


def pop_load(port, ledger, stop, chance):
    try:
        link = remoting.Link(port)
        while not stop.is_set():
            messages = pop(link, chance.choice((1, 4, 16, 32)), 200)
            for x in messages:
                ledger.note_pop(x.body, x.pop_time, x.pop_time + x.invisible)
            fate = chance.random()
            if messages and fate < 0.2:
                acknowledge_together(link, messages, ledger)
                continue
            for x in messages:
                fate = chance.random()
                if fate < 0.75:
                    acknowledge(link, x, ledger)
                elif fate < 0.85:
                    put_off(link, x, ledger, chance)
    except (OSError, EOFError):
        pass


def drain(port, ledger):
    """Pops until nothing has come for twice the longest lease."""
    link = remoting.Link(port)
    quiet = time.monotonic()
    while time.monotonic() - quiet < 6:
        messages = pop(link, 32, 500)
        for x in messages:
            ledger.note_pop(x.body, x.pop_time, x.pop_time + x.invisible)
        for x in messages:
            acknowledge(link, x, ledger)
        if messages:
            quiet = time.monotonic()


def cycle_load(node, numbers, ledger, chance, timed, timed_numbers):
    stop = threading.Event()
    threads = []
    if timed:
        threads += deadlines.threads_of(node.port, timed_numbers, timed, stop,
                                        chance)

    def sender(i, own):
        numbers[i] = send_load(node.port, i, numbers[i], ledger, stop, own)

    for i in range(SENDERS):
        own = random.Random(chance.random())
        threads.append(threading.Thread(target=sender, args=(i, own)))
    for _ in range(POPPERS):
        own = random.Random(chance.random())
        threads.append(threading.Thread(
            target=pop_load, args=(node.port, ledger, stop, own)))
    for thread in threads:
        thread.start()
    time.sleep(chance.uniform(0.05, 1.5))
    node.kill()
    stop.set()
    for thread in threads:
        thread.join()


def run(node, directory, cycles, seed, timed=None):
    chance = random.Random(seed)
    ledger = Ledger()
    numbers = [0] * SENDERS
    timed_numbers = [1] * len(deadlines.LOADS)
    starts = [node.start()]
    link = remoting.Link(node.port)
    for topic in (TOPIC, *(deadlines.TOPICS if timed else ())):
        if link.create_topic(topic, QUEUES).code != 0:
            ledger.faults.append("the topic could not be made")
    for _ in range(cycles):
        if ledger.faults:
            break
        cycle_load(node, numbers, ledger, chance, timed, timed_numbers)
        starts.append(node.start())
        if timed:
            deadlines.check(node.port, timed, ledger.faults)
    drain(node.port, ledger)
    if timed:
        deadlines.settle(node.port)
        deadlines.check(node.port, timed, ledger.faults, final=True)
    node.kill()
    missing = ledger.sent - set(ledger.popped)
    if missing:
        ledger.faults.append(f"{len(missing)} acknowledged sends were never "
                             f"popped, one is {min(missing)}")
    left = ledger.sent - ledger.done
    again = sum(1 for x in ledger.popped.values() if x > 1)
    for fault in ledger.faults[:20]:
        print("FAULT", fault)
    print(f"{len(starts) - 1} kills, {len(ledger.sent)} acknowledged sends, "
          f"{sum(ledger.popped.values())} pops, {again} messages popped more "
          f"than once, {len(ledger.done)} acknowledged in time, {len(left)} "
          f"late, {f'{timed}, ' if timed else ''}{len(ledger.faults)} faults; "
          f"restart in "
          f"{sorted(starts)[len(starts) // 2] * 1000:.0f} ms (median)")
    if ledger.faults:
        print(f"kept in {directory}; repeat with --load "
              f"{'mix' if timed else 'pop'} --seed {seed}")
        return 1
    shutil.rmtree(directory, ignore_errors=True)
    return 0
