"""Sends one trace with Jaeger's own client for Python, over UDP in the compact protocol, and prints its id.

    python jaeger_app.py PORT SERVICE
"""

import sys
import time

from jaeger_client import Config

port, service = int(sys.argv[1]), sys.argv[2]
tracer = Config(
    config={
        "sampler": {"type": "const", "param": 1},
        "local_agent": {"reporting_host": "127.0.0.1", "reporting_port": port},
        "tags": {"zone": "eu-1"},
    },
    service_name=service,
    validate=True,
).initialize_tracer()

start = 1_767_225_600.0
root = tracer.start_span(
    "GET /checkout",
    start_time=start,
    tags={"span.kind": "server", "http.status_code": 500, "ratio": 0.25, "ok": True, "text": "é😀"},
)
child = tracer.start_span("SELECT orders", child_of=root, start_time=start + 0.125, tags={"span.kind": "client"})
child.set_tag("error", True)
child.log_kv({"event": "timeout", "attempts": 3}, timestamp=start + 0.25)
child.finish(start + 0.375)
root.finish(start + 0.5)
print(f"{root.trace_id:032x}")

# Spans leave from a loop of their own; closing drains it.
closed = tracer.close()
while not closed.done():
    time.sleep(0.05)
