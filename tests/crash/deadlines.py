"""Transactions and timed messages for the crash loop, with their ledgers.

What each one is to become is known by its id: a transaction is committed or
rolled back, at once or when the broker asks; a timed message comes once, or
never when its recall was acknowledged.
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

TRANSACTION_TOPIC = "TransactionLedger"
TIMER_TOPIC = "TimerLedger"
PRODUCER_GROUP = "LedgerProducer"
QUEUES = 4
TIMER_MS_MAX = 3000

# What the node is told: it is asked soon, and never given up.
SETTINGS = ("transaction-timeout = 300\n"
            "transaction-check-interval = 500\n"
            "transaction-check-max = 1000\n")


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
        self.read_to = {}       # (topic, queue) -> next offset to read
        self.found = {}         # topic -> id -> store times, one a message

    def count(self):
        return len(self.halves) + len(self.timers)


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


def read_on(link, topic, ledger):
    """Everything that ever stood in a topic: id -> store times.

    Old segments go, so what was read before is remembered and not read again.
    """
    found = ledger.found.setdefault(topic, {})
    for queue in range(QUEUES):
        offset = ledger.read_to.get((topic, queue), 0)
        while True:
            answer = link.pull("LedgerGroup", topic, queue, offset)
            first = int(answer.fields.get("minOffset", 0))
            if answer.code == remoting.PULL_OFFSET_MOVED and first > offset:
                offset = first
                continue
            if answer.code == remoting.PULL_RETRY_IMMEDIATELY:
                time.sleep(0.02)  # its segment has gone, the queue follows
                continue
            if answer.code != 0:
                break
            at = 0
            while at < len(answer.body):
                size, = struct.unpack_from(">I", answer.body, at)
                stored, = struct.unpack_from(">q", answer.body, at + 56)
                length, = struct.unpack_from(">I", answer.body, at + 84)
                identity = answer.body[at + 88:at + 88 + length].decode()
                found.setdefault(identity, []).append(stored)
                at += size
                offset += 1
        ledger.read_to[topic, queue] = offset
    return found


def check(port, ledger, faults, final=False):
    """Compares both topics with the ledger.

    final: everything has had its time, so nothing may be missing.
    """
    link = remoting.Link(port)
    seen = read_on(link, TRANSACTION_TOPIC, ledger)
    for identity, times in seen.items():
        if len(times) > 1:
            faults.append(f"transaction {identity} stands {len(times)} times")
        if not is_committed(identity):
            faults.append(f"transaction {identity} was rolled back and stands")
    wanted = ledger.halves if final else ledger.ended
    missing = [x for x in wanted if is_committed(x) and x not in seen]
    if missing:
        faults.append(f"{len(missing)} committed transactions are missing, "
                      f"such as {missing[0]}")
    seen = read_on(link, TIMER_TOPIC, ledger)
    for identity, times in seen.items():
        due = ledger.timers.get(identity, 0)
        if min(times) < due:
            faults.append(f"timer {identity} came {due - min(times)} ms early")
        if len(times) > 1:
            faults.append(f"timer {identity} came {len(times)} times")
        if identity in ledger.recalled:
            faults.append(f"timer {identity} was recalled and came")
    if final:
        missing = [x for x in ledger.timers
                   if x not in seen and x not in ledger.maybe]
        if missing:
            faults.append(f"{len(missing)} timers are missing, such as "
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
