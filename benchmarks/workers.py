# SPDX-License-Identifier: Apache-2.0
"""One engine with one model, in a process of its own that answers line by line (worker_protocol.h)."""

import json
import os
import select
import subprocess


class Refused(Exception):
    """What the worker answered `no` to, or why it doesn't answer; one sentence."""


class Worker:
    """Use as a context: leaving it ends the process. The worker runs on processor `cpu` alone (None: anywhere), in a
    session of its own, so that Ctrl-C reaches the driver only."""

    PATIENCE_S = 300

    def __init__(self, command, cpu, environment, log):
        pin = None if cpu is None else (lambda: os.sched_setaffinity(0, {cpu}))
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                                        env=dict(os.environ, **environment), preexec_fn=pin, start_new_session=True)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def _line(self):
        while b"\n" not in self.buffer:
            ready, _, _ = select.select([self.process.stdout], [], [], self.PATIENCE_S)
            if not ready:
                raise Refused(f"no answer in {self.PATIENCE_S} s")
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                raise Refused(f"the worker ended with {self.process.wait()}; see build/bench/workers.log")
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode(errors="replace")

    def ask(self, request):
        """The words after `ok`. Lines that are no answer, which a library may print, are passed over."""
        try:
            self.process.stdin.write(request.encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError as error:
            raise Refused(f"the worker ended with {self.process.wait()}; see build/bench/workers.log") from error
        while True:
            verdict, _, rest = self._line().partition(" ")
            if verdict == "ok":
                return rest
            if verdict == "no":
                raise Refused(rest)

    def load(self, path):
        return json.loads(self.ask(f"load {path}"))

    def outputs(self, prefix):
        found = []
        for index in range(int(self.ask(f"outputs {prefix}"))):
            with open(f"{prefix}.out{index}", "rb") as file:
                found.append(file.read())
        return found

    def run(self, count):
        """(wall, processor) nanoseconds of one run, on average over `count`."""
        wall, processor = self.ask(f"run {count}").split()
        return int(wall) / count, int(processor) / count
