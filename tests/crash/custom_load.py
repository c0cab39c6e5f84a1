"""The load `custom` of tests/crash/run: custom actors that count and answer.

word_count counts the words of a topic in its private state and tells each new
count to another topic; price_service answers requests and keeps what it was
told. Every cycle: senders and a requester, then SIGKILL. What must hold over
all kills: once everything is consumed, the counts are the messages of the
topic, no more and no less (state and progress were committed together); each
count from 1 on was told at least once; what a reply has told is kept.
"""
import json
import os
import random
import shutil
import subprocess
import threading
import time

import remoting

TOPIC = "Lines"
COUNTS = "Counts"
PRICES = "Prices"
QUEUES = 4
SENDERS = 2
WORDS = ("to", "be", "or", "not")
WINDOW = 32
HEART_BEAT = 34
GET_MAX_OFFSET = 30
CATCH_UP_SECONDS_MAX = 60


def options_for(binary, shell_port):
    plugins = os.path.join(os.path.dirname(binary), "../tests/custom")
    return ["--shell-port", str(shell_port),
            "--plugin", os.path.join(plugins, "word_count.so"),
            "--plugin", os.path.join(plugins, "price_service.so"),
            "--custom", f"words=word_count from={TOPIC} to={COUNTS}",
            "--custom", f"prices=price_service topic={PRICES}"]


class Shell:
    def __init__(self, binary, port):
        self.command = [binary, "shell", f"127.0.0.1:{port}", "--json", "-c"]

    def __call__(self, line):
        done = subprocess.run([*self.command, line], capture_output=True,
                              text=True, timeout=30)
        return json.loads(done.stdout) if done.returncode == 0 else None


def send_load(port, stop, chance):
    """Sends words until the node goes away."""
    try:
        link = remoting.Link(port)
        waiting = 0
        while not stop.is_set():
            while waiting < WINDOW:
                link.ask_send(TOPIC, chance.randrange(QUEUES),
                              chance.choice(WORDS).encode())
                waiting += 1
            link.receive()
            waiting -= 1
    except (OSError, EOFError):
        pass


class Prices:
    """One client that sets a price again and again."""

    def __init__(self):
        self.told = 0  # by a reply: is kept
        self.sent = 0  # perhaps is

    def load(self, port, stop):
        try:
            link = remoting.Link(port)
            link.call(HEART_BEAT, {}, json.dumps({
                "clientID": "crash", "consumerDataSet": [],
                "producerDataSet": [{"groupName": "PG"}]}).encode())
            while not stop.is_set():
                self.sent += 1
                link.ask_send(PRICES, 0, f"set tea {self.sent}".encode(),
                              f"CORRELATION_ID\x01{self.sent}\x02"
                              "REPLY_TO_CLIENT\x01crash\x02TTL\x0160000\x02")
                while True:
                    push = link.receive_request()
                    link.answer(push)
                    if f"CORRELATION_ID\x01{self.sent}\x02" in \
                            push.fields["properties"]:
                        break  # else an answer to a request of before
                self.told = self.sent
        except (OSError, EOFError):
            pass

    def check(self, shell, faults):
        row = shell("ask /custom/prices price")
        kept = int(row["tea"]) if row and row.get("tea", "").isdigit() else 0
        if not self.told <= kept <= self.sent:
            faults.append(f"the price is {kept}, a reply has told {self.told}, "
                          f"{self.sent} was the last one sent")


def check_counts(link, shell, faults):
    """Until as many words are counted as there are; never more."""
    there = sum(int(link.call(GET_MAX_OFFSET, {
        "topic": TOPIC, "queueId": x}).fields["offset"])
        for x in range(QUEUES))
    end = time.monotonic() + CATCH_UP_SECONDS_MAX
    counted = -1
    while counted < there and time.monotonic() < end:
        row = shell("ask /custom/words total")
        counted = int(row["total"]) if row else counted
        time.sleep(0.02)
    if counted != there:
        faults.append(f"{counted} words are counted of {there}")
    return there


def check_told(link, shell, faults):
    """Every count from 1 on stands in the other topic."""
    told = {word: set() for word in WORDS}
    answer = link.call(GET_MAX_OFFSET, {"topic": COUNTS, "queueId": 0})
    queue = 0
    while answer.code == 0 and queue < 64:
        end, offset = int(answer.fields["offset"]), 0
        while offset < end:
            found = link.pull("reader", COUNTS, queue, offset)
            if found.code != 0:
                faults.append(f"counts cannot be read: {found.remark}")
                return
            for record in remoting.records(found.body):
                word, number = record.body.decode().split()
                told[word].add(int(number))
                offset += 1
        queue += 1
        answer = link.call(GET_MAX_OFFSET, {"topic": COUNTS, "queueId": queue})
    for word in WORDS:
        row = shell(f"ask /custom/words count word={word}")
        wanted = set(range(1, int(row["count"]) + 1))
        if told[word] != wanted:
            faults.append(f"of `{word}`, {len(wanted - told[word])} counts "
                          f"were never told, {len(told[word] - wanted)} never "
                          "were")


def run(node, directory, cycles, seed, shell_port):
    chance = random.Random(seed)
    shell = Shell(node.command[0], shell_port)
    prices, faults, starts = Prices(), [], []
    node.start()
    link = remoting.Link(node.port)
    for topic, queues in ((TOPIC, QUEUES), (COUNTS, QUEUES), (PRICES, 1)):
        if link.create_topic(topic, queues).code != 0:
            faults.append("the topic could not be made")
    words = 0
    for _ in range(cycles):
        if faults:
            break
        stop = threading.Event()
        threads = [threading.Thread(
            target=send_load, args=(node.port, stop,
                                    random.Random(chance.random())))
            for _ in range(SENDERS)]
        threads.append(threading.Thread(target=prices.load,
                                        args=(node.port, stop)))
        for thread in threads:
            thread.start()
        time.sleep(chance.uniform(0.01, 0.6))
        node.kill()
        stop.set()
        for thread in threads:
            thread.join()
        starts.append(node.start())
        link = remoting.Link(node.port)
        prices.check(shell, faults)
        words = check_counts(link, shell, faults)
    if not faults:
        check_told(link, shell, faults)
    node.kill()
    for fault in faults[:20]:
        print("FAULT", fault)
    print(f"{len(starts)} kills, {words} words, {prices.told} replies, "
          f"{len(faults)} faults")
    if faults:
        print(f"kept in {directory}; repeat with --load custom --seed {seed}")
        return 1
    shutil.rmtree(directory, ignore_errors=True)
    return 0
