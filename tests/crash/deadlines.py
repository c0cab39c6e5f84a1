"""Transactions, timed and delayed messages for the crash loop, with ledgers.

What each one is to become is known by its id: a transaction is committed or
rolled back, at once or when the broker asks; a timed message comes once, or
never when its recall was acknowledged; one with a delay level comes once, not
early.
"""
import json
import random
import struct
import threading
import time

import remoting

END_TRANSACTION = 37
HEART_BEAT = 34
CHECK_TRANSACTION_STATE = 39
RECALL_MESSAGE = 370
COMMIT, ROLL_BACK = 8, 12
OFFSET_ILLEGAL = 21

TRANSACTION_TOPIC = "TransactionLedger"
TIMER_TOPIC = "TimerLedger"
DELAY_TOPIC = "DelayLedger"
TOPICS = (TRANSACTION_TOPIC, TIMER_TOPIC, DELAY_TOPIC)
PRODUCER_GROUP = "LedgerProducer"
QUEUES = 4
TIMER_MS_MAX = 3000
LEVEL_MS = (1000, 2000)
WINDOW = 16

# What the node is told: it is asked soon, and never given up.
SETTINGS = ("transaction-timeout = 300\n"
            "transaction-check-interval = 500\n"
            "transaction-check-max = 1000\n"
            "delay-levels = 1s 2s\n")


def is_committed(identity):
    """The verdict of a transaction: two of three are committed."""
    return int(identity.rsplit("-", 1)[1]) % 3 != 0


class ProducerLink(remoting.Link):
    """Answers what the broker asks about transactions."""

    def be_producer(self):
        answer = self.call(HEART_BEAT, body=json.dumps({
            "clientID": f"ledger-{id(self)}",
            "producerDataSet": [{"groupName": PRODUCER_GROUP}],
            "consumerDataSet": []}).encode())
        if answer.code != 0:
            raise EOFError("no heartbeat is taken")

    def receive(self):
        while True:
            size, head = struct.unpack(">II", self._read(8))
            head &= 0xFFFFFF
            header = json.loads(self._read(head))
            body = self._read(size - 4 - head)
            if header["flag"] & 1:
                return remoting.Answer(
                    header["code"], header["opaque"], header.get("remark"),
                    header.get("extFields") or {}, body)
            if header["code"] == CHECK_TRANSACTION_STATE:
                fields = header["extFields"]
                self.end(fields["msgId"], fields["tranStateTableOffset"],
                         fields["commitLogOffset"], "true")

    def await_answer(self, opaque):
        """Answers to what was said of checks come in between."""
        while True:
            answer = self.receive()
            if answer.opaque == opaque:
                return answer

    def end(self, identity, half, position, from_check):
        """Says how a transaction ended. Returns the opaque."""
        return self.ask(END_TRANSACTION, {
            "producerGroup": PRODUCER_GROUP, "tranStateTableOffset": half,
            "commitLogOffset": position,
            "commitOrRollback": COMMIT if is_committed(identity) else ROLL_BACK,
            "fromTransactionCheck": from_check, "msgId": identity,
            "transactionId": identity})


class Ledger:
    """What was acknowledged."""

    def __init__(self):
        self.lock = threading.Lock()
        self.halves = set()     # prepared
        self.ended = set()      # and the end was acknowledged
        self.timers = {}        # id -> when it is due at the earliest
        self.recalled = set()   # taken back, acknowledged
        self.maybe = set()      # its recall may have worked
        self.transaction_reader = Reader(TRANSACTION_TOPIC)
        self.delays = {}        # id -> when it is due at the earliest
        self.timer_reader = Reader(TIMER_TOPIC)
        self.delay_reader = Reader(DELAY_TOPIC)

    def __str__(self):
        return (f"{len(self.halves)} transactions, {len(self.timers)} timers, "
                f"{len(self.recalled)} recalls, {len(self.delays)} delayed")


def text_of(**entries):
    return "".join(f"{k}\x01{v}\x02" for k, v in entries.items())


def transaction_load(port, first, chance, ledger, stop):
    """Prepares and ends transactions until the node goes away.

    A third is left open, for the broker to ask. Returns the next number.
    """
    number = first
    try:
        link = ProducerLink(port)
        link.be_producer()
        while not stop.is_set():
            identity = f"t-{number}"
            number += 1
            answer = link.await_answer(link.ask_send(
                TRANSACTION_TOPIC, number % QUEUES, identity.encode(),
                text_of(TRAN_MSG="true", PGROUP=PRODUCER_GROUP,
                        UNIQ_KEY=identity)))
            if answer.code != 0:
                continue
            with ledger.lock:
                ledger.halves.add(identity)
            if chance.random() < 0.33:
                continue
            position = int(answer.fields["msgId"][16:], 16)
            answer = link.await_answer(link.end(
                identity, answer.fields["queueOffset"], position, "false"))
            if answer.code == 0:
                with ledger.lock:
                    ledger.ended.add(identity)
    except (OSError, EOFError):
        pass
    return number


def timer_load(port, first, chance, ledger, stop):
    """Sends timed messages, recalls some. Returns the next number."""
    number = first
    try:
        link = remoting.Link(port)
        while not stop.is_set():
            identity = f"d-{number}"
            number += 1
            delay = chance.randrange(1, TIMER_MS_MAX)
            now = int(time.time() * 1000)
            link.ask_send(TIMER_TOPIC, number % QUEUES, identity.encode(),
                          text_of(TIMER_DELAY_MS=delay, UNIQ_KEY=identity))
            answer = link.receive()
            if answer.code != 0:
                continue
            with ledger.lock:
                ledger.timers[identity] = now + delay
            if delay < 1000 or chance.random() < 0.7:
                continue
            with ledger.lock:
                ledger.maybe.add(identity)
            answer = link.call(RECALL_MESSAGE, {
                "producerGroup": PRODUCER_GROUP, "topic": TIMER_TOPIC,
                "recallHandle": answer.fields["recallHandle"]})
            if answer.code == 0:
                with ledger.lock:
                    ledger.recalled.add(identity)
    except (OSError, EOFError):
        pass
    return number


def delay_load(port, first, chance, ledger, stop):
    """Sends messages with a delay level. Returns the next number."""
    number = first
    waiting = {}
    try:
        link = remoting.Link(port)
        while not stop.is_set():
            while len(waiting) < WINDOW:
                identity = f"l-{number}"
                number += 1
                level = chance.randrange(len(LEVEL_MS))
                due = int(time.time() * 1000) + LEVEL_MS[level]
                opaque = link.ask_send(
                    DELAY_TOPIC, number % QUEUES, identity.encode(),
                    text_of(DELAY=level + 1, UNIQ_KEY=identity))
                waiting[opaque] = (identity, due)
            answer = link.receive()
            identity, due = waiting.pop(answer.opaque)
            if answer.code == 0:
                with ledger.lock:
                    ledger.delays[identity] = due
    except (OSError, EOFError):
        pass
    return number + WINDOW


LOADS = (transaction_load, timer_load, delay_load)


def threads_of(port, numbers, ledger, stop, chance):
    """One thread for each load; `numbers` says where each begins."""
    def run(i, own):
        numbers[i] = LOADS[i](port, numbers[i], own, ledger, stop)

    return [threading.Thread(target=run,
                             args=(i, random.Random(chance.random())))
            for i in range(len(LOADS))]


class Reader:
    """Reads a topic on from where it was read before."""

    def __init__(self, topic):
        self.topic = topic
        self.next = [0] * QUEUES
        self.seen = {}      # id -> (queue, offset) where it stands
        self.gaps = False   # retention was faster than we

    def read(self, link, faults):
        """Yields (id, store time) of what is new."""
        for queue in range(QUEUES):
            while True:
                answer = link.pull("LedgerGroup", self.topic, queue,
                                   self.next[queue])
                if answer.code == OFFSET_ILLEGAL:
                    offset = int(answer.fields["nextBeginOffset"])
                    if offset <= self.next[queue]:
                        break
                    self.next[queue] = offset
                    self.gaps = True
                    continue
                if answer.code != 0:
                    break
                yield from self._records(queue, answer.body, faults)

    def _records(self, queue, body, faults):
        at = 0
        while at < len(body):
            size, = struct.unpack_from(">I", body, at)
            offset, = struct.unpack_from(">q", body, at + 20)
            stored, = struct.unpack_from(">q", body, at + 56)
            length, = struct.unpack_from(">I", body, at + 84)
            identity = body[at + 88:at + 88 + length].decode()
            at += size
            if offset > self.next[queue]:
                self.gaps = True
            self.next[queue] = offset + 1
            place = (queue, offset)
            if self.seen.setdefault(identity, place) != place:
                faults.append(f"{identity} stands at {place} and at "
                              f"{self.seen[identity]}")
            yield identity, stored


def check(port, ledger, faults, final=False):
    """Compares what is new in both topics with the ledger.

    final: everything has had its time, so nothing may be missing.
    """
    link = remoting.Link(port)
    reader = ledger.transaction_reader
    for identity, _ in reader.read(link, faults):
        if not is_committed(identity):
            faults.append(f"transaction {identity} was rolled back and stands")
    wanted = ledger.halves if final else ledger.ended
    missing = [x for x in wanted if is_committed(x) and x not in reader.seen]
    if missing and not reader.gaps:
        faults.append(f"{len(missing)} committed transactions are missing, "
                      f"such as {missing[0]}")
    reader = ledger.timer_reader
    for identity, stored in reader.read(link, faults):
        due = ledger.timers.get(identity, 0)
        if stored < due:
            faults.append(f"timer {identity} came {due - stored} ms early")
        if identity in ledger.recalled:
            faults.append(f"timer {identity} was recalled and came")
    if final:
        missing = [x for x in ledger.timers
                   if x not in reader.seen and x not in ledger.maybe]
        if missing and not reader.gaps:
            faults.append(f"{len(missing)} timers are missing, such as "
                          f"{missing[0]}")


    _check_delays(link, ledger, faults, final)


def _check_delays(link, ledger, faults, final):
    reader = ledger.delay_reader
    for identity, stored in reader.read(link, faults):
        due = ledger.delays.get(identity, 0)
        if stored < due:
            faults.append(f"delayed {identity} came {due - stored} ms early")
    missing = [x for x in ledger.delays if x not in reader.seen]
    if final and missing and not reader.gaps:
        faults.append(f"{len(missing)} delayed messages are missing, such as "
                      f"{missing[0]}")


def settle(port, seconds=20):
    """Answers the broker's questions until it has none for a while."""
    link = ProducerLink(port)
    link.be_producer()
    link.socket.settimeout(TIMER_MS_MAX / 1000 + 1)
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            link.receive()
    except (OSError, EOFError):
        pass  # nothing was asked for that long
