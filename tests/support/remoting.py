"""RocketMQ's remoting protocol, as little as the Python suites need."""
import json
import socket
import struct
from collections import namedtuple

PULL_MESSAGE = 11
QUERY_CONSUMER_OFFSET = 14
UPDATE_CONSUMER_OFFSET = 15
UPDATE_AND_CREATE_TOPIC = 17
GET_BROKER_RUNTIME_INFO = 28
GET_ROUTEINFO_BY_TOPIC = 105
SEND_MESSAGE_V2 = 310
SEND_BATCH_MESSAGE = 320
POP_MESSAGE = 200050
ACK_MESSAGE = 200051
CHANGE_MESSAGE_INVISIBLETIME = 200053
BATCH_ACK_MESSAGE = 200151

PULL_NOT_FOUND = 19
PULL_RETRY_IMMEDIATELY = 20
PULL_OFFSET_MOVED = 21

Answer = namedtuple("Answer", "code opaque remark fields body")
Record = namedtuple("Record",
                    "queue queue_offset position body topic properties")


class Link:
    """One connection. Raises OSError or EOFError when it breaks."""

    def __init__(self, port, host="127.0.0.1", timeout=30):
        self.socket = socket.create_connection((host, port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")
        self.opaque = 0

    def ask(self, code, fields=None, body=b""):
        """Sends a request without waiting. Returns its opaque."""
        self.opaque += 1
        header = json.dumps({
            "code": code, "flag": 0, "language": "JAVA",
            "opaque": self.opaque, "serializeTypeCurrentRPC": "JSON",
            "version": 455,
            "extFields": {k: str(v) for k, v in (fields or {}).items()},
        }).encode()
        self.socket.sendall(struct.pack(
            ">II", 4 + len(header) + len(body), len(header)) + header + body)
        return self.opaque

    def receive(self):
        """The next answer; requests of the server are passed over."""
        while True:
            is_answer, answer = self._frame()
            if is_answer:
                return answer

    def receive_request(self):
        """The next request of the server; answers are passed over."""
        while True:
            is_answer, request = self._frame()
            if not is_answer:
                return request

    def answer(self, request):
        """Tells the server that its request is done."""
        header = json.dumps({
            "code": 0, "flag": 1, "language": "JAVA",
            "opaque": request.opaque, "serializeTypeCurrentRPC": "JSON",
            "version": 455}).encode()
        self.socket.sendall(struct.pack(
            ">II", 4 + len(header), len(header)) + header)

    def _frame(self):
        size, head = struct.unpack(">II", self._read(8))
        head &= 0xFFFFFF
        header = json.loads(self._read(head))
        body = self._read(size - 4 - head)
        return header["flag"] & 1, Answer(
            header["code"], header["opaque"], header.get("remark"),
            header.get("extFields") or {}, body)

    def call(self, code, fields=None, body=b""):
        opaque = self.ask(code, fields, body)
        while True:
            answer = self.receive()
            if answer.opaque == opaque:
                return answer

    def _read(self, count):
        data = self.file.read(count)
        if len(data) < count:
            raise EOFError("the server closed the connection")
        return data

    def create_topic(self, topic, queues=4):
        return self.call(UPDATE_AND_CREATE_TOPIC, {
            "topic": topic, "defaultTopic": "TBW102", "readQueueNums": queues,
            "writeQueueNums": queues, "perm": 6,
            "topicFilterType": "SINGLE_TAG", "topicSysFlag": 0,
            "order": "false"})

    def ask_send(self, topic, queue, body, properties=""):
        return self.ask(SEND_MESSAGE_V2,
                        send_fields(topic, queue, properties, "false"), body)

    def ask_send_batch(self, topic, queue, bodies):
        whole = b"".join(
            struct.pack(">iiiii", 22 + len(x), 0, 0, 0, len(x)) + x
            + struct.pack(">h", 0) for x in bodies)
        return self.ask(SEND_BATCH_MESSAGE,
                        send_fields(topic, queue, "", "true"), whole)

    def pull(self, group, topic, queue, offset, count=32):
        return self.call(PULL_MESSAGE, {
            "consumerGroup": group, "topic": topic, "queueId": queue,
            "queueOffset": offset, "maxMsgNums": count, "sysFlag": 4,
            "commitOffset": 0, "suspendTimeoutMillis": 0,
            "subscription": "*", "subVersion": 1, "expressionType": "TAG"})


def send_fields(topic, queue, properties, batch):
    return {"a": "PG", "b": topic, "c": "TBW102", "d": 4, "e": queue, "f": 0,
            "g": 1700000000000, "h": 0, "i": properties, "j": 0, "k": "false",
            "m": batch}


def kv_table(body):
    """The rows of a KVTable."""
    return json.loads(body)["table"]


def records(body):
    """The messages of a pull's body, IPv4 hosts."""
    at = 0
    while at < len(body):
        size, _, _, queue = struct.unpack_from(">IIII", body, at)
        queue_offset, position = struct.unpack_from(">qq", body, at + 20)
        body_at = at + 84
        length, = struct.unpack_from(">I", body, body_at)
        data = body[body_at + 4:body_at + 4 + length]
        topic_at = body_at + 4 + length
        text_at = topic_at + 1 + body[topic_at]
        topic = body[topic_at + 1:text_at].decode()
        text = body[text_at + 2:at + size].decode(errors="replace")
        properties = dict(x.split("\x01", 1) for x in text.split("\x02")
                          if "\x01" in x)
        yield Record(queue, queue_offset, position, data, topic, properties)
        at += size
