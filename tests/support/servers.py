"""Servers that the suites start: a troupe node, and Apache RocketMQ's name
server and broker from Maven, each in a directory of its own on loopback."""
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import remoting

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.environ.get("TROUPE_INTEROP_CACHE") or os.path.join(
    os.path.expanduser("~"), ".cache", "troupe-interop")
APACHE_FIRST = "5.3.3"
APACHE_VERSION = os.environ.get("TROUPE_INTEROP_APACHE") or APACHE_FIRST
START_SECONDS_MAX = 180  # a busy machine starts a JVM slowly


class Skip(Exception):
    """A tool or a download that is not there."""


def need(tool):
    path = shutil.which(tool)
    if path is None:
        raise Skip(f"{tool} is not installed")
    return path


def shell(arguments, cwd, what):
    """Runs a build step; its output is shown only when it fails."""
    done = subprocess.run(arguments, cwd=cwd, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=900)
    if done.returncode != 0:
        raise Skip(f"{what} failed: {done.stdout[-600:].strip()}")


def free_ports(count):
    """Ports that nothing listens on now; also their neighbours below."""
    chosen = []
    while len(chosen) < count:
        port = random.randrange(20000, 30000)
        try:
            for near in (port, port - 2, port + 1):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", near))
        except OSError:
            continue
        chosen.append(port)
    return chosen


def await_port(port, seconds, process):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError("the server ended at once")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"nothing listens on port {port}")


def await_route(namesrv_port):
    """Until a broker has registered."""
    end = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < end:
        if remoting.Link(namesrv_port).call(
                remoting.GET_ROUTEINFO_BY_TOPIC,
                {"topic": "TBW102"}).code == 0:
            return
        time.sleep(0.3)
    raise RuntimeError("the broker did not register")


class Troupe:
    """Our node in a directory of its own."""

    name = "troupe"

    def __init__(self, binary, *options):
        self.binary = os.path.abspath(binary)
        self.options = list(options)
        self.broker_port, self.namesrv_port = free_ports(2)
        self.directory = tempfile.mkdtemp(prefix="troupe-interop-")
        self.process = None

    def add_custom_actors(self):
        """Those that cases of clients ask for, if they have been built."""
        plugins = os.path.join(os.path.dirname(self.binary),
                               "../tests/custom")
        for plugin, actor in (
                ("price_service", "prices=price_service topic=interop-prices"),
                ("check_responder",
                 "outcomes=check_responder outcomes=interop-outcomes "
                 "group=P_G_custom_check_*")):
            file = os.path.join(plugins, plugin + ".so")
            if os.path.exists(file):
                self.options += ["--plugin", file, "--custom", actor]

    def start(self):
        self.log = open(os.path.join(self.directory, "node.log"), "ab")
        self.process = subprocess.Popen(
            [self.binary, "node", "--data",
             os.path.join(self.directory, "data"),
             "--broker-port", str(self.broker_port),
             "--nameserver-port", str(self.namesrv_port), "--shell-port", "0",
             *self.options],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log,
            text=True)
        line = self.process.stdout.readline()
        if not line.startswith("ready"):
            raise RuntimeError(f"the node did not become ready: {line!r}")
        self.shell_port = int(line.rsplit("shell=", 1)[1])
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def shell(self, *words):
        """A line of the shell: its rows, none when it is refused."""
        done = subprocess.run(
            [self.binary, *words, "--at", f"127.0.0.1:{self.shell_port}",
             "--json"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, timeout=60)
        if done.returncode != 0:
            return []
        answer = json.loads(done.stdout)
        return answer if isinstance(answer, list) else [answer]

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Ends the node. Returns what is wrong with how it ended, or None."""
        fault = None
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                if self.process.wait(30) != 0:
                    fault = f"exit status {self.process.returncode}"
            except subprocess.TimeoutExpired:
                self.process.kill()
                fault = "no exit within 30 s of SIGTERM"
        with open(os.path.join(self.directory, "node.log"),
                  errors="replace") as log:
            errors = [x for x in log if " error " in x]
        if errors and not fault:
            fault = "logged: " + errors[0].strip()
        shutil.rmtree(self.directory, ignore_errors=True)
        return fault


class Apache:
    """Name server and broker of Apache RocketMQ, from Maven.

    settings: lines of broker.conf that differ from those below.
    """

    name = "apache"

    def __init__(self, version=APACHE_VERSION, heap="768m", java=(),
                 settings=None):
        self.jars = apache_jars(version)
        self.heap, self.java, self.settings = heap, list(java), settings or {}
        self.broker_port, self.namesrv_port = free_ports(2)
        self.directory = tempfile.mkdtemp(prefix="apache-interop-")
        self.processes = []

    def start(self):
        self.start_namesrv()
        self.start_broker()

    def start_broker(self):
        self.spawn_broker()
        await_port(self.broker_port, START_SECONDS_MAX, self.processes[-1])
        await_route(self.namesrv_port)

    def spawn_broker(self):
        os.makedirs(os.path.join(self.directory, "conf"), exist_ok=True)
        conf = os.path.join(self.directory, "broker.conf")
        settings = {
            "listenPort": self.broker_port,
            "namesrvAddr": f"127.0.0.1:{self.namesrv_port}",
            "brokerIP1": "127.0.0.1",
            "storePathRootDir": f"{self.directory}/store",
            "storePathCommitLog": f"{self.directory}/store/commitlog",
            "flushDiskType": "SYNC_FLUSH",
            "mappedFileSizeCommitLog": 134217728,
            "autoCreateTopicEnable": "true",
            "enablePropertyFilter": "true",
            "waitTimeMillsInSendQueue": 5000,
            "recallMessageEnable": "true",
            "haListenPort": self.broker_port + 1,
            **self.settings}
        with open(conf, "w") as file:
            file.writelines(f"{k}={v}\n" for k, v in settings.items())
        self._spawn("org.apache.rocketmq.broker.BrokerStartup", conf,
                    self.heap, self.java)

    def start_namesrv(self):
        namesrv_conf = os.path.join(self.directory, "namesrv.conf")
        with open(namesrv_conf, "w") as file:
            file.write(f"listenPort={self.namesrv_port}\n"
                       "orderMessageEnable=true\n")
        self._spawn("org.apache.rocketmq.namesrv.NamesrvStartup",
                    namesrv_conf, "256m", [])
        await_port(self.namesrv_port, START_SECONDS_MAX, self.processes[-1])

    def _spawn(self, main, conf, heap, options):
        environment = dict(os.environ, ROCKETMQ_HOME=self.directory,
                           HOME=self.directory)
        self.processes.append(subprocess.Popen(
            ["java", f"-Xms{heap}", f"-Xmx{heap}", f"-Duser.home={self.directory}",
             "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
             "--add-opens=java.base/java.nio=ALL-UNNAMED",
             "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
             "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED", *options,
             "-cp", self.jars + "/lib/*", main, "-c", conf],
            env=environment, cwd=self.directory, stdin=subprocess.DEVNULL,
            stdout=open(os.path.join(self.directory, "out.log"), "ab"),
            stderr=subprocess.STDOUT))

    def kill(self):
        self.processes[-1].kill()
        self.processes[-1].wait()

    def stop(self):
        for process in reversed(self.processes):
            process.kill()
            process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


def apache_jars(version):
    """Fetches a version of the server. Returns where its lib/ is."""
    where = os.path.join(CACHE, "apache" if version == APACHE_FIRST
                         else "apache-" + version)
    java_libraries(os.path.join(HERE, "apache"), where,
                   ["-Dserver.version=" + version])
    return where


def apache_benchmarks(version):
    """Fetches its benchmark programs, with all they need, as above."""
    where = os.path.join(CACHE, "apache-benchmarks-" + version)
    java_libraries(os.path.join(HERE, "apache"), where,
                   ["-Pbenchmarks", "-Dserver.version=" + version])
    return where


def java_libraries(project, where, options):
    """Fetches what the pom names into `where`/lib, once."""
    need("java")
    done = os.path.join(where, "lib.complete")
    if os.path.exists(done):
        return
    os.makedirs(where, exist_ok=True)
    shell([need("mvn"), "-q", "-B", *options, "dependency:copy-dependencies",
           f"-DoutputDirectory={where}/lib"], project, "Maven")
    open(done, "w").close()
