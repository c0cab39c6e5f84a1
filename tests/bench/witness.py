"""Apache RocketMQ's own benchmark programs, so that our client is not the only
one that says how fast a server is."""
import re
import shutil
import subprocess
import tempfile

import servers

PACKAGE = "org.apache.rocketmq.example.benchmark."
TOPIC = "BenchmarkTest"


class Program:
    """What one of them is asked for, and how its lines say messages a second
    and milliseconds."""

    def __init__(self, name, flush, options, pattern, measures="average",
                 beside=None):
        self.name, self.flush, self.options = name, flush, options
        self.pattern = re.compile(pattern)
        self.measures = measures
        self.beside = beside  # a program that gives it something to do

    def title(self):
        threads, size = self.options["-w"], self.options.get("-s")
        return (f"{self.name}, {self.flush}, {threads} threads"
                + (f", {size} B" if size else "")
                + (f", batches of {self.options['-b']}" if "-b" in self.options
                   else "")
                + (f", beside {self.beside.title()}" if self.beside else ""))

    def command(self, jars, home, namesrv_port):
        options = [str(x) for pair in self.options.items() for x in pair]
        return ["java", "-Xmx512m", f"-Duser.home={home}", "-cp", jars + "/lib/*",
                PACKAGE + self.name, "-n", f"127.0.0.1:{namesrv_port}", "-t",
                TOPIC, *options]


SENT = r"Send TPS: *(\d+).*?Average RT\(ms\): *([\d.]+)"
PRODUCER = Program("Producer", "async", {"-w": 64, "-s": 128}, SENT)
PROGRAMS = (
    PRODUCER,
    Program("Producer", "sync", {"-w": 64, "-s": 1024}, SENT),
    Program("BatchProducer", "async", {"-w": 64, "-s": 128, "-b": 16},
            r"Send MPS: *(\d+).*?Average RT\(ms\): *([\d.]+)"),
    Program("TransactionProducer", "async", {"-w": 32, "-s": 128},
            r"Send TPS: *(\d+).*?AVG RT\(ms\): *([\d.]+)"),
    Program("Consumer", "async", {"-w": 20},
            r" TPS: *(\d+).*?AVG\(B2C\) RT\(ms\): *([\d.]+)",
            "average from its birth to the consumer", PRODUCER))


def run(program, version, namesrv_port, seconds):
    """Lets it work for that long.

    Returns (messages a second, milliseconds) of each line of figures, and what
    it printed.
    """
    jars = servers.apache_benchmarks(version)
    home = tempfile.mkdtemp(prefix="bench-witness-")
    beside = None
    try:
        if program.beside:
            beside = subprocess.Popen(
                program.beside.command(jars, home, namesrv_port), cwd=home,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)
        try:
            out = subprocess.run(
                program.command(jars, home, namesrv_port), cwd=home,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, timeout=seconds).stdout
        except subprocess.TimeoutExpired as ended:
            out = ended.stdout or b""
        out = out.decode(errors="replace")
        return ([(int(rate), float(ms))
                 for rate, ms in program.pattern.findall(out)], out)
    finally:
        if beside:
            beside.kill()
            beside.wait()
        shutil.rmtree(home, ignore_errors=True)
