"""Sends one trace with py_zipkin and prints its id.

    python zipkin_app.py V1_JSON|V2_JSON|V2_PROTO3 PORT SERVICE
"""

import sys

from py_zipkin import Encoding, Kind
from py_zipkin.transport import SimpleHTTPTransport
from py_zipkin.zipkin import zipkin_span

encoding, port, service = sys.argv[1:]
with zipkin_span(
    service_name=service,
    span_name="get /checkout",
    transport_handler=SimpleHTTPTransport("127.0.0.1", int(port)),
    sample_rate=100.0,
    kind=Kind.SERVER,
    host="10.0.0.1",
    port=8080,
    use_128bit_trace_id=encoding == "V2_PROTO3",
    binary_annotations={"http.path": "/checkout"},
    encoding=Encoding[encoding],
) as root:
    with zipkin_span(service_name=service, span_name="select", kind=Kind.CLIENT) as child:
        child.update_binary_annotations({"error": "timed out"})
        child.add_annotation("retry")
        child.add_sa_binary_annotation(port=5432, service_name="postgres", host="10.0.0.2")
    print(root.zipkin_attrs.trace_id.rjust(32, "0"))
